//! What Headway itself says, on standard error: lines for people, or JSON for programs.

use config::checked::Format;
use config::checked::Level;
use config::checked::Logs;
use tracing::level_filters::LevelFilter;

/// Sets the log up for the whole process; a second call changes nothing.
pub(crate) fn start(logs: &Logs) {
    let level = match logs.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        // It would complain about a full disk on standard error, and panic if that is what is full.
        .log_internal_errors(false);
    let _already_set = match logs.format {
        Format::Text => lines.try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
}
