//! The only place that writes to standard output and standard error.

use std::io::Write;

/// A line for whoever called the command.
pub(crate) fn line(text: &str) {
    // A reader that has gone is not worth dying for.
    let _gone = writeln!(std::io::stdout().lock(), "{text}");
}

/// A line about what went wrong.
pub(crate) fn error(text: &str) {
    let _gone = writeln!(std::io::stderr().lock(), "{text}");
}
