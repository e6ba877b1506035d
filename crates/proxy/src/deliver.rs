//! One body brought to one backend of a pool: pick, send once, judge, and again if that may help.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rules::attempt;
use rules::attempt::Allowance;
use rules::attempt::Next;
use rules::attempt::Refuse;
use rules::attempt::Wants;
use rules::ids::Pool;
use rules::ids::Seat;
use rules::method::Duty;
use rules::method::HeadNeed;
use rules::moment::Moment;
use rules::outcome::Outcome;
use rules::pick;
use rules::pick::Picked;
use rules::pick::Wish;

use crate::live::Backend;
use crate::live::Snapshot;
use crate::reading;
use crate::reading::Reading;
use crate::reading::Shape;
use crate::reply::Refusal;
use crate::upstream;
use crate::upstream::Answered;
use crate::upstream::Errand;
use crate::upstream::Line;
use crate::upstream::TryEnd;
use crate::worker::Client;
use crate::worker::Worker;

/// Bytes of a single answer that are held to be judged; what is longer is streamed.
pub const HELD_BYTES_MAX: usize = 64 * 1024;

/// What all tries of one client's message share.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The worker that serves it.
    pub worker: Arc<Worker>,
    /// The view it started with.
    pub snapshot: Arc<Snapshot>,
    /// Who asked.
    pub client: Client,
    /// When the whole message had come.
    pub received: Moment,
    /// When the client must have been answered.
    pub deadline: Moment,
}

/// A body to be delivered.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// To one backend of this pool.
    pub pool: Pool,
    /// What may be done with it.
    pub duty: Duty,
    /// Whether its answer depends on the head.
    pub head: HeadNeed,
    /// What must come back.
    pub shape: Shape,
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
}

/// The tries of one parcel so far.
struct Tries {
    /// Seats that had their try.
    seats: Vec<Seat>,
    /// Tries whose bytes left.
    sent: u32,
    /// The connection the next try may use.
    line: Line,
    /// A backend's own answer that stands if nobody has a better one.
    stands: Option<Delivered>,
    /// What to say if nobody is left to ask.
    last: Refusal,
}

impl Exchange {
    /// Brings a parcel to a backend that is not among `avoid`.
    ///
    /// # Errors
    /// What the client is to be told instead. After a send, [`Refusal::OutcomeUnknown`] means that
    /// its bytes may have arrived somewhere.
    pub async fn deliver(&self, parcel: &Parcel, avoid: &[Seat]) -> Result<Delivered, Refusal> {
        let budget = self.worker.live.budget(parcel.pool);
        budget.deposit();
        let mut tries = Tries {
            seats: avoid.to_vec(),
            sent: 0,
            line: if parcel.duty == Duty::Send {
                Line::Fresh
            } else {
                Line::Any
            },
            stands: None,
            last: Refusal::NoBackend,
        };
        let sent_max = self.snapshot.settings.config.retry.tries;
        let allowance = Allowance {
            sent_max,
            deadline: self.deadline,
        };
        let wants = if parcel.shape == Shape::Silent {
            Wants::Nothing
        } else {
            Wants::Answer
        };
        loop {
            let Some((picked, backend)) = self.pick(parcel, &tries.seats) else {
                return tries.stands.ok_or(tries.last);
            };
            let begun = self.worker.clock.now();
            let end = self.attempt(backend, parcel, &tries, begun).await;
            let (outcome, delivered, line) = judge(end, parcel.shape, picked.seat);
            let now = self.worker.clock.now();
            let failed = delivered
                .as_ref()
                .is_some_and(|d| d.answered.status.is_server_error());
            self.record(backend, picked.seat, (outcome, line, failed), (begun, now));
            tries.sent += u32::from(outcome != Outcome::NotSent);
            match attempt::next(
                outcome,
                (parcel.duty, wants),
                tries.sent,
                (&allowance, budget),
                now,
            ) {
                Next::Done => return delivered.or(tries.stands).ok_or(Refusal::UpstreamFailed),
                Next::Refuse(refuse) => {
                    // A node's own words about being busy are better than ours.
                    let own = delivered.filter(|d| !matches!(d.reading, Reading::Nothing));
                    return own.or(tries.stands).ok_or_else(|| refusal(refuse));
                }
                Next::Again => tries.go_on(outcome, delivered, picked.seat, line),
            }
            self.worker.metrics.retried(outcome);
        }
    }

    fn pick(&self, parcel: &Parcel, tried: &[Seat]) -> Option<(Picked, &Arc<Backend>)> {
        let table = &self.snapshot.table;
        let wish = Wish {
            pool: parcel.pool,
            head: parcel.head,
            tried,
        };
        let now = self.worker.clock.now();
        let picked = match parcel.duty {
            Duty::Send => pick::send(table, &wish, self.client.hash(), now),
            Duty::Read | Duty::Heavy => pick::read(table, &wish, fastrand::u64(..), now),
        }?;
        self.worker.metrics.picked(parcel.pool, picked.step);
        Some((picked, self.snapshot.backend(picked.seat)?))
    }

    async fn attempt(
        &self,
        backend: &Arc<Backend>,
        parcel: &Parcel,
        tries: &Tries,
        begun: Moment,
    ) -> TryEnd {
        let config = &self.snapshot.settings.config;
        let line = self.snapshot.table.line(parcel.pool);
        let candidates =
            line.eligible.len() + usize::from(self.snapshot.table.ladder().leader.is_some());
        let more = candidates > tries.seats.len() + 1 && tries.sent + 1 < config.retry.tries;
        // A last try, an expensive read and a send may use all the time there is.
        let deadline = match (parcel.duty, more) {
            (Duty::Read, true) => self.deadline.min(begun.after(config.timeouts.attempt)),
            (Duty::Read | Duty::Heavy | Duty::Send, _) => self.deadline,
        };
        let errand = Errand {
            body: parcel.body.clone(),
            path: None,
            client: Some(&self.client),
            line: tries.line,
            deadline,
            held_bytes_max: match parcel.shape {
                Shape::Single | Shape::Silent => HELD_BYTES_MAX,
                Shape::Batch => config.limits.answer_bytes,
            },
        };
        upstream::send_once(&self.worker, backend, errand).await
    }

    /// Lets the outcome of a try count: metrics, load, and the health of connections.
    fn record(
        &self,
        backend: &Backend,
        seat: Seat,
        (outcome, line, server_error): (Outcome, Line, bool),
        (begun, now): (Moment, Moment),
    ) {
        let took = now.since(begun);
        backend.cells.tried(outcome, took);
        let vitals = &backend.vitals;
        match outcome {
            Outcome::Answer | Outcome::Missing if !server_error => {
                vitals.load.answered(took, now);
                vitals.ejection.answered();
            }
            Outcome::Busy => vitals.load.failed(took, now),
            Outcome::Answer | Outcome::Missing | Outcome::Broken | Outcome::TimedOut => {
                vitals.load.failed(took, now);
                if vitals.ejection.failed() && self.snapshot.table.may_eject(seat, now) {
                    let rest = vitals.ejection.eject(now);
                    self.ejected(backend, rest);
                }
            }
            Outcome::NotSent => {}
        }
        let refused_or_reset = matches!(outcome, Outcome::NotSent | Outcome::Broken);
        if refused_or_reset && line == Line::Fresh && vitals.connection_dropped() >= DROPPED_ALARM {
            self.worker.live.trouble.notify_one();
        }
    }

    fn ejected(&self, backend: &Backend, rest: Duration) {
        self.worker.metrics.front.ejections.inc();
        tracing::warn!(backend = %backend.id, seconds = rest.as_secs(), "ejected: calls keep failing");
    }
}

/// So many refused or reset connections wake the prober before its time.
const DROPPED_ALARM: u32 = 3;

impl Tries {
    fn go_on(&mut self, outcome: Outcome, delivered: Option<Delivered>, seat: Seat, line: Line) {
        let on_pooled = line == Line::Any && delivered.is_none();
        match outcome {
            // The backend may have closed an idle connection just then: it deserves a fresh one.
            Outcome::NotSent | Outcome::Broken if on_pooled => self.line = Line::Fresh,
            Outcome::NotSent
            | Outcome::Broken
            | Outcome::TimedOut
            | Outcome::Busy
            | Outcome::Missing
            | Outcome::Answer => self.seats.push(seat),
        }
        if delivered
            .as_ref()
            .is_some_and(|d| !matches!(d.reading, Reading::Nothing))
        {
            self.stands = delivered;
        }
        self.last = match outcome {
            Outcome::Busy => Refusal::RateLimited,
            Outcome::TimedOut => Refusal::UpstreamTimeout,
            Outcome::NotSent | Outcome::Broken | Outcome::Missing | Outcome::Answer => {
                Refusal::UpstreamFailed
            }
        };
    }
}

fn judge(end: TryEnd, shape: Shape, seat: Seat) -> (Outcome, Option<Delivered>, Line) {
    match end {
        TryEnd::NotSent(line) => (Outcome::NotSent, None, line),
        TryEnd::Lost(line) => (Outcome::Broken, None, line),
        TryEnd::TimedOut => (Outcome::TimedOut, None, Line::Any),
        TryEnd::Answered(answered) => {
            let (outcome, reading) = reading::read(&answered, shape);
            // The connection itself was good, so its line says nothing.
            (
                outcome,
                Some(Delivered {
                    answered,
                    reading,
                    seat,
                }),
                Line::Any,
            )
        }
    }
}

const fn refusal(refuse: Refuse) -> Refusal {
    match refuse {
        Refuse::Busy => Refusal::RateLimited,
        Refuse::Failed => Refusal::UpstreamFailed,
        Refuse::TimedOut => Refusal::UpstreamTimeout,
        Refuse::OutcomeUnknown => Refusal::OutcomeUnknown,
    }
}
