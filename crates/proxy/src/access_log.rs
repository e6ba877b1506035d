//! A line for every request in nginx's `main` format, written by a thread of its own.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::net::IpAddr;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use config::checked::AccessLog;
use http::HeaderMap;
use http::HeaderName;
use http::header::REFERER;
use http::header::USER_AGENT;
use http::request::Parts;
use prometheus::IntCounter;

/// Lines that wait for the disk before further ones are dropped and counted.
const LINES_MAX: usize = 16_384;
/// Bytes of one field of a client that are shown.
const FIELD_BYTES_MAX: usize = 2_048;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where requests are written down; a copy writes to the same place.
#[derive(Clone, Debug)]
pub struct Journal {
    lines: Option<SyncSender<Word>>,
    dropped: IntCounter,
}

/// What the writer is told.
#[derive(Debug)]
enum Word {
    /// Write this line.
    Line(String),
    /// Say when everything before this is written.
    Written(SyncSender<()>),
}

/// What of a request goes into its line.
#[derive(Debug)]
pub struct Entry {
    peer: IpAddr,
    request: String,
    referer: String,
    agent: String,
    forwarded: String,
}

impl Journal {
    /// Opens the log and starts its writer.
    ///
    /// # Errors
    /// The file or its directory cannot be made.
    pub fn open(target: &AccessLog, dropped: IntCounter) -> io::Result<Self> {
        let mut sink: Box<dyn Write + Send> = match target {
            AccessLog::Off => {
                return Ok(Self {
                    lines: None,
                    dropped,
                });
            }
            AccessLog::Stdout => Box::new(io::stdout()),
            AccessLog::File(path) => Box::new(append(path)?),
        };
        let (lines, waiting) = sync_channel(LINES_MAX);
        std::thread::Builder::new()
            .name("headway-access-log".into())
            .spawn(move || write(&waiting, &mut *sink))?;
        Ok(Self {
            lines: Some(lines),
            dropped,
        })
    }

    /// What will be needed of a request, before it is taken apart; nothing when there is no log.
    #[must_use]
    pub fn entry(&self, peer: IpAddr, head: &Parts) -> Option<Entry> {
        self.lines.as_ref()?;
        let target = head
            .uri
            .path_and_query()
            .map_or("*", |target| target.as_str());
        let mut request = String::with_capacity(64);
        escape(&mut request, head.method.as_str().as_bytes());
        request.push(' ');
        escape(&mut request, target.as_bytes());
        let _never = write!(request, " {:?}", head.version);
        Some(Entry {
            peer,
            request,
            referer: field(&head.headers, &REFERER),
            agent: field(&head.headers, &USER_AGENT),
            forwarded: field(&head.headers, &X_FORWARDED_FOR),
        })
    }

    /// Writes the line of a request that ended with this status and so many body bytes. Never
    /// waits: a line too many is dropped and counted, because calls matter more than lines.
    pub fn write(&self, entry: &Entry, status: u16, bytes: u64) {
        let Some(lines) = &self.lines else { return };
        let time = jiff::Zoned::now().strftime("%d/%b/%Y:%H:%M:%S %z");
        let Entry {
            peer,
            request,
            referer,
            agent,
            forwarded,
        } = entry;
        // The two spaces after the time are in the original's format.
        let line = format!(
            "{peer} - - [{time}]  {status} \"{request}\" {bytes} \"{referer}\" \"{agent}\" \"{forwarded}\"\n"
        );
        if lines.try_send(Word::Line(line)).is_err() {
            self.dropped.inc();
        }
    }

    /// Waits until every line so far is written, but no longer than `patience`.
    pub fn flush(&self, patience: Duration) {
        let Some(lines) = &self.lines else { return };
        let (written, wait) = sync_channel(1);
        if lines.try_send(Word::Written(written)).is_ok() {
            let _too_slow = wait.recv_timeout(patience);
        }
    }
}

fn append(path: &Path) -> io::Result<std::fs::File> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

/// Takes what waits in one go, so that a busy log costs one write for many lines.
fn write(waiting: &Receiver<Word>, sink: &mut dyn Write) {
    let mut block = String::new();
    while let Ok(first) = waiting.recv() {
        block.clear();
        let mut asked = Vec::new();
        for word in std::iter::once(first).chain(waiting.try_iter().take(LINES_MAX)) {
            match word {
                Word::Line(line) => block.push_str(&line),
                Word::Written(written) => asked.push(written),
            }
        }
        // A full disk must not stop calls, and there is nobody to tell but the disk.
        let _full = sink.write_all(block.as_bytes()).and_then(|()| sink.flush());
        for written in asked {
            let _gave_up = written.try_send(());
        }
    }
}

fn field(headers: &HeaderMap, name: &HeaderName) -> String {
    let mut text = String::new();
    match headers.get(name) {
        Some(value) => escape(&mut text, value.as_bytes()),
        None => text.push('-'),
    }
    text
}

/// nginx's default escaping: quotes, backslashes and everything that is not plain ASCII as `\xNN`.
fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes.iter().take(FIELD_BYTES_MAX) {
        match byte {
            b'"' | b'\\' | 0..=0x1f | 0x7f.. => {
                let _never = write!(text, "\\x{byte:02X}");
            }
            plain => text.push(char::from(*plain)),
        }
    }
}

#[cfg(test)]
mod tests;
