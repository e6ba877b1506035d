//! A line for every request in nginx's `main` format, written by a thread of its own.

use std::fmt::Write;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use config::checked::AccessLog;
use config::checked::Logs;
use http::HeaderMap;
use http::HeaderName;
use http::header::REFERER;
use http::header::USER_AGENT;
use http::request::Parts;
use prometheus::IntCounter;

use crate::log_file::LogFile;
use crate::log_writer::LogWriter;
use crate::log_writer::Sink;

/// Bytes of one field of a client that are shown.
const FIELD_BYTES_MAX: usize = 2_048;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where requests are written down; a copy writes to the same place.
#[derive(Clone, Debug)]
pub struct Journal {
    lines: Option<LogWriter>,
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
    pub fn open(logs: &Logs, dropped: IntCounter) -> io::Result<Self> {
        let sink = match &logs.access {
            AccessLog::Off => return Ok(Self { lines: None }),
            AccessLog::Stdout => Sink::Stdout,
            AccessLog::File(path) => Sink::File(LogFile::open(path, logs.rotation)?),
        };
        Ok(Self {
            lines: Some(LogWriter::start("access-log", sink, dropped)?),
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
        lines.write(line);
    }

    /// Has the file opened again after somebody moved it away.
    pub fn reopen(&self) {
        if let Some(lines) = &self.lines {
            lines.reopen();
        }
    }

    /// Waits until every line so far is written, but no longer than `patience`.
    pub fn flush(&self, patience: Duration) {
        let Some(lines) = &self.lines else { return };
        lines.flush(patience);
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
