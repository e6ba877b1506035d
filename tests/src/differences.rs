//! Holds what was seen of a case against the recording and the declared differences.

use std::collections::BTreeSet;

use crate::case::Aspects;
use crate::case::Case;
use crate::declared::Difference;
use crate::declared::Section;
use crate::declared::matches;

/// What every request that reaches a backend looks like, unless a difference says otherwise.
const USUAL: [(&str, &str); 4] = [
    ("line", "POST /"),
    ("host", "its own"),
    (
        "headers",
        "accept=application/json; content-type=application/json; x-forwarded-for=127.0.0.1; x-real-ip=127.0.0.1",
    ),
    ("body", "as sent"),
];
/// What is said of the requests that backends received.
const OF_REQUESTS: [&str; 5] = ["line", "host", "headers", "extra", "body"];

/// One aspect in which Headway did something else than the original.
#[derive(Clone, Debug)]
pub struct Discrepancy {
    /// The case.
    pub case: String,
    /// Which aspect.
    pub aspect: String,
    /// What the original did.
    pub recorded: String,
    /// What Headway did.
    pub seen: String,
}

/// Everything in which `seen` differs from the recording.
#[must_use]
pub fn between(case: &Case, seen: &Aspects) -> Vec<Discrepancy> {
    let mut recorded = case.recorded.clone();
    let reached = |aspects: &Aspects| {
        aspects
            .get("backends")
            .is_some_and(|names| names != "nobody")
    };
    match (reached(&recorded), reached(seen)) {
        (true, true) | (false, false) => {}
        (false, true) => {
            recorded.extend(USUAL.map(|(aspect, value)| (aspect.to_owned(), value.to_owned())));
        }
        (true, false) => recorded.retain(|aspect, _| !OF_REQUESTS.contains(&aspect.as_str())),
    }
    if recorded.get("answer") != seen.get("answer") {
        let kind = kind(seen.get("answer").map_or("", String::as_str));
        recorded.insert("type".to_owned(), kind.to_owned());
    }
    let of = |aspects: &Aspects, aspect: &String| aspects.get(aspect).cloned().unwrap_or_default();
    let aspects: BTreeSet<_> = recorded.keys().chain(seen.keys()).collect();
    let each = aspects.into_iter().map(|aspect| Discrepancy {
        case: case.id.clone(),
        aspect: aspect.clone(),
        recorded: of(&recorded, aspect),
        seen: of(seen, aspect),
    });
    each.filter(|one| one.recorded != one.seen).collect()
}

/// The content type that belongs to an answer.
fn kind(answer: &str) -> &'static str {
    match answer {
        "" | "mock frame" => "",
        "page" => "text/html; charset=utf-8",
        _ => "application/json",
    }
}

/// Whether a difference declares exactly what was seen.
fn declares(difference: &Difference, found: &Discrepancy) -> bool {
    let mut instead = difference.instead.iter();
    difference.is_about(&found.case)
        && instead.any(|(aspect, value)| *aspect == found.aspect && *value == found.seen)
}

/// The words that declare a discrepancy; none if nothing does.
#[must_use]
pub fn words<'a>(found: &Discrepancy, declared: &'a [Section]) -> Vec<&'a str> {
    let declaring = declared.iter().filter(|section| {
        section
            .differences
            .iter()
            .any(|difference| declares(difference, found))
    });
    declaring.map(|section| section.word.as_str()).collect()
}

/// What is declared but was not seen, case by case.
#[must_use]
pub fn unneeded(cases: &[&Case], found: &[Discrepancy], declared: &[Section]) -> Vec<String> {
    let all = || declared.iter().flat_map(|section| &section.differences);
    // In a whole group a case may agree if another difference speaks of it by name.
    let excused = |pattern: &str, case: &str| match pattern {
        "*" => true,
        _ => pattern.ends_with('*') && all().any(|other| other.names(case)),
    };
    let mut unneeded = Vec::new();
    for difference in all() {
        for (aspect, value) in &difference.instead {
            let seen = |case: &&&Case| {
                let mut of_case = found.iter().filter(|one| one.case == case.id);
                of_case.any(|one| one.aspect == *aspect && one.seen == *value)
            };
            for pattern in &difference.cases {
                let concerned = || cases.iter().filter(|case| matches(pattern, &case.id));
                if !concerned().any(|case| seen(&case)) {
                    unneeded.push(format!("{pattern}: nowhere {aspect}: {value}"));
                }
                let without = concerned().filter(|case| !seen(case));
                let without = without.filter(|case| !excused(pattern, &case.id));
                unneeded.extend(without.map(|case| format!("{}: not {aspect}: {value}", case.id)));
            }
        }
    }
    unneeded
}

/// The differences as a table for people, one line each.
#[must_use]
pub fn table(declared: &[Section]) -> Vec<String> {
    let head = [
        "| Word | tx_proxy | Headway | Recorded cases |",
        "|---|---|---|---|",
    ];
    let row = |section: &Section| {
        let patterns = section
            .differences
            .iter()
            .flat_map(|difference| &difference.cases);
        let groups = patterns.filter_map(|pattern| pattern.split('/').next());
        let groups: BTreeSet<_> = groups
            .map(|group| if group == "*" { "all" } else { group })
            .collect();
        let groups = groups.into_iter().collect::<Vec<_>>().join(", ");
        let Section {
            word,
            tx_proxy,
            headway,
            ..
        } = section;
        format!("| `{word}` | {tx_proxy} | {headway} | {groups} |")
    };
    head.into_iter()
        .map(str::to_owned)
        .chain(declared.iter().map(row))
        .collect()
}
