//! The house itself: crate edges, stairs, sizes, first lines, and documents that tell the truth.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Lines a source file may have; tables of test data excepted.
const FILE_LINES_MAX: usize = 400;

/// Which crates of ours each crate may name.
const EDGES: [(&str, &[&str]); 10] = [
    ("frame", &[]),
    ("chain", &["frame"]),
    ("rules", &["frame", "chain"]),
    ("config", &["frame", "chain", "rules"]),
    ("proxy", &["frame", "chain", "rules", "config"]),
    ("control", &["frame", "chain", "rules", "config", "proxy"]),
    ("devnet", &["frame", "chain"]),
    (
        "headway",
        &[
            "frame", "chain", "rules", "config", "proxy", "control", "devnet",
        ],
    ),
    (
        "benches",
        &[
            "frame", "chain", "rules", "config", "proxy", "control", "devnet", "headway",
        ],
    ),
    (
        "tests",
        &[
            "frame", "chain", "rules", "config", "proxy", "control", "devnet", "headway",
        ],
    ),
];

/// What the pure crates may depend on besides each other; nothing here can read a clock or a socket.
const PURE: [(&str, &[&str]); 3] = [
    ("frame", &["memchr", "serde", "serde_json", "sha3"]),
    ("chain", &["serde", "serde_json"]),
    ("rules", &[]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn folder(name: &str) -> PathBuf {
    match name {
        "benches" | "tests" => root().join(name),
        name => root().join("crates").join(name),
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder, but for build output.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn all_sources() -> Vec<PathBuf> {
    EDGES
        .iter()
        .flat_map(|(name, _)| sources(&folder(name)))
        .collect()
}

/// The names under `[dependencies]` of a crate.
fn dependencies(name: &str) -> BTreeSet<String> {
    let text = read(&folder(name).join("Cargo.toml"));
    let section = text.split("[dependencies]").nth(1).unwrap_or("");
    let section = section.split("\n[").next().unwrap();
    let names = section
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next());
    names
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn check(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn crates_know_only_those_below_them() {
    let ours: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    let mut problems = Vec::new();
    for (name, allowed) in EDGES {
        for used in dependencies(name) {
            if ours.contains(used.as_str()) && !allowed.contains(&used.as_str()) {
                problems.push(format!("{name} must not know {used}"));
            }
        }
    }
    check(&problems);
}

#[test]
fn every_crate_is_in_the_table_of_edges() {
    let mut found: BTreeSet<String> = BTreeSet::from(["benches".into(), "tests".into()]);
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        found.insert(entry.unwrap().file_name().to_string_lossy().into_owned());
    }
    let known: BTreeSet<String> = EDGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, known);
}

#[test]
fn pure_crates_depend_on_nothing_that_can_wait_or_read_a_clock() {
    let mut problems = Vec::new();
    for (name, allowed) in PURE {
        for used in dependencies(name) {
            let ours = EDGES.iter().any(|(known, _)| *known == used);
            if !ours && !allowed.contains(&used.as_str()) {
                problems.push(format!("{name} must not depend on {used}"));
            }
        }
    }
    check(&problems);
}

/// The `mod` lines of a file, top floor first.
fn stairs(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.ends_with(';'));
    let names = lines.filter_map(|line| {
        line.strip_prefix("pub mod ")
            .or_else(|| line.strip_prefix("mod "))
    });
    names
        .map(|name| name.trim_end_matches(';').to_owned())
        .filter(|name| name != "tests")
        .collect()
}

/// Modules a line names by `crate::`.
fn named(line: &str) -> impl Iterator<Item = String> + '_ {
    line.split("crate::").skip(1).map(|rest| {
        rest.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    })
}

fn is_test(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "harness")
        || path
            .file_stem()
            .is_some_and(|name| name == "tests" || name == "harness")
}

#[test]
fn nobody_climbs_the_stairs() {
    let mut problems = Vec::new();
    for (name, _) in EDGES {
        let source = folder(name).join("src");
        let top = ["lib.rs", "main.rs"].map(|file| source.join(file));
        let Some(top) = top.iter().find(|file| file.exists()) else {
            continue;
        };
        let floors: BTreeMap<String, usize> = stairs(&read(top))
            .into_iter()
            .enumerate()
            .map(|(floor, name)| (name, floor))
            .collect();
        for file in sources(&source) {
            if is_test(&file) || file == *top {
                continue;
            }
            let inside = file.strip_prefix(&source).unwrap();
            let module = inside
                .iter()
                .next()
                .unwrap()
                .to_string_lossy()
                .replace(".rs", "");
            let floor = floors.get(&module);
            let shown = format!("{name}/{}", inside.display());
            let Some(floor) = floor else {
                problems.push(format!("{shown}: no mod line for it"));
                continue;
            };
            for line in read(&file)
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
            {
                if line.contains("crate::{") || line.contains("super::") {
                    problems.push(format!("{shown}: {}", line.trim()));
                }
                for used in named(line).filter(|used| *used != module) {
                    if floors.get(&used).is_some_and(|used| used <= floor) {
                        problems.push(format!("{shown}: climbs up to {used}"));
                    }
                }
            }
        }
    }
    check(&problems);
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent = all_sources().into_iter().filter(|path| {
        let text = read(path);
        !text
            .lines()
            .next()
            .is_some_and(|line| line.starts_with("//! ") && line.len() > 12)
    });
    check(
        &silent
            .map(|path| path.display().to_string())
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let mut problems = Vec::new();
    for path in all_sources() {
        let lines = read(&path).lines().count();
        if lines > FILE_LINES_MAX {
            problems.push(format!("{}: {lines} lines", path.display()));
        }
    }
    check(&problems);
}

#[test]
fn every_file_the_documents_name_exists() {
    let mut problems = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(&root().join(document));
        let quoted = text.split('`').skip(1).step_by(2);
        let files = quoted.filter(|word| {
            let path = word.trim_end_matches('/');
            let plain = path
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            plain
                && (path.starts_with("crates/")
                    || path.starts_with("tests/")
                    || path.starts_with("benches/")
                    || path.starts_with("docker/")
                    || path.starts_with(".ci/"))
        });
        for file in files {
            if !root().join(file).exists() {
                problems.push(format!("{document} names {file}, which is not there"));
            }
        }
    }
    check(&problems);
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [
        "TO".to_owned() + "DO",
        "FIX".to_owned() + "ME",
        "#[ig".to_owned() + "nore",
    ];
    let mut problems = Vec::new();
    for path in all_sources() {
        let text = read(&path);
        problems.extend(
            marks
                .iter()
                .filter(|mark| text.contains(mark.as_str()))
                .map(|mark| format!("{}: {mark}", path.display())),
        );
    }
    check(&problems);
}
