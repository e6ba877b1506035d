//! `proxy.toml.example` is complete, right and true to the key list.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use config::keys::KEYS;
use config::load::Loaded;
use config::load::Sources;
use config::load::load;
use config::problem::Problem;

const EXAMPLE: &str = include_str!("../../../proxy.toml.example");

/// A `key = value` line, spoken or commented out, with its section before the key.
struct Line {
    key: String,
    value: String,
    commented: bool,
}

fn key_value(line: &str) -> Option<(&str, &str)> {
    let is_key = |key: &str| key.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    line.split_once(" = ").filter(|(key, _)| is_key(key))
}

fn lines() -> Vec<Line> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_matches(['[', ']']).to_owned() + ".";
            continue;
        }
        if let Some((key, value)) = key_value(line.trim_start_matches("# ")) {
            found.push(Line {
                key: format!("{section}{key}"),
                value: value.to_owned(),
                commented: line.starts_with('#'),
            });
        }
    }
    found
}

fn loaded(name: &str, text: &str) -> Result<Loaded, Vec<Problem>> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    load(&Sources {
        fallback: None,
        file: Some(path),
        ..Sources::default()
    })
}

#[test]
fn it_loads_as_it_stands() {
    let loaded = loaded("as-it-stands.toml", EXAMPLE).unwrap();
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.config.backends.len(), 5);
}

#[test]
fn it_loads_with_every_key_spoken() {
    let mut text = String::new();
    for line in EXAMPLE.lines() {
        let spoken = line
            .strip_prefix("# ")
            .filter(|line| key_value(line).is_some());
        writeln!(text, "{}", spoken.unwrap_or(line)).unwrap();
    }
    let loaded = loaded("every-key.toml", &text).unwrap();
    let from_file = loaded
        .values
        .iter()
        .filter(|value| value.origin.ends_with("every-key.toml"));
    // Backends but the first say only what they must; each has url, and pool or leader.
    let sections = KEYS.iter().filter(|key| !key.name.starts_with("backends."));
    let of_read_1 = KEYS.len() - sections.clone().count() - 1;
    // buffered_bytes = 0 is worked out, so the file is not its origin.
    assert_eq!(from_file.count(), sections.count() - 1 + of_read_1 + 4 * 2);
}

#[test]
fn it_mentions_every_key_and_only_those() {
    let mentioned: BTreeSet<String> = lines().into_iter().map(|line| line.key).collect();
    let known: BTreeSet<String> = KEYS.iter().map(|key| key.name.to_owned()).collect();
    assert_eq!(mentioned, known);
}

#[test]
fn what_is_commented_out_is_the_default() {
    let plain = loaded(
        "plain.toml",
        "[[backends]]\nid = \"a\"\nurl = \"http://h\"\npool = \"read\"\n",
    );
    let values = plain.unwrap().values;
    for line in lines().iter().filter(|line| line.commented) {
        let effective = line.key.replace("backends.", "backends.a.");
        let default = values.iter().find(|value| value.key == effective).unwrap();
        // 0 stands for what the machine allows.
        if line.key != "limits.buffered_bytes" {
            assert_eq!(line.value, default.value, "{}", line.key);
        }
        assert!(
            ["default", "profile evm"].contains(&&*default.origin),
            "{}",
            line.key
        );
    }
}
