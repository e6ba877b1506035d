//! One backend of a fleet: what is known of it beforehand and what its probes said.

use std::time::Duration;

use chain::head::Head;

use crate::health::Health;
use crate::health::Link;
use crate::identity::Expected;
use crate::identity::Identity;
use crate::ids::BackendId;
use crate::ids::Pool;
use crate::moment::Moment;
use crate::proof::Voice;
use crate::table::Standing;
use crate::track::Track;
use crate::verdict::Reference;
use crate::verdict::Why;

/// A head that has not moved for three block times, but at least this long, stands still.
const STANDSTILL_MIN: Duration = Duration::from_secs(10);

/// The limits a fleet is judged by.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Between two probes of a backend.
    pub interval: Duration,
    /// Between two probes of an external leader.
    pub leader_interval: Duration,
    /// Failed probes in a row that take a backend down.
    pub fall: u32,
    /// Good probes in a row that bring it up.
    pub rise: u32,
    /// Blocks behind the reference that are still healthy.
    pub max_lag: u64,
    /// More blocks behind than this make a backend ineligible at once.
    pub max_lag_at_once: u64,
    /// Expected time between two blocks.
    pub block_time: Duration,
    /// A newest head older than this is too old, by the wall clock.
    pub max_head_age: Option<Duration>,
    /// The chain every backend must be on; by majority when not set.
    pub chain_id: Option<u64>,
}

impl Limits {
    /// What a claim is measured by.
    pub(crate) const fn proof(&self) -> (u64, Duration) {
        (self.max_lag, self.block_time)
    }
}

/// What a fleet knows of a backend beforehand.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its id.
    pub id: BackendId,
    /// The pool it serves; a leader may serve none.
    pub pool: Option<Pool>,
    /// Whether it is the leader; the first one that says so is.
    pub leader: bool,
    /// Polled at the leader interval, if it is the leader.
    pub external: bool,
    /// Its share of the pool's traffic.
    pub weight: u32,
}

impl Spec {
    /// Whether it is probed for a head and a chain id; the others are up or down only.
    #[must_use]
    pub fn has_head(&self) -> bool {
        self.leader || matches!(self.pool, Some(Pool::Read | Pool::Heavy))
    }
}

/// How a probe ended.
#[derive(Clone, Copy, Debug)]
pub enum Probe {
    /// The backend showed its head.
    Head(Head),
    /// It answered, but is asked for no head (miners, nodeos).
    Alive,
    /// No answer in time, or not one that a healthy backend gives.
    Failed,
}

/// A backend under observation.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) spec: Spec,
    pub(crate) health: Health,
    pub(crate) track: Track,
    pub(crate) identity: Identity,
    pub(crate) standing: Standing,
    pub(crate) returned: Option<Moment>,
}

impl Member {
    /// A backend of which nothing is known yet.
    pub(crate) fn new(spec: Spec) -> Self {
        Self {
            spec,
            health: Health::default(),
            track: Track::default(),
            identity: Identity::default(),
            standing: Standing::Eligible,
            returned: None,
        }
    }

    /// A probe ended.
    pub(crate) fn probed(&mut self, probe: Probe, limits: &Limits, now: Moment) {
        let came_back = self.health.failures() > 0;
        match probe {
            Probe::Failed => {
                self.track.missed();
                self.health.failed(limits.fall);
            }
            Probe::Alive => self.health.answered(limits.rise),
            Probe::Head(head) => {
                self.health.answered(limits.rise);
                let jumped = self.track.saw(head, limits.max_lag_at_once, now);
                // Behind the same address may now stand another node.
                if came_back || jumped {
                    self.identity.ask_soon();
                }
            }
        }
    }

    /// How often it is polled.
    pub(crate) const fn poll_interval(&self, limits: &Limits) -> Duration {
        if self.spec.leader && self.spec.external {
            limits.leader_interval
        } else {
            limits.interval
        }
    }

    /// A head that has not moved for so long stands still: three block times, but never so short
    /// that it was not asked in between.
    fn standstill(&self, limits: &Limits) -> Duration {
        let polls = self.poll_interval(limits).saturating_mul(2);
        limits
            .block_time
            .saturating_mul(3)
            .max(STANDSTILL_MIN)
            .max(polls)
    }

    /// Its head as a voice, unless it has none that counts.
    pub(crate) fn voice(&self, at: usize, limits: &Limits, now: Moment) -> Option<Voice> {
        let head = self
            .track
            .head()
            .filter(|_| self.health.link() != Link::Down)?;
        Some(Voice {
            at,
            number: head.number,
            timestamp: head.timestamp,
            moved: self.track.moves(self.standstill(limits)),
            steady: self.track.is_steady(now),
            heard: self.track.seen_at()?,
        })
    }

    /// Whether its head stands still for all that is known.
    pub(crate) fn stands_still(&self, limits: &Limits) -> bool {
        let standstill = self.standstill(limits);
        self.track.watched(standstill) && !self.track.moves(standstill)
    }

    /// What it says and what the fleet is on, if it is proved to be on another chain.
    pub(crate) fn another_chain(&self, expected: Expected) -> Option<(u64, u64)> {
        match (self.identity.said(), expected) {
            (Some(said), Expected::Id(id)) if said != id => Some((said, id)),
            (_, Expected::Id(_) | Expected::Unknown | Expected::Tied) => None,
        }
    }

    /// Blocks behind the reference, and seconds older than it.
    pub(crate) fn lag(&self, reference: Option<Reference>) -> Option<(u64, u64)> {
        let (head, reference) = (self.track.head()?, reference?);
        let seconds = reference.timestamp.saturating_sub(head.timestamp);
        Some((reference.number.saturating_sub(head.number), seconds))
    }

    /// How it stands and why, the worst finding first: a backend on another chain must not be asked
    /// even when it is down too, because a pool's last resort is a backend that is down.
    pub(crate) fn finding(
        &self,
        expected: Expected,
        forked: Option<u64>,
        reference: Option<Reference>,
    ) -> (Standing, Why) {
        let (blocks, seconds) = self.lag(reference).unwrap_or_default();
        if let Some((said, expected)) = self.another_chain(expected) {
            return (Standing::WrongChain, Why::AnotherChain { said, expected });
        }
        if self.health.link() == Link::Down {
            let why = match self.standing {
                Standing::WrongChain => Why::SameChain,
                Standing::Eligible | Standing::Lagging | Standing::Forked | Standing::Down => {
                    Why::Failed(self.health.failures())
                }
            };
            return (Standing::Down, why);
        }
        if let Some(height) = forked {
            return (Standing::Forked, Why::Forked(height));
        }
        if self.health.is_lagging() {
            return (Standing::Lagging, Why::Behind { blocks, seconds });
        }
        let why = match self.standing {
            Standing::Eligible | Standing::Down => Why::Answered(self.health.successes()),
            Standing::Lagging => Why::CaughtUp(blocks),
            Standing::Forked => Why::Rejoined,
            Standing::WrongChain => Why::SameChain,
        };
        (Standing::Eligible, why)
    }
}

#[cfg(test)]
mod tests;
