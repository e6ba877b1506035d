//! Stories about which log files there are.

use super::*;
use crate::harness::settings;

/// A directory for one story, removed at its end.
struct Place(std::path::PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

fn place(name: &str) -> Place {
    let name = format!("headway-{name}-{}", std::process::id());
    Place(std::env::temp_dir().join(name))
}

impl Logs {
    /// Only this journal.
    pub(crate) fn of(journal: Journal) -> Self {
        Self {
            journal,
            ..Self::default()
        }
    }
}

fn open(config: &Config) -> (Logs, Vec<String>) {
    Logs::open(config, &IntCounter::new("dropped", "Lines.").unwrap()).unwrap()
}

fn wanted(profile: Profile, directory: &Path) -> Config {
    Config {
        logs: checked::Logs {
            access: AccessLog::File(directory.join("access.log")),
            directory: Some(directory.to_owned()),
            ..settings::logs()
        },
        ..settings::config(profile)
    }
}

/// The files below a directory.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.is_dir() {
            true => found.extend(files(&path).iter().map(|file| format!("{name}/{file}"))),
            false => found.push(name),
        }
    }
    found.sort();
    found
}

#[test]
fn a_directory_of_logs_is_that_of_the_original() {
    let place = place("directory");
    let directory = place.0.join("nginx");
    let (logs, troubles) = open(&wanted(Profile::TxProxy, &directory));
    assert_eq!(troubles, [""; 0]);
    assert_eq!(
        files(&directory),
        [
            "access.log",
            "error.log",
            "error/read-post-data.log",
            "error/test-post-data.log",
            "error/websocket-post-data.log",
            "error/write-post-data.log",
        ]
    );
    logs.errors.as_ref().unwrap().write("a line\n".to_owned());
    logs.flush(Duration::from_secs(60));
    assert_eq!(
        std::fs::read_to_string(directory.join("error.log")).unwrap(),
        "a line\n"
    );
}

#[test]
fn bodies_are_kept_in_place_of_the_original_only() {
    let place = place("bodies");
    let (_logs, _troubles) = open(&wanted(Profile::Evm, &place.0));
    assert_eq!(files(&place.0), ["access.log", "error.log"]);
}

#[test]
fn what_cannot_be_written_is_told_once_and_done_without() {
    let (logs, troubles) = open(&wanted(Profile::TxProxy, Path::new("/dev/null/nginx")));
    assert_eq!(troubles.len(), 6, "{troubles:?}");
    assert!(troubles[0].starts_with("cannot write /dev/null/nginx/access.log: "));
    assert!(troubles[1].starts_with("cannot write /dev/null/nginx/error.log: "));
    assert!(logs.errors.is_none());
    assert_eq!(
        logs.writers.len(),
        2,
        "standard error, and standard output instead of the access log"
    );
}
