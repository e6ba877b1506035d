//! What a backend said: answers whole, answers to a batch, and the beginning of a long one.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::id::Id;
use crate::limits::ANSWERS_MAX;
use crate::literal;
use crate::members;
use crate::prefix::Prefix;
use crate::prefix::Stop;

/// One answer of a backend (JSON-RPC 2.0, section 5), read leniently: backends differ, and what
/// a client can make sense of is passed on.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The id; `None` when it is missing, or an object, an array or a boolean.
    pub id: Option<Id<'a>>,
    /// Where the value of the `id` member stands in the bytes that were read, whatever it is;
    /// `None` when the member is missing.
    pub id_at: Option<Range<usize>>,
    /// The outcome.
    pub said: Said<'a>,
}

/// The outcome an answer carries.
#[derive(PartialEq, Eq)]
pub enum Said<'a> {
    /// The raw value of `result`.
    Result(&'a str),
    /// A failure, as the backend tells it.
    Error {
        /// The raw value of `error`.
        raw: &'a str,
        /// Its `code`; 0 when that is missing or not an integer of 64 bits.
        code: i64,
        /// Its `message`, unescaped where possible; empty when missing. An error that is a bare
        /// string is its own message.
        message: Cow<'a, str>,
    },
}

/// Results may hold signed transactions and messages may quote them, so only lengths are shown.
impl fmt::Debug for Said<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Result(raw) => write!(formatter, "Result({} bytes)", raw.len()),
            Said::Error { raw, code, .. } => {
                write!(formatter, "Error({code}, {} bytes)", raw.len())
            }
        }
    }
}

/// What came back for a batch.
#[derive(Debug, PartialEq, Eq)]
pub enum Many<'a> {
    /// An array, in the order written; `None` stands for an element that is no answer. At most
    /// [`ANSWERS_MAX`] are kept.
    Each(Vec<Option<Answer<'a>>>),
    /// A single object instead of an array, as some backends answer a batch they refuse.
    One(Answer<'a>),
}

/// What the first bytes of an answer say so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It carries a result.
    Result,
    /// It carries an error.
    Error,
    /// More bytes are needed to tell.
    Undecided,
    /// It is no answer, whatever follows.
    Rubbish,
}

/// Reads a whole body as one answer.
///
/// `None` when it is not one JSON object in UTF-8, or has neither a result nor an error. An error
/// of `null` counts as absent; with both present the error wins. Of members that are there twice
/// the last one counts, as it does for the clients.
#[must_use]
pub fn read(body: &[u8]) -> Option<Answer<'_>> {
    one(std::str::from_utf8(body).ok()?, body)
}

/// Reads a whole body as the answer to a batch; `None` when it is neither an array nor an answer.
#[must_use]
pub fn read_many(body: &[u8]) -> Option<Many<'_>> {
    let text = std::str::from_utf8(body).ok()?;
    if let Ok(items) = members::items(text, ANSWERS_MAX) {
        return Some(Many::Each(
            items.kept.into_iter().map(|raw| one(raw, body)).collect(),
        ));
    }
    one(text, body).map(Many::One)
}

/// Judges an answer by its first bytes, so that a long result can be passed on while it arrives.
///
/// A result of `null` does not decide: backends that speak JSON-RPC 1.0 write it beside an error.
#[must_use]
pub fn start(prefix: &[u8]) -> Start {
    let mut members = Prefix::new(prefix);
    let mut at_close = Start::Rubbish;
    loop {
        let member = match members.next() {
            Ok(member) => member,
            Err(Stop::Cut) => return Start::Undecided,
            Err(Stop::Closed) => return at_close,
            Err(Stop::Broken) => return Start::Rubbish,
        };
        match (&*member.name, member.first) {
            ("result", b'n') => at_close = Start::Result,
            ("result", _) => return Start::Result,
            ("error", b'n') => {}
            ("error", _) => return Start::Error,
            _ => {}
        }
    }
}

/// Where the id of an answer stands, if its whole text is among the first bytes and before the
/// `result` and the `error`.
#[must_use]
pub fn start_id(prefix: &[u8]) -> Option<Range<usize>> {
    let mut members = Prefix::new(prefix);
    loop {
        match &*members.next().ok()?.name {
            "id" => return members.value().ok(),
            "result" | "error" => return None,
            _ => {}
        }
    }
}

/// Reads `text`, which stands somewhere inside `body`.
fn one<'a>(text: &'a str, body: &[u8]) -> Option<Answer<'a>> {
    let mut id = None;
    let mut result = None;
    let mut error = None;
    members::each(text, |name, raw| match name {
        "id" => id = Some(raw),
        "result" => result = Some(raw),
        "error" => error = Some(raw),
        _ => {}
    })
    .ok()?;
    let said = match error.filter(|raw| *raw != "null") {
        Some(raw) => failure(raw),
        None => Said::Result(result?),
    };
    Some(Answer {
        id: id.and_then(Id::read),
        id_at: id.map(|raw| place(raw, body)),
        said,
    })
}

fn failure(raw: &str) -> Said<'_> {
    let mut code = 0;
    let mut message = Cow::Borrowed("");
    if raw.starts_with('{') {
        // The text was checked to be JSON when the answer was read, so this reading cannot fail.
        _ = members::each(raw, |name, value| match name {
            "code" => code = value.parse().unwrap_or(0),
            "message" => message = text_of(value),
            _ => {}
        });
    } else {
        message = text_of(raw);
    }
    Said::Error { raw, code, message }
}

/// A string's text, with its escapes left as they are if they stand for no text.
fn text_of(raw: &str) -> Cow<'_, str> {
    if raw.starts_with('"') {
        literal::unescape(raw).unwrap_or(Cow::Borrowed(literal::inside(raw)))
    } else {
        Cow::Borrowed("")
    }
}

fn place(part: &str, whole: &[u8]) -> Range<usize> {
    let begin = part.as_ptr().addr() - whole.as_ptr().addr();
    begin..begin + part.len()
}

#[cfg(test)]
mod tests;
