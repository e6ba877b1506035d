//! Stories about the writer's thread: order, drops, and a disk that takes nothing.

use std::path::Path;

use super::*;

fn counter() -> IntCounter {
    IntCounter::new("dropped", "Lines.").unwrap()
}

#[test]
fn waiting_lines_are_written_in_their_order() {
    let path = std::env::temp_dir().join(format!("headway-order-{}", std::process::id()));
    let sink = Sink::File(LogFile::open(&path, None).unwrap());
    let writer = LogWriter::start("story", sink, counter()).unwrap();
    for line in ["one\n", "two\n", "three\n"] {
        writer.write(line.to_owned());
    }
    writer.flush(Duration::from_secs(60));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(text, "one\ntwo\nthree\n");
}

#[test]
fn lines_that_a_full_disk_refuses_are_counted() {
    let dropped = counter();
    let sink = Sink::File(LogFile::open(Path::new("/dev/full"), None).unwrap());
    let writer = LogWriter::start("story", sink, dropped.clone()).unwrap();
    for _ in 0..5 {
        writer.write("line\n".to_owned());
    }
    writer.flush(Duration::from_secs(60));
    assert_eq!(dropped.get(), 5);
}

#[test]
fn lines_that_wait_have_a_limit_in_bytes() {
    let dropped = counter();
    let (writer, waiting) = LogWriter::waiting(100, dropped.clone());
    for _ in 0..3 {
        writer.write("a".repeat(BYTES_MAX / 2));
    }
    assert_eq!((waiting.try_iter().count(), dropped.get()), (2, 1));
}

#[test]
fn what_was_written_makes_room_again() {
    let sink = Sink::File(LogFile::open(Path::new("/dev/null"), None).unwrap());
    let writer = LogWriter::start("story", sink, counter()).unwrap();
    for _ in 0..10 {
        writer.write("a".repeat(BYTES_MAX / 2) + "\n");
        writer.flush(Duration::from_secs(60));
    }
    assert_eq!(writer.bytes.load(Relaxed), 0);
    assert_eq!(writer.dropped.get(), 0);
}
