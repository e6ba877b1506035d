//! The logs of a process: which files there are, and what happens when one cannot be opened.

use std::io;
use std::path::Path;
use std::time::Duration;

use config::checked;
use config::checked::AccessLog;
use config::checked::Config;
use config::checked::Profile;
use prometheus::IntCounter;

use crate::access_log::Journal;
use crate::log_file::LogFile;
use crate::log_writer::LogWriter;
use crate::log_writer::Sink;
use crate::post_data;
use crate::post_data::PostData;

/// How long the last lines of a process may take.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Everything that is written down; a copy writes to the same files.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    /// A line for every request.
    pub journal: Journal,
    /// Where Headway's own log goes: standard error, which may be a pipe that nobody reads.
    pub told: Option<LogWriter>,
    /// Where it goes besides.
    pub errors: Option<LogWriter>,
    /// The bodies of calls that a backend failed.
    pub post_data: PostData,
    /// Every one of them.
    writers: Vec<LogWriter>,
}

/// Logs that are being opened.
struct Opening<'a> {
    wanted: &'a checked::Logs,
    dropped: &'a IntCounter,
    writers: Vec<LogWriter>,
    troubles: Vec<String>,
}

impl Logs {
    /// Opens the log files and starts their writers. A file that cannot be opened is no reason not to
    /// serve: it is told in a sentence, and the access log goes to standard output instead.
    ///
    /// # Errors
    /// A writer cannot be started.
    pub fn open(config: &Config, dropped: &IntCounter) -> io::Result<(Self, Vec<String>)> {
        let wanted = &config.logs;
        let mut opening = Opening {
            wanted,
            dropped,
            writers: Vec::new(),
            troubles: Vec::new(),
        };
        let told = opening.start("standard-error", Sink::Stderr)?;
        let access = match &wanted.access {
            AccessLog::Off => None,
            AccessLog::Stdout => Some(opening.start("access-log", Sink::Stdout)?),
            AccessLog::File(path) => {
                let sink = opening.file(path).map_or(Sink::Stdout, Sink::File);
                Some(opening.start("access-log", sink)?)
            }
        };
        let errors = match &wanted.directory {
            Some(directory) => opening.optional("error-log", &directory.join("error.log"))?,
            None => None,
        };
        let post_data = match (&wanted.directory, config.profile) {
            (Some(directory), Profile::TxProxy) => opening.post_data(directory)?,
            (None, _) | (_, Profile::Evm) => PostData::default(),
        };
        let Opening {
            writers, troubles, ..
        } = opening;
        let logs = Self {
            journal: Journal::new(access, wanted.access_format),
            told: Some(told),
            errors,
            post_data,
            writers,
        };
        Ok((logs, troubles))
    }

    /// Has all files opened again after somebody moved them away.
    pub fn reopen(&self) {
        self.writers.iter().for_each(LogWriter::reopen);
    }

    /// Waits until every line so far is written, but no longer than `patience` for each file.
    pub fn flush(&self, patience: Duration) {
        for writer in &self.writers {
            writer.flush(patience);
        }
    }
}

impl Opening<'_> {
    fn start(&mut self, name: &'static str, sink: Sink) -> io::Result<LogWriter> {
        let writer = LogWriter::start(name, sink, self.dropped.clone())?;
        self.writers.push(writer.clone());
        Ok(writer)
    }

    fn file(&mut self, path: &Path) -> Option<LogFile> {
        let opened = LogFile::open(path, self.wanted.rotation);
        let told = |error| {
            self.troubles
                .push(format!("cannot write {}: {error}", path.display()))
        };
        opened.map_err(told).ok()
    }

    /// Whoever takes the original's place keeps the original's files of bodies.
    fn post_data(&mut self, directory: &Path) -> io::Result<PostData> {
        let mut files = Vec::new();
        for (pool, name) in post_data::FILES {
            let path = directory.join("error").join(name);
            files.extend(self.optional("post-data", &path)?.map(|file| (pool, file)));
        }
        Ok(PostData::new(files, self.wanted.raw_transactions))
    }

    /// A log without which nothing is lost that is not told elsewhere.
    fn optional(&mut self, name: &'static str, path: &Path) -> io::Result<Option<LogWriter>> {
        let file = self.file(path);
        file.map(|file| self.start(name, Sink::File(file)))
            .transpose()
    }
}

#[cfg(test)]
pub(crate) mod tests;
