//! Whatever the sources say, loading ends in a configuration or in problems.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::PathBuf;

use config::keys::KEYS;
use config::load::Sources;
use config::load::load;
use proptest::collection::vec;
use proptest::prelude::*;

/// A value in TOML: now and then a right one.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<bool>().prop_map(|b| b.to_string()),
        (0_u32..100).prop_map(|n| format!("\"{n}s\"")),
        "[a-z${}:/#,*._-]{0,12}".prop_map(|text| format!("'{text}'")),
        Just("1979-05-27T07:32:00Z".to_owned()),
        Just("nan".to_owned()),
        Just("{ env = 'A' }".to_owned()),
        Just("'http://h:1/'".to_owned()),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(", ")))
    })
}

fn known_key() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(KEYS.as_slice()).prop_map(|key| key.name)
}

/// Loads and shows all that can be shown; neither may panic.
fn read(name: &str, toml: &str, environment: Vec<(String, String)>, flags: Vec<(String, String)>) {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, toml).unwrap();
    let loaded = load(&Sources {
        fallback: None,
        file: Some(file),
        environment,
        command_line: flags,
    });
    match loaded {
        Ok(loaded) => assert!(!format!("{loaded:?}").is_empty()),
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in &problems {
                let line = problem.to_string();
                assert!(!line.contains('\n'), "{line}");
                assert!(!line.contains("a report of this message"), "{line}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        read("any-text.toml", &text, Vec::new(), Vec::new());
    }

    #[test]
    fn anything_like_toml(text in "(\\[{1,2}[a-z.']{0,9}\\]{1,2}\n|[a-z.'\"]{1,9} ?= ?[a-z0-9'\"\\[\\]{}.,$-]{0,12}\n){0,8}") {
        read("like-toml.toml", &text, Vec::new(), Vec::new());
    }

    #[test]
    fn any_value_of_any_key(pairs in vec((known_key(), value()), 1..6)) {
        let mut text = String::new();
        for (key, value) in &pairs {
            match key.strip_prefix("backends.") {
                Some(field) => text = format!("{text}[[backends]]\n{field} = {value}\n"),
                None => text = format!("{key} = {value}\n{text}"),
            }
        }
        read("any-value.toml", &text, Vec::new(), Vec::new());
    }

    #[test]
    fn any_environment_and_flags(
        names in vec(("(HEADWAY_)?[A-Za-z_.$-]{0,20}|[A-Z]{2,5}_ENDPOINT", any::<String>()), 0..6),
        keys in vec((known_key(), any::<String>()), 0..6),
        flags in vec((known_key().prop_map(str::to_owned), any::<String>()), 0..4),
    ) {
        let known = keys.into_iter().map(|(key, value)| {
            (format!("HEADWAY_{}", key.to_ascii_uppercase().replace('.', "__")), value)
        });
        read("any-environment.toml", "", names.into_iter().chain(known).collect(), flags);
    }
}

#[test]
fn nesting_without_end_is_a_problem_and_not_a_crash() {
    for (name, text) in [
        ("brackets.toml", format!("a = {}", "[".repeat(200_000))),
        ("tables.toml", format!("a = {}", "{b=".repeat(200_000))),
        ("dots.toml", format!("{}a = 1", "a.".repeat(200_000))),
        ("header.toml", format!("[{}a]", "a.".repeat(200_000))),
    ] {
        read(name, &text, Vec::new(), Vec::new());
    }
}
