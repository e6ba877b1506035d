//! Logs, as they were checked.

use std::path::PathBuf;

/// `[logs]`
#[derive(Clone, Debug)]
pub struct Logs {
    /// Where the access log goes.
    pub access: AccessLog,
    /// Where the files of the drop-in's logs are kept, if they are.
    pub directory: Option<PathBuf>,
    /// The shape of the access log's lines.
    pub access_format: AccessFormat,
    /// Whether signed transactions may stand there as they are, rather than their hashes.
    pub raw_transactions: bool,
    /// What Headway itself says.
    pub level: Level,
    /// How it says it.
    pub format: Format,
    /// When a log file gives way to the next; never when not set.
    pub rotation: Option<Rotation>,
}

/// When a log file gives way to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// A file that would grow beyond so many bytes.
    pub bytes: u64,
    /// Files of one log that are kept, the newest included.
    pub keep: u32,
}

/// Where a line for every request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// Nowhere.
    Off,
    /// Standard output.
    Stdout,
    /// This file, created with its directories.
    File(PathBuf),
}

/// The shape of the access log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessFormat {
    /// nginx's, as `tx_proxy` has it.
    #[default]
    Main,
    /// For programs.
    Json,
}

/// The least important line that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Only what needs somebody.
    Error,
    /// And what may need somebody.
    Warn,
    /// And every table change.
    Info,
    /// And what helps to find a fault.
    Debug,
}

/// The shape of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}
