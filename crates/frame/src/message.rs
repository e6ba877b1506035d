//! A client's bytes taken apart into calls, without copying or re-printing any of them.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

use crate::depth;
use crate::envelope::Envelope;
use crate::envelope::Says;
use crate::id::Id;
use crate::limits::Limits;
use crate::limits::OVERFULL_FACTOR;
use crate::literal;
use crate::members;

/// What one body or frame of a client holds (JSON-RPC 2.0, sections 4 and 6).
#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// One element, to be answered with one object.
    Single(Element<'a>),
    /// At least one element, to be answered with an array in the same order.
    Batch(Vec<Element<'a>>),
    /// More elements than `calls_max` and at most ten times as many: the ids to answer with one
    /// error each. What wants no answer is left out; what has no readable id is [`Id::NULL`].
    Overfull(Vec<Id<'a>>),
}

/// One element of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// A call to serve.
    Call(Call<'a>),
    /// Not a call; to be answered with -32600.
    Invalid {
        /// The client's id where it could be read, else [`Id::NULL`].
        id: Id<'a>,
        /// What is wrong with it, in a few words for a person.
        why: &'static str,
    },
    /// An object with a `result` or an `error` and no `method`: the client answers something.
    Response,
}

/// A call or notification as the client wrote it.
#[derive(PartialEq, Eq)]
pub struct Call<'a> {
    /// The whole element as written, without white space around it.
    pub raw: &'a str,
    /// `None` when the member is absent, which makes it a notification; `null` is an id.
    pub id: Option<Id<'a>>,
    /// The name of the method, unescaped.
    pub method: Cow<'a, str>,
    /// The name of the method as the JSON string literal that was written.
    pub method_raw: &'a str,
    /// Any JSON value as written, `null` included; `None` when the member is absent.
    pub params: Option<&'a str>,
    /// What the call says about the version it speaks.
    pub version: Version<'a>,
}

/// Params may hold a signed transaction, so only their length is shown.
impl fmt::Debug for Call<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Call")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("params_bytes", &self.params.map(str::len))
            .finish_non_exhaustive()
    }
}

/// The `jsonrpc` member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version<'a> {
    /// The string `2.0`, which the specification asks for.
    Two,
    /// Any other JSON value, as written.
    Other(&'a str),
    /// The member is absent, as some old clients leave it.
    Missing,
}

/// Why a whole message is refused. Offsets are in bytes from the start of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not one JSON value in UTF-8 with nothing but white space around it: -32700.
    NotJson {
        /// The byte at which reading stopped; the last one when the text ends too soon.
        at: usize,
    },
    /// Nested deeper than `nesting_max`.
    TooDeep {
        /// The bracket or brace that opens one level too many.
        at: usize,
    },
    /// An array without elements: one -32600 object (JSON-RPC 2.0, section 6).
    EmptyBatch,
    /// More than ten times `calls_max` elements: one object for all of them.
    FarTooMany,
}

/// Takes a client's body apart.
pub fn scan<'a>(body: &'a [u8], limits: &Limits) -> Result<Message<'a>, Fault> {
    let text = std::str::from_utf8(body).map_err(|error| Fault::NotJson {
        at: error.valid_up_to(),
    })?;
    if let Some(at) = depth::too_deep_at(body, limits.nesting_max) {
        return Err(Fault::TooDeep { at });
    }
    let raw = text.trim_matches(WHITE);
    let single = match raw.bytes().next() {
        Some(b'[') => return batch(text, limits),
        Some(b'{') => Envelope::read(text).map(|envelope| judge(raw, &envelope, limits)),
        _ => serde_json::from_str::<&RawValue>(text).map(|_| NOT_AN_OBJECT),
    };
    single
        .map(Message::Single)
        .map_err(|error| not_json(text, &error))
}

/// White space as RFC 8259, section 2, has it.
const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

const NOT_AN_OBJECT: Element<'static> = Element::Invalid {
    id: Id::NULL,
    why: "not an object",
};

fn batch<'a>(text: &'a str, limits: &Limits) -> Result<Message<'a>, Fault> {
    let fault = |error: serde_json::Error| not_json(text, &error);
    let kept_max = limits.calls_max.saturating_mul(OVERFULL_FACTOR);
    let items = members::items(text, kept_max).map_err(fault)?;
    if items.count == 0 {
        return Err(Fault::EmptyBatch);
    }
    if items.count > kept_max {
        return Err(Fault::FarTooMany);
    }
    let mut elements = Vec::with_capacity(items.kept.len());
    for raw in items.kept {
        elements.push(if raw.starts_with('{') {
            judge(raw, &Envelope::read(raw).map_err(fault)?, limits)
        } else {
            NOT_AN_OBJECT
        });
    }
    if elements.len() > limits.calls_max {
        return Ok(Message::Overfull(
            elements.iter().filter_map(id_to_answer).collect(),
        ));
    }
    Ok(Message::Batch(elements))
}

fn id_to_answer<'a>(element: &Element<'a>) -> Option<Id<'a>> {
    match element {
        Element::Call(call) => call.id,
        Element::Invalid { id, .. } => Some(*id),
        Element::Response => None,
    }
}

fn judge<'a>(raw: &'a str, envelope: &Envelope<'a>, limits: &Limits) -> Element<'a> {
    if envelope.says == Says::Outcome && envelope.method.raw.is_none() {
        return Element::Response;
    }
    if envelope.id.is_twin() {
        return Element::Invalid {
            id: Id::NULL,
            why: "twins",
        };
    }
    let id = envelope.id.raw.map(Id::read);
    if id == Some(None) {
        return Element::Invalid {
            id: Id::NULL,
            why: "id is not a string, a number or null",
        };
    }
    let id = id.flatten();
    let invalid = |why| Element::Invalid {
        id: id.unwrap_or(Id::NULL),
        why,
    };
    if envelope.has_twins_beside_id() {
        return invalid("twins");
    }
    let Some(method_raw) = envelope.method.raw else {
        return invalid("no method");
    };
    let method = match method_name(method_raw, limits) {
        Ok(method) => method,
        Err(why) => return invalid(why),
    };
    let version = version(envelope.jsonrpc.raw);
    Element::Call(Call {
        raw,
        id,
        method,
        method_raw,
        params: envelope.params.raw,
        version,
    })
}

fn method_name<'a>(raw: &'a str, limits: &Limits) -> Result<Cow<'a, str>, &'static str> {
    if !raw.starts_with('"') {
        return Err("method is not a string");
    }
    let name = literal::unescape(raw).ok_or("method is not Unicode")?;
    match name.len() {
        0 => Err("method is empty"),
        length if length > limits.method_bytes_max => Err("method is too long"),
        _ => Ok(name),
    }
}

fn version(raw: Option<&str>) -> Version<'_> {
    let Some(raw) = raw else {
        return Version::Missing;
    };
    let is_two = raw.starts_with('"') && literal::unescape(raw).is_some_and(|text| text == "2.0");
    if is_two {
        Version::Two
    } else {
        Version::Other(raw)
    }
}

/// serde_json says where it stopped as a line and a column in bytes, both counted from one.
fn not_json(text: &str, error: &serde_json::Error) -> Fault {
    let above = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1));
    let line_at: usize = above.map(str::len).sum();
    let at = line_at + error.column().saturating_sub(1);
    Fault::NotJson {
        at: at.min(text.len()),
    }
}

#[cfg(test)]
mod tests;
