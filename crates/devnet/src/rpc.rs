//! JSON-RPC 2.0 on the side that answers: a request body taken apart, its answers put together.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Calls in one batch.
const BATCH_CALLS_MAX: usize = 1000;

/// A request body, understood as far as it can be.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    Single(Element<'a>),
    Batch(Vec<Element<'a>>),
    /// Not a message at all; answered by this one refusal with a null id.
    Refused(Refusal),
}

/// One element of a message; `Err` is not a request object.
pub(crate) type Element<'a> = Result<Call<'a>, serde_json::Error>;

#[derive(Debug, Deserialize)]
pub(crate) struct Call<'a> {
    /// Absent in a notification; `null` is an id.
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    #[serde(default)]
    pub(crate) params: Value,
}

/// An `error` object (JSON-RPC 2.0, section 5.1).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

/// What a call comes to; `Ok(None)` is an answer with neither result nor error.
pub(crate) type Outcome = Result<Option<Value>, Refusal>;

#[derive(Serialize)]
struct Answer<'a> {
    jsonrpc: &'static str,
    id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refusal>,
}

impl Refusal {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }

    pub(crate) fn unknown_method(method: &str) -> Self {
        let message = format!("the method {method} does not exist/is not available");
        Self::new(-32601, message)
    }
}

impl<'a> Message<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Self {
        let Ok(whole) = serde_json::from_slice::<&RawValue>(body) else {
            return Self::Refused(Refusal::new(-32700, "parse error"));
        };
        if !whole.get().starts_with('[') {
            return Self::Single(serde_json::from_str(whole.get()));
        }
        let elements: Vec<&RawValue> = serde_json::from_str(whole.get()).unwrap_or_default();
        match elements.len() {
            0 => Self::Refused(Refusal::new(-32600, "empty batch")),
            1..=BATCH_CALLS_MAX => {
                let elements = elements.into_iter().map(RawValue::get);
                Self::Batch(elements.map(serde_json::from_str).collect())
            }
            _ => Self::Refused(Refusal::new(-32600, "batch too large")),
        }
    }

    /// Every call in the message, notifications included.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call<'a>> {
        let elements = match self {
            Self::Single(element) => std::slice::from_ref(element),
            Self::Batch(elements) => elements,
            Self::Refused(_) => &[],
        };
        elements.iter().filter_map(|element| element.as_ref().ok())
    }

    /// The body of the answer, or `None` when the message held notifications only.
    pub(crate) fn answer(&self, carry_out: &dyn Fn(&Call<'_>) -> Outcome) -> Option<Vec<u8>> {
        match self {
            Self::Single(element) => written(&answer_one(element, carry_out)?),
            Self::Refused(refusal) => written(&answered(None, Err(refusal.clone()))),
            Self::Batch(elements) => {
                let answers = elements.iter().filter_map(|one| answer_one(one, carry_out));
                let answers: Vec<Answer<'_>> = answers.collect();
                if answers.is_empty() {
                    return None;
                }
                written(&answers)
            }
        }
    }
}

fn answer_one<'m>(
    element: &'m Element<'_>,
    carry_out: &dyn Fn(&Call<'_>) -> Outcome,
) -> Option<Answer<'m>> {
    let Ok(call) = element else {
        let refusal = Refusal::new(-32600, "invalid request");
        return Some(answered(None, Err(refusal)));
    };
    let outcome = carry_out(call);
    Some(answered(Some(call.id?), outcome))
}

fn answered(id: Option<&RawValue>, outcome: Outcome) -> Answer<'_> {
    let (result, error) = match outcome {
        Ok(result) => (result, None),
        Err(refusal) => (None, Some(refusal)),
    };
    Answer {
        jsonrpc: "2.0",
        id,
        result,
        error,
    }
}

fn written(answer: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(answer).ok()
}

/// Plain `Option` would read `null` as absent.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests;
