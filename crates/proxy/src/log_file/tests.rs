//! Stories about a log file: what happens to it, and which lines are where afterwards.

use super::*;

/// A directory of a story's own, gone when the story ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("headway-{name}-{}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        let _not_there = fs::remove_dir_all(&folder.0);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join("deep").join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|_| "absent".to_owned())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn open(path: &Path) -> LogFile {
    LogFile::open(path, None).unwrap()
}

#[test]
fn a_file_is_made_with_its_directories_and_appended_to() {
    let folder = Folder::new("appended");
    for line in ["one\n", "two\n"] {
        open(&folder.path("log")).write(line.as_bytes(), 1).unwrap();
    }
    assert_eq!(folder.text("log"), "one\ntwo\n");
    assert!(LogFile::open(Path::new("/dev/null/log"), None).is_err());
}

#[test]
fn a_file_gives_way_before_it_grows_too_large() {
    for (keep, left) in [
        (3, ["five\n", "three\nfour\n", "one\ntwo\n", "absent"]),
        (2, ["five\n", "three\nfour\n", "absent", "absent"]),
        (1, ["five\n", "absent", "absent", "absent"]),
    ] {
        let folder = Folder::new(&format!("rotated-{keep}"));
        let rotation = Rotation { bytes: 12, keep };
        let mut file = LogFile::open(&folder.path("log"), Some(rotation)).unwrap();
        for line in ["one\n", "two\n", "three\n", "four\n", "five\n"] {
            file.write(line.as_bytes(), 1).unwrap();
        }
        let found = ["log", "log.1", "log.2", "log.3"].map(|name| folder.text(name));
        assert_eq!(found, left, "{keep} kept");
    }
}

#[test]
fn what_was_there_at_the_start_counts_and_a_long_line_is_written_whole() {
    let folder = Folder::new("long");
    open(&folder.path("log"))
        .write(b"before the start\n", 1)
        .unwrap();
    let rotation = Rotation { bytes: 20, keep: 2 };
    let mut file = LogFile::open(&folder.path("log"), Some(rotation)).unwrap();
    let long = format!("{}\n", "x".repeat(100));
    file.write(long.as_bytes(), 1).unwrap();
    assert_eq!(folder.text("log"), long);
    assert_eq!(folder.text("log.1"), "before the start\n");
}

#[test]
fn a_device_is_not_rotated() {
    let rotation = Rotation { bytes: 1, keep: 1 };
    let mut file = LogFile::open(Path::new("/dev/null"), Some(rotation)).unwrap();
    for second in 1..4 {
        file.write(b"line\n", second).unwrap();
    }
    assert!(Path::new("/dev/null").exists());
}

#[test]
fn a_file_moved_away_is_made_again_at_the_signal_or_a_second_later() {
    let folder = Folder::new("moved");
    let away = |to| fs::rename(folder.path("log"), folder.path(to)).unwrap();
    let mut file = open(&folder.path("log"));
    file.write(b"one\n", 1).unwrap();
    away("old");
    file.write(b"two\n", 1).unwrap();
    file.reopen();
    assert_eq!(folder.text("log"), "", "it is there before the next line");
    file.write(b"three\n", 1).unwrap();
    away("older");
    file.write(b"four\n", 1).unwrap();
    file.write(b"five\n", 2).unwrap();
    assert_eq!(folder.text("old"), "one\ntwo\n");
    assert_eq!(folder.text("older"), "three\nfour\n");
    assert_eq!(folder.text("log"), "five\n");
}

#[test]
fn a_lost_directory_costs_nothing_but_what_was_in_it() {
    let folder = Folder::new("lost");
    let mut file = open(&folder.path("log"));
    file.write(b"one\n", 1).unwrap();
    fs::remove_dir_all(&folder.0).unwrap();
    file.write(b"two\n", 2).unwrap();
    assert_eq!(folder.text("log"), "two\n");
    // Somebody puts a file in the way, and takes it away again.
    fs::remove_dir_all(&folder.0).unwrap();
    fs::write(&folder.0, "in the way").unwrap();
    let lost = file.write(b"three\nfour\n", 3).unwrap_err();
    assert_eq!(lost.lines, 2);
    fs::remove_file(&folder.0).unwrap();
    let lost = file.write(b"five\n", 3).unwrap_err();
    assert_eq!(lost.lines, 1, "it is not tried again in the same second");
    file.write(b"six\n", 4).unwrap();
    assert_eq!(folder.text("log"), "six\n");
}

#[test]
fn a_full_disk_loses_lines_until_there_is_room_again() {
    let folder = Folder::new("full");
    let link = folder.path("log");
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", &link).unwrap();
    let mut file = open(&link);
    let lost = file.write(b"one\ntwo\n", 1).unwrap_err();
    assert_eq!(lost.lines, 2);
    assert!(is_full(&lost.error), "{}", lost.error);
    fs::remove_file(&link).unwrap();
    file.write(b"three\n", 2).unwrap();
    assert_eq!(folder.text("log"), "three\n");
}

#[test]
fn a_line_torn_by_a_full_disk_is_ended_before_the_next() {
    let folder = Folder::new("torn");
    let mut file = open(&folder.path("log"));
    file.write(b"one\n", 1).unwrap();
    file.write(b"tw", 1).unwrap();
    file.write(b"three\n", 1).unwrap();
    assert_eq!(folder.text("log"), "one\ntw\nthree\n");
}
