//! The recorded HTTP cases of the original container, replayed against the real program: whatever
//! it does otherwise must be declared, and whatever is declared must be seen.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and counts what it replayed"
)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use headway_tests::case;
use headway_tests::case::Aspects;
use headway_tests::case::Case;
use headway_tests::declared;
use headway_tests::declared::Section;
use headway_tests::differences;
use headway_tests::differences::Discrepancy;
use headway_tests::order::Mode;
use headway_tests::order::Order;
use headway_tests::program::Program;
use headway_tests::seen;
use headway_tests::upstreams::Upstreams;

/// The word for cases in which a timer of a minute has to run out.
const TIMERS: &str = "timers";
/// The section of README.md that holds the list for people.
const HEADING: &str = "Differences from tx_proxy";
/// The aspects that decide whether a client is served, and by whom.
const OF_SUBSTANCE: [&str; 2] = ["status", "backends"];
/// Words for what differs in every answer, or in every request to a backend.
const IN_GENERAL: [&str; 3] = ["answer-headers", "backend-host", "cors-always"];

/// Starts the program as the original is started: with its environment, and free ports.
async fn drop_in(upstreams: &Upstreams) -> Program {
    let mut environment = upstreams.environment();
    environment.push(("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()));
    environment.push(("HEADWAY_ADMIN__LISTEN", "off".to_owned()));
    Program::start(&environment, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_cases_are_answered_alike_but_for_declared_differences() {
    let upstreams = Upstreams::start();
    let program = drop_in(&upstreams).await;
    let cases = case::all();
    let (waiting, replayed): (Vec<_>, Vec<_>) =
        cases.iter().partition(|case| case.seconds.is_some());
    let mut found = Vec::new();
    for case in &replayed {
        let seen = seen::replay(case, program.address(), &upstreams).await;
        found.extend(differences::between(case, &seen));
    }
    let declared = declared::all();
    let mut problems = differences::unneeded(&replayed, &found, &declared);
    let mut by_word: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in &found {
        let words = differences::words(one, &declared);
        if words.is_empty() {
            problems.push(format!(
                "{}: {} was {:?} and is {:?}",
                one.case, one.aspect, one.recorded, one.seen
            ));
        }
        for word in words {
            by_word.entry(word).or_default().insert(&one.case);
        }
    }
    report(&replayed, &found, &by_word);
    println!(
        "{} cases not replayed: a timer has to run out",
        waiting.len()
    );
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

fn report(replayed: &[&Case], found: &[Discrepancy], by_word: &BTreeMap<&str, BTreeSet<&str>>) {
    // What differs in every case is no reason to say that a case differs.
    let particular = by_word
        .iter()
        .filter(|(word, _)| !IN_GENERAL.contains(word));
    let differing: BTreeSet<_> = particular
        .flat_map(|(_, cases)| cases.iter().copied())
        .collect();
    let of_substance = found
        .iter()
        .filter(|one| OF_SUBSTANCE.contains(&one.aspect.as_str()));
    let elsewhere: BTreeSet<_> = of_substance.map(|one| one.case.as_str()).collect();
    let wrong: Vec<_> = replayed.iter().filter(|case| case.bug).collect();
    let righted = wrong
        .iter()
        .filter(|case| differing.contains(case.id.as_str()));
    let all = replayed.len();
    println!(
        "{all} cases replayed: {} agree, {} differ by a declared word; {} have the same status from \
        the same backends; the original is wrong in {}, of which {} differ",
        all - differing.len(),
        differing.len(),
        all - elsewhere.len(),
        wrong.len(),
        righted.count()
    );
    for (word, cases) in by_word {
        println!("  {word:<18} {}", cases.len());
    }
}

#[test]
fn cases_that_wait_for_timers_are_declared() {
    let declared = declared::all();
    let timers: Vec<&Section> = declared.iter().filter(|one| one.word == TIMERS).collect();
    let differences = || timers.iter().flat_map(|section| &section.differences);
    for case in case::all() {
        let declared = differences().any(|difference| difference.is_about(&case.id));
        assert_eq!(declared, case.seconds.is_some(), "{}", case.id);
    }
}

#[test]
fn declared_differences_speak_of_recorded_cases() {
    let cases = case::all();
    for section in declared::all() {
        assert!(
            !section.differences.is_empty(),
            "{}: no cases",
            section.word
        );
        for pattern in section
            .differences
            .iter()
            .flat_map(|difference| &difference.cases)
        {
            let known = cases
                .iter()
                .any(|case| declared::matches(pattern, &case.id));
            assert!(known, "{}: {pattern} is no case", section.word);
        }
    }
}

#[test]
fn people_are_told_every_difference() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let heading = |line: &&str| line.trim_start_matches('#').trim() != HEADING;
    let section = readme.lines().skip_while(heading).skip(1);
    let section = section.take_while(|line| !line.starts_with('#'));
    let told: Vec<_> = section.filter(|line| line.starts_with('|')).collect();
    let told = told.join("\n");
    let declared = differences::table(&declared::all()).join("\n");
    assert!(
        told == declared,
        "README.md, “{HEADING}”, should hold\n{declared}\n"
    );
}

/// What the original does with each of these, by its recorded behaviour: 200 for what HTTP allows,
/// 502 for the rest.
#[tokio::test(flavor = "multi_thread")]
async fn backends_may_answer_in_every_form_http_has() {
    let upstreams = Upstreams::start();
    let program = drop_in(&upstreams).await;
    let cases = case::all();
    let plain = cases
        .iter()
        .find(|case| case.id == "method-read/eth_chainId");
    let of = |seen: &Aspects, aspect: &str| seen.get(aspect).cloned().unwrap_or_default();
    let check = async |mode: Mode, status: &str, answer: &str| {
        let mut case = plain.unwrap().clone();
        case.orders = vec![("read".to_owned(), Order::mode(mode))];
        let seen = seen::replay(&case, program.address(), &upstreams).await;
        assert_eq!(
            (of(&seen, "status"), of(&seen, "answer")),
            (status.to_owned(), answer.to_owned()),
            "{mode:?}"
        );
    };
    check(Mode::Chunked, "200", "mock 1").await;
    check(Mode::Http10, "200", "mock 1").await;
    check(Mode::ConnectionClose, "200", "mock 1").await;
    check(Mode::BigHeader, "200", "mock 1").await;
    check(Mode::Close, "502", "upstream_failed 1").await;
    check(Mode::Garbage, "502", "upstream_failed 1").await;
}
