//! Lines written by a thread of their own, so that no call ever waits for a disk.

use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use prometheus::IntCounter;

use crate::clock;
use crate::log_file::LogFile;
use crate::log_file::Lost;

/// Lines that wait for the disk before further ones are dropped and counted.
const LINES_MAX: usize = 16_384;
/// Bytes that wait for the disk before further lines are dropped and counted: bodies are long.
const BYTES_MAX: usize = 8 << 20;
/// Bytes of room that are kept after a burst of lines.
const ROOM_KEPT: usize = 64 << 10;

/// One log; a copy writes to the same place.
#[derive(Clone, Debug)]
pub struct LogWriter {
    words: SyncSender<Word>,
    /// Bytes of the lines that wait.
    bytes: Arc<AtomicUsize>,
    dropped: IntCounter,
}

/// Where lines end up.
#[derive(Debug)]
pub enum Sink {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file.
    File(LogFile),
}

/// What the thread is told.
#[derive(Debug)]
pub(crate) enum Word {
    /// Write this line; its end is part of it.
    Line(String),
    /// Open the file again: what stood at its path was moved away.
    Reopen,
    /// Say when everything before this is written.
    Written(SyncSender<()>),
}

impl LogWriter {
    /// Starts a writer; `name` is what its thread and messages about it are called.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub fn start(name: &'static str, sink: Sink, dropped: IntCounter) -> io::Result<Self> {
        let (writer, waiting) = Self::waiting(LINES_MAX, dropped.clone());
        std::thread::Builder::new()
            .name(format!("headway-{name}"))
            .spawn({
                let bytes = Arc::clone(&writer.bytes);
                move || write(name, &waiting, sink, (&bytes, &dropped))
            })?;
        Ok(writer)
    }

    /// A writer whose lines wait for whoever takes them.
    pub(crate) fn waiting(lines_max: usize, dropped: IntCounter) -> (Self, Receiver<Word>) {
        let (words, waiting) = sync_channel(lines_max);
        let bytes = Arc::default();
        let writer = Self {
            words,
            bytes,
            dropped,
        };
        (writer, waiting)
    }

    /// Hands a line over, its end included. Never waits: a line too many is dropped and counted,
    /// because calls matter more than lines.
    pub fn write(&self, line: String) {
        let length = line.len();
        let full = self.bytes.fetch_add(length, Relaxed) + length > BYTES_MAX;
        if full || self.words.try_send(Word::Line(line)).is_err() {
            self.bytes.fetch_sub(length, Relaxed);
            self.dropped.inc();
        }
    }

    /// Has the file opened again. A writer too busy to hear it sees by itself, a second later, that
    /// its file was moved.
    pub fn reopen(&self) {
        let _busy = self.words.try_send(Word::Reopen);
    }

    /// Waits until every line so far is written, but no longer than `patience`.
    pub fn flush(&self, patience: Duration) {
        let (written, wait) = sync_channel(1);
        if self.words.try_send(Word::Written(written)).is_ok() {
            let _too_slow = wait.recv_timeout(patience);
        }
    }
}

impl Sink {
    fn reopen(&mut self) {
        match self {
            Self::Stdout | Self::Stderr => {}
            Self::File(file) => file.reopen(),
        }
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), Lost> {
        match self {
            Self::Stdout => pour(&mut io::stdout().lock(), lines),
            Self::Stderr => pour(&mut io::stderr().lock(), lines),
            Self::File(file) => file.write(lines, clock::wall_seconds()),
        }
    }
}

fn pour(out: &mut impl Write, lines: &[u8]) -> Result<(), Lost> {
    let written = out.write_all(lines).and_then(|()| out.flush());
    written.map_err(|error| Lost {
        lines: lines.iter().filter(|byte| **byte == b'\n').count() as u64,
        error,
    })
}

/// Takes what waits in one go, so that a busy log costs one write for many lines. A disk that takes
/// no lines is told once, and so is its recovery.
fn write(
    name: &str,
    waiting: &Receiver<Word>,
    mut sink: Sink,
    (bytes, dropped): (&AtomicUsize, &IntCounter),
) {
    let mut block = String::new();
    let mut ailing = false;
    while let Ok(first) = waiting.recv() {
        block.clear();
        block.shrink_to(ROOM_KEPT);
        let mut asked = Vec::new();
        for word in std::iter::once(first).chain(waiting.try_iter().take(LINES_MAX)) {
            match word {
                Word::Line(line) => block.push_str(&line),
                Word::Reopen => sink.reopen(),
                Word::Written(written) => asked.push(written),
            }
        }
        if !block.is_empty() {
            match sink.write(block.as_bytes()) {
                Ok(()) if ailing => {
                    ailing = false;
                    tracing::info!(log = name, "the log is written again");
                }
                Ok(()) => {}
                Err(lost) => {
                    dropped.inc_by(lost.lines);
                    if !ailing {
                        ailing = true;
                        let error = lost.error;
                        tracing::error!(log = name, %error, "the log cannot be written: lines are dropped");
                    }
                }
            }
        }
        bytes.fetch_sub(block.len(), Relaxed);
        for written in asked {
            let _gave_up = written.try_send(());
        }
    }
}

#[cfg(test)]
mod tests;
