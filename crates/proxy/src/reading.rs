//! What a backend's HTTP answer means: read once, kept as ranges into its bytes.

use std::ops::Range;

use bytes::Bytes;
use frame::answer;
use frame::answer::Answer;
use frame::answer::Many;
use frame::answer::Said;
use frame::answer::Start;
use http::StatusCode;
use rules::outcome;
use rules::outcome::Outcome;
use rules::phrases::Phrases;
use rules::phrases::Says;

use crate::metrics::Got;
use crate::upstream::Answered;

/// What was sent, and so what must come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One call: one answer.
    Single,
    /// A batch of calls: an array of answers.
    Batch,
    /// Notifications only: whatever comes back, its status alone counts.
    Silent,
}

/// The value of `result` or `error` of one answer.
#[derive(Clone)]
pub struct Value {
    /// Which of the two.
    pub got: Got,
    /// Its raw text.
    pub text: Bytes,
}

/// One answer out of many.
#[derive(Clone)]
pub struct Part {
    /// The id we gave the call.
    pub id: u64,
    /// What it means.
    pub outcome: Outcome,
    /// What it says.
    pub value: Value,
}

/// What was read.
pub enum Reading {
    /// One answer that is all there.
    Whole {
        /// What it says.
        value: Value,
        /// What its error says; `None` beside a result.
        says: Option<Says>,
        /// Where its id stands.
        id_at: Option<Range<usize>>,
    },
    /// The beginning of one long answer.
    Beginning {
        /// Which kind it will be.
        got: Got,
        /// Where its id stands, if that has come already.
        id_at: Option<Range<usize>>,
    },
    /// The answers to a batch.
    Parts(Vec<Part>),
    /// The backend answered a batch with one error: it does not take batches.
    BatchRefused,
    /// The answers to a batch are longer than may be held, so they cannot be taken apart. That is
    /// no fault of the backend, and another one would say as much.
    TooLong,
    /// There was no room in memory for the answer, which is no fault of the backend either.
    NoRoom,
    /// Nothing that is JSON-RPC.
    Nothing,
}

/// Reads an answer to what was sent in this shape.
#[must_use]
pub fn read(answered: &Answered, shape: Shape, phrases: &Phrases) -> (Outcome, Reading) {
    let status = answered.status;
    if answered.cut {
        return (Outcome::Answer, Reading::NoRoom);
    }
    match (shape, &answered.rest) {
        (Shape::Silent, _) if status.is_success() => (Outcome::Answer, Reading::Nothing),
        (Shape::Single, None) => match answer::read(&answered.first) {
            Some(answer) => whole(&answered.first, &answer, (status, phrases)),
            None => nothing(status),
        },
        (Shape::Single, Some(_)) => beginning(&answered.first, status),
        (Shape::Batch, None) => match answer::read_many(&answered.first) {
            Some(Many::Each(answers)) => {
                (Outcome::Answer, parts(&answered.first, &answers, phrases))
            }
            Some(Many::One(answer)) => one_for_many(&answer, (status, phrases)),
            None => nothing(status),
        },
        (Shape::Batch, Some(_)) if status.is_success() => (Outcome::Answer, Reading::TooLong),
        (Shape::Batch, Some(_)) | (Shape::Silent, _) => nothing(status),
    }
}

fn nothing(status: StatusCode) -> (Outcome, Reading) {
    (outcome::of_status(status.as_u16()), Reading::Nothing)
}

fn whole(
    bytes: &Bytes,
    answer: &Answer<'_>,
    (status, phrases): (StatusCode, &Phrases),
) -> (Outcome, Reading) {
    let says = says(answer, phrases);
    let reading = Reading::Whole {
        value: value(bytes, answer),
        says,
        id_at: answer.id_at.clone(),
    };
    (meaning(says, status), reading)
}

fn says(answer: &Answer<'_>, phrases: &Phrases) -> Option<Says> {
    match &answer.said {
        Said::Result(_) => None,
        Said::Error { code, message, .. } => Some(phrases.says(*code, message)),
    }
}

/// A busy status counts even when it comes with an error in JSON-RPC; with a result it does not.
fn meaning(says: Option<Says>, status: StatusCode) -> Outcome {
    let Some(says) = says else {
        return Outcome::Answer;
    };
    let busy = outcome::of_status(status.as_u16()) == Outcome::Busy;
    let meant = says.outcome();
    if busy && meant == Outcome::Answer {
        Outcome::Busy
    } else {
        meant
    }
}

fn beginning(first: &Bytes, status: StatusCode) -> (Outcome, Reading) {
    let id_at = answer::start_id(first);
    match answer::start(first) {
        Start::Result => (
            Outcome::Answer,
            Reading::Beginning {
                got: Got::Result,
                id_at,
            },
        ),
        Start::Error => (
            Outcome::Answer,
            Reading::Beginning {
                got: Got::Error,
                id_at,
            },
        ),
        Start::Undecided | Start::Rubbish => nothing(status),
    }
}

fn one_for_many(
    answer: &Answer<'_>,
    (status, phrases): (StatusCode, &Phrases),
) -> (Outcome, Reading) {
    match meaning(says(answer, phrases), status) {
        Outcome::Busy => (Outcome::Busy, Reading::Nothing),
        // A backend in trouble says nothing about batches.
        Outcome::Answer | Outcome::Missing | Outcome::NoMethod if status.is_server_error() => {
            nothing(status)
        }
        Outcome::Answer
        | Outcome::Missing
        | Outcome::NoMethod
        | Outcome::Broken
        | Outcome::TimedOut
        | Outcome::NotSent => (Outcome::Answer, Reading::BatchRefused),
    }
}

/// Answers that carry no id of ours belong to nobody and are left out.
fn parts(bytes: &Bytes, answers: &[Option<Answer<'_>>], phrases: &Phrases) -> Reading {
    let part = |answer: &Answer<'_>| {
        Some(Part {
            id: answer.id?.as_u64()?,
            outcome: meaning(says(answer, phrases), StatusCode::OK),
            value: value(bytes, answer),
        })
    };
    Reading::Parts(answers.iter().flatten().filter_map(part).collect())
}

fn value(bytes: &Bytes, answer: &Answer<'_>) -> Value {
    match &answer.said {
        Said::Result(raw) => Value {
            got: Got::Result,
            text: bytes.slice_ref(raw.as_bytes()),
        },
        Said::Error { raw, .. } => Value {
            got: Got::Error,
            text: bytes.slice_ref(raw.as_bytes()),
        },
    }
}

#[cfg(test)]
mod tests;
