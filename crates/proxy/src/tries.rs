//! The tries of one delivery: what is brought, how a try is judged, and what is kept for the next.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use rules::attempt::Refuse;
use rules::attempt::Wants;
use rules::ids::Pool;
use rules::ids::Seat;
use rules::method::Duty;
use rules::method::HeadNeed;
use rules::method::Label;
use rules::outcome::Outcome;
use rules::phrases::Phrases;
use rules::phrases::Says;

use crate::reading;
use crate::reading::Reading;
use crate::reading::Shape;
use crate::reply::Refusal;
use crate::upstream::Answered;
use crate::upstream::Line;
use crate::upstream::TryEnd;

/// A body to be delivered.
#[derive(Clone)]
pub struct Parcel {
    /// To one backend of this pool.
    pub pool: Pool,
    /// What may be done with it.
    pub duty: Duty,
    /// Whether its answer depends on the head.
    pub head: HeadNeed,
    /// The method, where it is one call.
    pub method: Label,
    /// What must come back.
    pub shape: Shape,
    /// Bytes of the answer to hold; what is longer is handed over as a stream.
    pub held_bytes_max: usize,
    /// The bytes.
    pub body: Bytes,
}

/// An answer, what it means, and whose it is.
pub struct Delivered {
    /// The answer.
    pub answered: Answered,
    /// As it was read.
    pub reading: Reading,
    /// The backend.
    pub seat: Seat,
    /// Whether others had been tried before.
    pub retried: bool,
}

/// Where a client's calls have been, over all deliveries they need.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Seats that had their try.
    pub seats: Vec<Seat>,
    /// Tries whose bytes left.
    pub sent: u32,
    /// Where the last of them went.
    pub sent_to: Option<Seat>,
}

/// A try that has ended, judged.
pub struct Ended {
    /// What it means.
    pub outcome: Outcome,
    /// What came back.
    pub delivered: Option<Delivered>,
    /// The connection it was on, where it broke.
    pub line: Line,
    /// A miner answered a transaction with an error of its own, or with neither result nor error.
    pub troubled: bool,
}

impl Ended {
    /// The status of a failure as nginx would give it: the backend's own, or a gateway's whose backend
    /// said nothing. An idle connection that had been closed is no failure.
    #[must_use]
    pub fn failure(&self) -> Option<u16> {
        let status = self.delivered.as_ref().map(|d| d.answered.status);
        match (status, self.outcome, self.line) {
            (Some(status), _, _) => status.is_server_error().then(|| status.as_u16()),
            (None, Outcome::TimedOut, _) => Some(504),
            (None, Outcome::NotSent, Line::Fresh) | (None, Outcome::Broken, _) => Some(502),
            (None, Outcome::NotSent, Line::Any)
            | (None, Outcome::Answer | Outcome::Missing | Outcome::Busy | Outcome::NoMethod, _) => {
                None
            }
        }
    }
}

/// The tries of one delivery so far.
pub struct Tries<'a> {
    /// Who was asked, in earlier deliveries too.
    pub asked: &'a mut Asked,
    /// The connection the next try may use.
    pub line: Line,
    /// How the try before ended.
    pub ended: Option<Outcome>,
    /// A backend's own answer that stands if nobody has a better one.
    pub stands: Option<Delivered>,
    /// What to say if nobody is left to ask.
    pub last: Refusal,
}

impl<'a> Tries<'a> {
    /// No try yet.
    pub fn new(asked: &'a mut Asked, duty: Duty) -> Self {
        Self {
            line: match duty {
                Duty::Send => Line::Fresh,
                Duty::Read | Duty::Heavy => Line::Any,
            },
            ended: None,
            stands: None,
            last: match asked.seats.as_slice() {
                [] => Refusal::NoBackend,
                [_, ..] => Refusal::UpstreamFailed,
            },
            asked,
        }
    }

    /// The answer of the last try, or an earlier one where it has none.
    pub fn done(self, ended: Ended) -> Option<Delivered> {
        let retried = self.ended.is_some();
        let delivered = ended.delivered.map(|delivered| Delivered {
            retried,
            ..delivered
        });
        delivered.or(self.stands)
    }

    /// Writes down a try after which another one follows.
    pub fn go_on(&mut self, ended: Ended, (seat, others): (Seat, bool)) {
        let Ended {
            outcome,
            delivered,
            line,
            troubled: _,
        } = ended;
        let on_pooled = line == Line::Any && delivered.is_none();
        // The backend may have closed an idle connection just then, so it deserves a fresh one: if
        // that costs nothing, or if there is nobody else to spend the last try on.
        let same_again = match outcome {
            Outcome::NotSent => on_pooled,
            Outcome::Broken => on_pooled && !others,
            Outcome::TimedOut
            | Outcome::Busy
            | Outcome::Missing
            | Outcome::NoMethod
            | Outcome::Answer => false,
        };
        if !same_again {
            self.asked.seats.push(seat);
        }
        if on_pooled {
            self.line = Line::Fresh;
        }
        if delivered
            .as_ref()
            .is_some_and(|d| !matches!(d.reading, Reading::Nothing))
        {
            self.stands = delivered;
        }
        self.ended = Some(outcome);
        self.last = match outcome {
            Outcome::Busy => Refusal::RateLimited(Duration::ZERO),
            Outcome::TimedOut => Refusal::UpstreamTimeout,
            Outcome::NotSent
            | Outcome::Broken
            | Outcome::Missing
            | Outcome::NoMethod
            | Outcome::Answer => Refusal::UpstreamFailed,
        };
    }
}

/// Judges how a try of a parcel ended at a seat.
#[must_use]
pub fn judge(end: TryEnd, parcel: &Parcel, seat: Seat, phrases: &Phrases) -> Ended {
    let silent = |outcome, line| Ended {
        outcome,
        delivered: None,
        line,
        troubled: false,
    };
    match end {
        TryEnd::NotSent(line) => silent(Outcome::NotSent, line),
        TryEnd::Lost(line) => silent(Outcome::Broken, line),
        TryEnd::TimedOut => silent(Outcome::TimedOut, Line::Any),
        // It was sent, and what came of it is lost.
        TryEnd::Answered(answered) if answered.cut && parcel.duty == Duty::Send => {
            silent(Outcome::Broken, Line::Any)
        }
        TryEnd::Answered(answered) => {
            let (mut outcome, reading) = reading::read(&answered, parcel.shape, phrases);
            let mut troubled = false;
            if parcel.duty == Duty::Send {
                (outcome, troubled) = of_send(outcome, &reading, answered.status);
            }
            Ended {
                outcome,
                troubled,
                delivered: Some(Delivered {
                    answered,
                    reading,
                    seat,
                    retried: false,
                }),
                // The connection itself was good, so its line says nothing.
                line: Line::Any,
            }
        }
    }
}

/// What an answer to a transaction means, and whether it is the miner's own trouble.
fn of_send(outcome: Outcome, reading: &Reading, status: StatusCode) -> (Outcome, bool) {
    match reading {
        // Its own word to the client; others may only be asked for the next one.
        Reading::Whole {
            says: Some(Says::NotReady),
            ..
        } => (Outcome::Answer, true),
        // 429 comes before any work; a 503 may come from something behind which the send went on.
        Reading::Nothing if status == StatusCode::SERVICE_UNAVAILABLE => (Outcome::Broken, false),
        Reading::Nothing => (outcome, outcome == Outcome::Broken && status.is_success()),
        Reading::Whole { .. }
        | Reading::Beginning { .. }
        | Reading::Parts(_)
        | Reading::BatchRefused
        | Reading::TooLong
        | Reading::NoRoom => (outcome, false),
    }
}

/// Whether the client waits for an answer to a parcel.
#[must_use]
pub const fn wants(parcel: &Parcel) -> Wants {
    match parcel.shape {
        Shape::Silent => Wants::Nothing,
        Shape::Single | Shape::Batch => Wants::Answer,
    }
}

/// What a client is told when the rules give a call up.
#[must_use]
pub const fn refusal(refuse: Refuse) -> Refusal {
    match refuse {
        Refuse::Busy => Refusal::RateLimited(Duration::ZERO),
        Refuse::Failed => Refusal::UpstreamFailed,
        Refuse::TimedOut => Refusal::UpstreamTimeout,
        Refuse::OutcomeUnknown => Refusal::OutcomeUnknown,
    }
}
