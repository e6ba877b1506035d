//! Again, wait or give up: the whole retry story in one function.

use crate::budget::Budget;
use crate::method::Duty;
use crate::moment::Moment;
use crate::outcome::Outcome;

/// What a call may spend.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Tries whose bytes may leave the process.
    pub sent_max: u32,
    /// When the client must have been answered.
    pub deadline: Moment,
}

/// Whether the client waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A call: exactly one answer.
    Answer,
    /// A notification: nothing comes back, so nothing tells whether to repeat it.
    Nothing,
}

/// What follows an ended try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// What the backend said stands.
    Done,
    /// Ask somebody else.
    Again,
    /// Tell the client why not.
    Refuse(Refuse),
}

/// Why a call ends without a backend's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refuse {
    /// Everybody asked was too busy.
    Busy,
    /// The last one asked was broken.
    Failed,
    /// The time is up.
    TimedOut,
    /// A send may or may not have arrived; only looking for its hash can tell.
    OutcomeUnknown,
}

/// Decides what follows a try of a call that has been sent `sent` times (this try included, if its
/// bytes left). A retry of something that was sent takes a token from the budget; walking on from a
/// backend that got nothing is free.
///
/// RFC 9110 section 9.2.2 forbids a proxy to repeat what is not idempotent; in JSON-RPC it is the
/// method, not the HTTP verb, that tells.
#[must_use]
pub fn next(
    outcome: Outcome,
    call: (Duty, Wants),
    sent: u32,
    (allowance, budget): (&Allowance, &Budget),
    now: Moment,
) -> Next {
    let (duty, wants) = call;
    let in_time = now < allowance.deadline;
    let repeatable = match (duty, wants) {
        (Duty::Send, _) | (_, Wants::Nothing) => false,
        (Duty::Read | Duty::Heavy, Wants::Answer) => in_time && sent < allowance.sent_max,
    };
    match outcome {
        Outcome::Answer => Next::Done,
        Outcome::NotSent if in_time => Next::Again,
        Outcome::NotSent => Next::Refuse(Refuse::TimedOut),
        Outcome::TimedOut if duty == Duty::Heavy => Next::Refuse(Refuse::TimedOut),
        Outcome::Missing
        | Outcome::NoMethod
        | Outcome::Busy
        | Outcome::Broken
        | Outcome::TimedOut => {
            if repeatable && budget.withdraw() {
                Next::Again
            } else {
                last_word(outcome, duty)
            }
        }
    }
}

fn last_word(outcome: Outcome, duty: Duty) -> Next {
    match (outcome, duty) {
        (Outcome::Broken | Outcome::TimedOut, Duty::Send) => Next::Refuse(Refuse::OutcomeUnknown),
        (Outcome::Broken, _) => Next::Refuse(Refuse::Failed),
        (Outcome::TimedOut | Outcome::NotSent, _) => Next::Refuse(Refuse::TimedOut),
        (Outcome::Busy, _) => Next::Refuse(Refuse::Busy),
        (Outcome::Missing | Outcome::NoMethod | Outcome::Answer, _) => Next::Done,
    }
}

#[cfg(test)]
mod tests;
