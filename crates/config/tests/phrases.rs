//! What nodes say, as the configuration spells it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::PathBuf;

use config::load::Loaded;
use config::load::Sources;
use config::load::load;
use config::problem::Problem;
use rules::phrases::Phrases;

fn loaded(name: &str, retry: &str) -> Result<Loaded, Vec<Problem>> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let backend = "[[backends]]\nid = 'a'\nurl = 'http://h'\npool = 'read'\n";
    fs::write(&path, format!("[retry]\n{retry}\n{backend}")).unwrap();
    load(&Sources {
        file: Some(path),
        ..Sources::default()
    })
}

#[test]
fn the_defaults_are_those_of_the_rules() {
    let config = loaded("defaults.toml", "").unwrap().config;
    assert_eq!(config.retry.phrases, Phrases::default());
}

#[test]
fn a_list_replaces_its_default_and_no_other() {
    let given =
        "known_phrases = ['seen it, twice', \" dup \"]\nnot_ready_phrases = 'zzz,still asleep'";
    let phrases = loaded("given.toml", given).unwrap().config.retry.phrases;
    let expected = Phrases {
        known: ["seen it, twice", "dup"].map(str::to_owned).into(),
        not_ready: ["zzz", "still asleep"].map(str::to_owned).into(),
        ..Phrases::default()
    };
    assert_eq!(phrases, expected);
    let none = loaded("none.toml", "busy_phrases = []").unwrap();
    assert_eq!(none.config.retry.phrases.busy, Vec::<String>::new());
}

#[test]
fn a_phrase_that_would_be_found_anywhere_is_refused() {
    for wrong in ["['']", "['ab']", "['a\\tbc']", "[7]", "true"] {
        let wrong = wrong.replace("\\t", "\t");
        let problems = loaded("wrong.toml", &format!("missing_phrases = {wrong}")).unwrap_err();
        assert!(
            problems
                .iter()
                .any(|problem| problem.to_string().contains("retry.missing_phrases")),
            "{wrong}: {problems:?}"
        );
    }
}
