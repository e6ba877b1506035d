//! One body brought to one backend of a pool: pick, send once, judge, and again if that may help.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
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
use rules::pick::Step;
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
#[derive(Clone)]
pub struct Parcel {
    /// To one backend of this pool.
    pub pool: Pool,
    /// What may be done with it.
    pub duty: Duty,
    /// Whether its answer depends on the head.
    pub head: HeadNeed,
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
}

/// Where a client's calls have been, over all deliveries they need.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Seats that had their try.
    pub seats: Vec<Seat>,
    /// Tries whose bytes left.
    pub sent: u32,
}

/// The tries of one delivery so far.
struct Tries<'a> {
    /// Who was asked, in earlier deliveries too.
    asked: &'a mut Asked,
    /// The connection the next try may use.
    line: Line,
    /// How the try before ended.
    ended: Option<Outcome>,
    /// A backend's own answer that stands if nobody has a better one.
    stands: Option<Delivered>,
    /// What to say if nobody is left to ask.
    last: Refusal,
}

impl Exchange {
    /// Brings a parcel to a backend that was not asked yet, and writes down who was.
    ///
    /// # Errors
    /// What the client is to be told instead. After a send, [`Refusal::OutcomeUnknown`] means that
    /// its bytes may have arrived somewhere.
    pub async fn deliver(&self, parcel: &Parcel, asked: &mut Asked) -> Result<Delivered, Refusal> {
        let budget = self.worker.live.budget(parcel.pool);
        budget.deposit();
        let mut tries = Tries::new(asked, parcel.duty);
        let allowance = Allowance {
            sent_max: self.snapshot.settings.config.retry.tries,
            deadline: self.deadline,
        };
        let wants = if parcel.shape == Shape::Silent {
            Wants::Nothing
        } else {
            Wants::Answer
        };
        loop {
            let begun = self.worker.clock.now();
            // A send that left now could only become one of which nobody knows the outcome.
            if begun >= self.deadline {
                return tries.stands.ok_or(Refusal::UpstreamTimeout);
            }
            let Some((picked, backend)) = self.pick(parcel, &tries.asked.seats, begun) else {
                return tries.stands.ok_or(tries.last);
            };
            if let Some(outcome) = tries.ended {
                self.worker.metrics.retried(outcome);
            }
            let others = self.others(parcel, picked, &tries.asked.seats);
            let more = others && tries.asked.sent + 1 < allowance.sent_max;
            let deadline = self.try_deadline(parcel.duty, more, begun);
            let tried = self.attempt(backend, parcel, tries.line, deadline);
            let end = match parcel.duty {
                Duty::Read | Duty::Heavy if more => unless_down(backend, tried).await,
                Duty::Read | Duty::Heavy | Duty::Send => tried.await,
            };
            let (outcome, delivered, line) = judge(end, parcel, picked.seat);
            let now = self.worker.clock.now();
            let status = delivered.as_ref().map(|d| d.answered.status);
            self.record(backend, picked.seat, (outcome, line, status), (begun, now));
            tries.asked.sent += u32::from(outcome != Outcome::NotSent);
            // With nobody else to ask, a retry would only spend the budget.
            let again = others || (line == Line::Any && status.is_none());
            let sent_max = if again { allowance.sent_max } else { 0 };
            let allowance = Allowance {
                sent_max,
                ..allowance
            };
            match attempt::next(
                outcome,
                (parcel.duty, wants),
                tries.asked.sent,
                (&allowance, budget),
                now,
            ) {
                Next::Done => return delivered.or(tries.stands).ok_or(Refusal::UpstreamFailed),
                Next::Refuse(refuse) => {
                    // A node's own words about being busy are better than ours.
                    let own = delivered.filter(|d| !matches!(d.reading, Reading::Nothing));
                    return own.or(tries.stands).ok_or_else(|| refusal(refuse));
                }
                Next::Again => tries.go_on(outcome, delivered, (picked.seat, others), line),
            }
        }
    }

    fn pick(
        &self,
        parcel: &Parcel,
        tried: &[Seat],
        now: Moment,
    ) -> Option<(Picked, &Arc<Backend>)> {
        let table = &self.snapshot.table;
        let wish = Wish {
            pool: parcel.pool,
            head: parcel.head,
            tried,
        };
        let picked = match parcel.duty {
            Duty::Send => pick::send(table, &wish, self.client.hash(), now),
            Duty::Read | Duty::Heavy => pick::read(table, &wish, fastrand::u64(..), now),
        }?;
        self.worker.metrics.picked(parcel.pool, picked.step);
        Some((picked, self.snapshot.backend(picked.seat)?))
    }

    /// Whether somebody else than the one picked could serve as well. Backends that are not
    /// eligible are no alternative to one that is.
    fn others(&self, parcel: &Parcel, picked: Picked, tried: &[Seat]) -> bool {
        let table = &self.snapshot.table;
        let (line, ladder) = (table.line(parcel.pool), table.ladder());
        let rest: &[Seat] = match picked.step {
            Step::Eligible | Step::Leader => &[],
            Step::LeastBad => &line.rest,
        };
        let serves = ladder.leader_serves.contains(&parcel.pool);
        let leader = ladder.leader.filter(|_| serves);
        let mut seats = line.eligible.iter().chain(rest).chain(&leader);
        seats.any(|seat| *seat != picked.seat && !tried.contains(seat))
    }

    /// A last try, an expensive read and a send may use all the time there is.
    fn try_deadline(&self, duty: Duty, more: bool, begun: Moment) -> Moment {
        let allowed = self.snapshot.settings.config.timeouts.attempt;
        match (duty, more) {
            (Duty::Read, true) => self.deadline.min(begun.after(allowed)),
            (Duty::Read | Duty::Heavy | Duty::Send, _) => self.deadline,
        }
    }

    async fn attempt(
        &self,
        backend: &Arc<Backend>,
        parcel: &Parcel,
        line: Line,
        deadline: Moment,
    ) -> TryEnd {
        let errand = Errand {
            body: parcel.body.clone(),
            path: None,
            client: Some(&self.client),
            line,
            deadline,
            held_bytes_max: parcel.held_bytes_max,
        };
        upstream::send_once(&self.worker, backend, errand).await
    }

    /// Lets the outcome of a try count: metrics, load, and the health of connections.
    fn record(
        &self,
        backend: &Backend,
        seat: Seat,
        (outcome, line, status): (Outcome, Line, Option<StatusCode>),
        (begun, now): (Moment, Moment),
    ) {
        let took = now.since(begun);
        backend.cells.tried(outcome, took);
        let vitals = &backend.vitals;
        let good = status.is_some_and(|status| !status.is_server_error());
        match outcome {
            Outcome::Answer | Outcome::Missing if good => {
                vitals.load.answered(took, now);
                vitals.ejection.answered();
            }
            Outcome::Busy => {
                vitals.load.failed(took, now);
                vitals.ejection.rest(now, BUSY_REST);
            }
            // A connection that broke is the prober's to look into, and no reason for an ejection,
            // which would outlast the backend's recovery.
            Outcome::Broken if status.is_none() => vitals.load.failed(took, now),
            Outcome::Answer | Outcome::Missing | Outcome::Broken | Outcome::TimedOut => {
                vitals.load.failed(took, now);
                if vitals.ejection.failed() && self.snapshot.table.may_eject(seat, now) {
                    let rest = vitals.ejection.eject(now);
                    self.ejected(backend, rest);
                }
            }
            Outcome::NotSent => {}
        }
        let refused_or_reset =
            status.is_none() && matches!(outcome, Outcome::NotSent | Outcome::Broken);
        if refused_or_reset && line == Line::Fresh && vitals.connection_dropped() >= DROPPED_ALARM {
            self.worker.live.trouble.notify_one();
        }
    }

    fn ejected(&self, backend: &Backend, rest: Duration) {
        self.worker.metrics.front.ejections.inc();
        tracing::warn!(backend = %backend.id, seconds = rest.as_secs(), "ejected: calls keep failing");
    }
}

/// A backend that said it is too busy gets nothing for this long, if others can do its work.
const BUSY_REST: Duration = Duration::from_secs(1);

/// So many refused or reset connections wake the prober before its time.
const DROPPED_ALARM: u32 = 3;

impl<'a> Tries<'a> {
    fn new(asked: &'a mut Asked, duty: Duty) -> Self {
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

    fn go_on(
        &mut self,
        outcome: Outcome,
        delivered: Option<Delivered>,
        (seat, others): (Seat, bool),
        line: Line,
    ) {
        let on_pooled = line == Line::Any && delivered.is_none();
        // The backend may have closed an idle connection just then, so it deserves a fresh one: if
        // that costs nothing, or if there is nobody else to spend the last try on.
        let same_again = match outcome {
            Outcome::NotSent => on_pooled,
            Outcome::Broken => on_pooled && !others,
            Outcome::TimedOut | Outcome::Busy | Outcome::Missing | Outcome::Answer => false,
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
            Outcome::Busy => Refusal::RateLimited,
            Outcome::TimedOut => Refusal::UpstreamTimeout,
            Outcome::NotSent | Outcome::Broken | Outcome::Missing | Outcome::Answer => {
                Refusal::UpstreamFailed
            }
        };
    }
}

/// A try that is given up when the backend's probes find it down, because somebody else could answer
/// long before its time is up.
async fn unless_down(backend: &Backend, tried: impl Future<Output = TryEnd>) -> TryEnd {
    tokio::select! {
        biased;
        end = tried => end,
        () = backend.down.notified() => TryEnd::Lost(Line::Fresh),
    }
}

fn judge(end: TryEnd, parcel: &Parcel, seat: Seat) -> (Outcome, Option<Delivered>, Line) {
    match end {
        TryEnd::NotSent(line) => (Outcome::NotSent, None, line),
        TryEnd::Lost(line) => (Outcome::Broken, None, line),
        TryEnd::TimedOut => (Outcome::TimedOut, None, Line::Any),
        TryEnd::Answered(answered) => {
            let (mut outcome, reading) = reading::read(&answered, parcel.shape);
            // 429 comes before any work; a 503 may come from something behind which the send went on.
            let unclear = answered.status == StatusCode::SERVICE_UNAVAILABLE;
            if unclear && parcel.duty == Duty::Send && matches!(reading, Reading::Nothing) {
                outcome = Outcome::Broken;
            }
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

#[cfg(test)]
mod tests;
