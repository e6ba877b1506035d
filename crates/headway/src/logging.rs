//! What Headway itself says, on standard error and in `error.log`: lines for people, or JSON for programs.

use std::io;
use std::io::IsTerminal;

use config::checked::Format;
use config::checked::Level;
use config::checked::Logs;
use proxy::log_writer::LogWriter;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;
use tracing_subscriber::fmt::writer::OptionalWriter;

/// Sets the log up for the whole process; a second call changes nothing.
pub(crate) fn start(logs: &Logs, (told, file): (Option<LogWriter>, Option<LogWriter>)) {
    let level = match logs.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    // Colours would only disturb those who read the file.
    let colours = file.is_none() && io::stderr().is_terminal();
    // Who says something must not wait for who should read it.
    let page = |log: Option<LogWriter>| move || OptionalWriter::from(log.clone().map(Page));
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(page(told).and(page(file)))
        .with_ansi(colours)
        .with_target(false)
        // It would complain about a full disk on standard error, and panic if that is what is full.
        .log_internal_errors(false);
    let _already_set = match logs.format {
        Format::Text => lines.try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
}

/// Takes lines, which come whole.
struct Page(LogWriter);

impl io::Write for Page {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write(String::from_utf8_lossy(line).into_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
