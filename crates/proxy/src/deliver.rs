//! One body brought to one backend of a pool: pick, send once, judge, and again if that may help.

use std::sync::Arc;
use std::time::Duration;

use rules::attempt;
use rules::attempt::Allowance;
use rules::attempt::Next;
use rules::ids::Pool;
use rules::ids::Seat;
use rules::method::Duty;
use rules::moment::Moment;
use rules::outcome::Outcome;
use rules::pick;
use rules::pick::Picked;
use rules::pick::Step;
use rules::pick::Wish;

use crate::bulkhead::Work;
use crate::client::Client;
use crate::live::Backend;
use crate::live::Snapshot;
use crate::metrics::Cap;
use crate::post_data::Sent;
use crate::reading::Reading;
use crate::record;
use crate::reply::Refusal;
use crate::tries;
use crate::tries::Asked;
use crate::tries::Delivered;
use crate::tries::Ended;
use crate::tries::Parcel;
use crate::tries::Tries;
use crate::upstream;
use crate::upstream::Errand;
use crate::upstream::Line;
use crate::upstream::TryEnd;
use crate::worker::Worker;

/// Bytes of a single answer that are held to be judged; what is longer is streamed.
pub const HELD_BYTES_MAX: usize = 64 * 1024;

/// How long a transaction without an answer is looked up.
pub const LOOKUP: Duration = Duration::from_secs(5);

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

/// Whether somebody else could serve a call.
#[derive(Clone, Copy)]
struct Others {
    /// Of its own pool.
    in_pool: bool,
    /// The leader included.
    any: bool,
}

impl Exchange {
    /// Brings a parcel to a backend that was not asked yet, and writes down who was.
    ///
    /// # Errors
    /// What the client is to be told instead. After a send, [`Refusal::OutcomeUnknown`] means that
    /// its bytes may have arrived somewhere.
    pub async fn deliver(&self, parcel: &Parcel, asked: &mut Asked) -> Result<Delivered, Refusal> {
        let work = Work::of(parcel.pool, parcel.duty);
        let limits = &self.snapshot.settings.config.limits;
        let Some(berth) = self.worker.live.bulkheads.enter(work, limits) else {
            self.worker.metrics.front.capped(match work {
                Work::Read => Cap::ReadCalls,
                Work::Heavy => Cap::HeavyCalls,
                Work::Write => Cap::WriteCalls,
            });
            return Err(Refusal::Overloaded);
        };
        let mut delivered = self.bring(parcel, asked).await?;
        delivered.answered.keep(berth);
        Ok(delivered)
    }

    async fn bring(&self, parcel: &Parcel, asked: &mut Asked) -> Result<Delivered, Refusal> {
        let budget = self.worker.live.budget(parcel.pool);
        budget.deposit();
        let mut tries = Tries::new(asked, parcel.duty);
        let allowance = Allowance {
            sent_max: self.snapshot.settings.config.retry.tries,
            deadline: self.tries_end(parcel.duty),
        };
        loop {
            let begun = self.worker.clock.now();
            // A send that left now could only become one of which nobody knows the outcome.
            if begun >= allowance.deadline {
                return tries.stands.ok_or(Refusal::UpstreamTimeout);
            }
            let Some((picked, backend)) = self.pick(parcel, &tries.asked.seats, begun) else {
                return tries.stands.ok_or(self.with_rest(tries.last, parcel.pool));
            };
            if let Some(outcome) = tries.ended {
                self.worker.metrics.retried(outcome);
            }
            let others = self.others(parcel, picked, &tries.asked.seats, begun);
            let more = others.any && tries.asked.sent + 1 < allowance.sent_max;
            let tried = self.one(parcel, (picked, backend), (tries.line, more), begun);
            let (ended, now) = tried.await;
            if ended.outcome != Outcome::NotSent {
                tries.asked.sent += 1;
                tries.asked.sent_to = Some(picked.seat);
            }
            // With nobody else to ask, a retry would only spend the budget.
            let again = if ended.outcome == Outcome::NoMethod {
                others.in_pool
            } else {
                others.any || (ended.line == Line::Any && ended.delivered.is_none())
            };
            let sent_max = if again { allowance.sent_max } else { 0 };
            let allowance = Allowance {
                sent_max,
                ..allowance
            };
            match attempt::next(
                ended.outcome,
                (parcel.duty, tries::wants(parcel)),
                tries.asked.sent,
                (&allowance, budget),
                now,
            ) {
                Next::Done => return tries.done(ended).ok_or(Refusal::UpstreamFailed),
                Next::Refuse(refuse) => {
                    // A node's own words about being busy are better than ours.
                    let own = ended
                        .delivered
                        .filter(|d| !matches!(d.reading, Reading::Nothing));
                    let refusal = self.with_rest(tries::refusal(refuse), parcel.pool);
                    return own.or(tries.stands).ok_or(refusal);
                }
                Next::Again => tries.go_on(ended, (picked.seat, others.any)),
            }
        }
    }

    /// When all are busy, the client is told when the first of them wants to be asked again.
    fn with_rest(&self, refusal: Refusal, pool: Pool) -> Refusal {
        if !matches!(refusal, Refusal::RateLimited(_)) {
            return refusal;
        }
        let (table, now) = (&self.snapshot.table, self.worker.clock.now());
        let seats = table.line(pool).eligible.iter();
        let places = seats.filter_map(|seat| table.place(*seat));
        let rests = places.map(|place| place.vitals.ejection.rests_for(now));
        Refusal::RateLimited(rests.min().unwrap_or_default())
    }

    /// One try: sent, judged, and counted; gives the moment at which it ended as well.
    async fn one(
        &self,
        parcel: &Parcel,
        (picked, backend): (Picked, &Arc<Backend>),
        (line, more): (Line, bool),
        begun: Moment,
    ) -> (Ended, Moment) {
        if let Some(trail) = &self.client.trail {
            trail.asked(parcel.pool, &backend.id);
        }
        let deadline = self.try_deadline(parcel.duty, more, begun);
        let tried = self.attempt(backend, parcel, line, deadline);
        let end = match parcel.duty {
            Duty::Read | Duty::Heavy if more => unless_down(backend, tried).await,
            Duty::Read | Duty::Heavy | Duty::Send => tried.await,
        };
        let phrases = &self.snapshot.settings.config.retry.phrases;
        let ended = tries::judge(end, parcel, picked.seat, phrases);
        let now = self.worker.clock.now();
        record::record(
            (&self.worker, &self.snapshot),
            (picked.seat, backend),
            parcel,
            &ended,
            (begun, now),
        );
        if let Some(status) = ended.failure() {
            let sent = Sent::Calls(parcel.duty, &parcel.body);
            let post_data = &self.worker.logs.post_data;
            post_data.failed(parcel.pool, self.client.address.ip, (status, sent));
        }
        (ended, now)
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
            method: parcel.method,
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
    /// eligible are no alternative to one that is, and who lacks the method is none at all.
    fn others(&self, parcel: &Parcel, picked: Picked, tried: &[Seat], now: Moment) -> Others {
        let table = &self.snapshot.table;
        let (line, ladder) = (table.line(parcel.pool), table.ladder());
        let rest: &[Seat] = match picked.step {
            Step::Eligible | Step::Leader => &[],
            Step::LeastBad => &line.rest,
        };
        let serves = ladder.leader_serves.contains(&parcel.pool);
        let leader = ladder.leader.filter(|_| serves);
        let lacks = |seat: &Seat| {
            let place = table.place(*seat);
            place.is_some_and(|place| place.vitals.lacks.has(parcel.method, now))
        };
        let is_other = |seat: &Seat| *seat != picked.seat && !tried.contains(seat) && !lacks(seat);
        let in_pool = line.eligible.iter().chain(rest).any(is_other);
        Others {
            in_pool,
            any: in_pool || leader.is_some_and(|seat| is_other(&seat)),
        }
    }

    /// Until when there may be tries: what a send came to must still be looked up after its last one.
    fn tries_end(&self, duty: Duty) -> Moment {
        let total = self.deadline.since(self.received);
        match duty {
            Duty::Read | Duty::Heavy => self.deadline,
            Duty::Send => self.received.after(total - LOOKUP.min(total / 10)),
        }
    }

    /// A last try, an expensive read and a send may use all the time there is.
    fn try_deadline(&self, duty: Duty, more: bool, begun: Moment) -> Moment {
        let allowed = self.snapshot.settings.config.timeouts.attempt;
        match (duty, more) {
            (Duty::Read, true) => self.deadline.min(begun.after(allowed)),
            (Duty::Read | Duty::Heavy | Duty::Send, _) => self.tries_end(duty),
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

#[cfg(test)]
mod tests;
