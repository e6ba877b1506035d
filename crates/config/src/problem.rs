//! What is wrong with a configuration, said so that nobody has to look anything up.

use std::fmt;

/// Characters of a key or a value that a problem repeats.
const SHOWN_CHARS_MAX: usize = 80;

/// One mistake, or one thing worth knowing. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, such as `health.max_lag` or `backends.read-1.url`.
    pub key: String,
    /// The value as written, where it may be shown.
    pub value: Option<String>,
    /// What is wrong with it.
    pub wrong: String,
    /// What would be right.
    pub right: String,
    /// The file, the environment variable or the command line it came from.
    pub origin: Option<String>,
}

impl Problem {
    pub(crate) fn new(key: &str, wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            key: legible(key),
            value: None,
            wrong: wrong.into(),
            right: right.into(),
            origin: None,
        }
    }

    /// A name in the environment may hold anything, line ends too.
    pub(crate) fn from(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into().escape_debug().to_string());
        self
    }

    pub(crate) fn with_value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        if let Some(origin) = &self.origin {
            write!(f, " ({origin})")?;
        }
        write!(f, ": {}; {}", self.wrong, self.right)
    }
}

/// Text that is safe in one line of a terminal. Whatever looks like a URL or an account may hold a
/// key even where nobody expects one, so it is hidden.
pub(crate) fn legible(text: &str) -> String {
    if text.contains("://") || text.contains('@') {
        return "***".to_owned();
    }
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string()
}

/// The same between quotation marks, as a value.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", legible(text))
}
