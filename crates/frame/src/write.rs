//! Calls, answers and refusals appended to a buffer, with every value that is not ours as it came.

use serde::Serialize;

use crate::answer::Said;
use crate::id::Id;
use crate::message::Call;
use crate::message::Version;

/// What Headway itself says instead of an answer (JSON-RPC 2.0, section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalBody<'a> {
    /// The error code, such as -32603.
    pub code: i32,
    /// One sentence for a person.
    pub message: &'a str,
    /// The stable word for programs, written as `data.reason`.
    pub reason: &'a str,
    /// Further members of `data`: name and text.
    pub facts: &'a [(&'a str, &'a str)],
}

/// Appends `call` re-framed: only the four members of the envelope, each as written, under an id
/// of ours.
pub fn call(out: &mut Vec<u8>, id: u64, call: &Call<'_>) {
    begin_call(out, call);
    out.extend_from_slice(b"\"id\":");
    json(out, &id);
    out.push(b',');
    end_call(out, call);
}

/// Appends `call` re-framed without an id, so that no answer is made to it.
pub fn notification(out: &mut Vec<u8>, call: &Call<'_>) {
    begin_call(out, call);
    end_call(out, call);
}

/// Appends an answer under the client's own id.
pub fn answer(out: &mut Vec<u8>, id: Id<'_>, said: &Said<'_>) {
    begin_answer(out, id);
    let (name, raw) = match said {
        Said::Result(raw) => ("\"result\":", raw),
        Said::Error { raw, .. } => ("\"error\":", raw),
    };
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(raw.as_bytes());
    out.push(b'}');
}

/// Appends an error of Headway's own under the client's id.
pub fn refusal(out: &mut Vec<u8>, id: Id<'_>, refusal: &RefusalBody<'_>) {
    begin_answer(out, id);
    out.extend_from_slice(b"\"error\":{\"code\":");
    json(out, &refusal.code);
    out.extend_from_slice(b",\"message\":");
    json(out, refusal.message);
    out.extend_from_slice(b",\"data\":{\"reason\":");
    json(out, refusal.reason);
    for (name, text) in refusal.facts {
        out.push(b',');
        json(out, *name);
        out.push(b':');
        json(out, *text);
    }
    out.extend_from_slice(b"}}}");
}

fn begin_call(out: &mut Vec<u8>, call: &Call<'_>) {
    let version = match call.version {
        Version::Two => Some("\"2.0\""),
        Version::Other(raw) => Some(raw),
        Version::Missing => None,
    };
    out.push(b'{');
    if let Some(version) = version {
        out.extend_from_slice(b"\"jsonrpc\":");
        out.extend_from_slice(version.as_bytes());
        out.push(b',');
    }
}

fn end_call(out: &mut Vec<u8>, call: &Call<'_>) {
    out.extend_from_slice(b"\"method\":");
    out.extend_from_slice(call.method_raw.as_bytes());
    if let Some(params) = call.params {
        out.extend_from_slice(b",\"params\":");
        out.extend_from_slice(params.as_bytes());
    }
    out.push(b'}');
}

fn begin_answer(out: &mut Vec<u8>, id: Id<'_>) {
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(id.as_str().as_bytes());
    out.push(b',');
}

#[expect(
    clippy::expect_used,
    reason = "numbers and text are always JSON and a Vec takes all bytes"
)]
fn json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("a number or text becomes JSON");
}

#[cfg(test)]
mod tests;
