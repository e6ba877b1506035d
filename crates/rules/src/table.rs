//! The routing table: who may serve each pool at this moment; one immutable value, swapped whole.

use std::sync::Arc;

use chain::head::Head;

use crate::ids::BackendId;
use crate::ids::Pool;
use crate::ids::Seat;
use crate::moment::Moment;
use crate::vitals::Vitals;

/// Backends at most this many blocks behind the reference are asked before the others.
pub const NEAR_BLOCKS: u64 = 2;

/// What the verdict on a backend lets it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Serves.
    Eligible,
    /// Too far behind the reference.
    Lagging,
    /// On a minority fork of the right chain.
    Forked,
    /// Does not answer its probes.
    Down,
    /// Proved to be on another chain; never asked.
    WrongChain,
}

/// How one backend stands, as the control plane hands it in.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its id.
    pub id: BackendId,
    /// The pool it belongs to; a leader may have none.
    pub pool: Option<Pool>,
    /// Its share of the traffic beside others; at least 1.
    pub weight: u32,
    /// The verdict.
    pub standing: Standing,
    /// The newest block it showed; `None` when it has shown none of late.
    pub head: Option<Head>,
    /// Blocks behind the reference; `None` when it has no head or there is no reference.
    pub lag: Option<u64>,
    /// When it came back after having been out; it then starts slowly.
    pub returned: Option<Moment>,
    /// Its live figures.
    pub vitals: Arc<Vitals>,
}

/// What the fallback ladder may do, from the configuration and the state of the chain.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    /// The leader's seat, where there is one and it is usable.
    pub leader: Option<Seat>,
    /// Pools the leader serves when they have nobody.
    pub leader_serves: Vec<Pool>,
    /// Calls the leader takes at a time.
    pub leader_calls_max: u32,
    /// The backends are all behind wall clock and the leader is not: it goes first.
    pub leader_first: bool,
    /// Which calls the least bad backend gets.
    pub stale: Stale,
}

/// Which calls may go to a backend that is not eligible, when nobody is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stale {
    /// All of them.
    #[default]
    Serve,
    /// Only those whose answer does not depend on the head.
    HeadFree,
}

/// The backends of one pool in the order in which they are asked.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Eligible seats; the first `near` of them are within [`NEAR_BLOCKS`] of the reference.
    pub eligible: Vec<Seat>,
    /// How many of `eligible` are near.
    pub near: usize,
    /// Seats that are not eligible but not proved to be on another chain, the least bad first.
    pub rest: Vec<Seat>,
    /// Median latency estimate of the pool, in microseconds.
    pub median_micros: u32,
}

/// The table: places by seat, a line per pool, the ladder.
#[derive(Clone, Debug, Default)]
pub struct Table {
    places: Vec<Place>,
    lines: [Line; Pool::ALL.len()],
    ladder: Ladder,
    head: Option<u64>,
    served: Option<u64>,
}

impl Table {
    /// Builds the lines from the places; seats are indices into `places`.
    #[must_use]
    pub fn new(places: Vec<Place>, ladder: Ladder) -> Self {
        let lines = Pool::ALL.map(|pool| line(&places, pool));
        Self {
            places,
            lines,
            ladder,
            head: None,
            served: None,
        }
    }

    /// The same with the number of the block that heads are measured against.
    #[must_use]
    pub const fn measured_against(mut self, head: Option<u64>) -> Self {
        self.head = head;
        self
    }

    /// The number of the block that heads are measured against, where there is one.
    #[must_use]
    pub const fn head(&self) -> Option<u64> {
        self.head
    }

    /// The same with the number of the block that clients are told.
    #[must_use]
    pub const fn serving(mut self, head: Option<u64>) -> Self {
        self.served = head;
        self
    }

    /// The number of the block that clients are told, while a reader is eligible. A lone reader that
    /// has this block speaks for itself: it knows of the next one before its probes do.
    #[must_use]
    pub fn served(&self) -> Option<u64> {
        let served = self.served?;
        let behind = |seat: &Seat| {
            let head = self.place(*seat).and_then(|place| place.head);
            head.is_none_or(|head| head.number < served)
        };
        match self.line(Pool::Read).eligible.as_slice() {
            [] => None,
            [lone] => Some(served).filter(|_| behind(lone)),
            [_, _, ..] => Some(served),
        }
    }

    /// The place at a seat of this table.
    #[must_use]
    pub fn place(&self, seat: Seat) -> Option<&Place> {
        self.places.get(seat.index())
    }

    /// All places, by seat.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The line of a pool.
    #[must_use]
    pub fn line(&self, pool: Pool) -> &Line {
        // Pool::ALL and the array have the same length, so the default is never taken.
        const EMPTY: &Line = &Line {
            eligible: Vec::new(),
            near: 0,
            rest: Vec::new(),
            median_micros: 0,
        };
        self.lines.get(pool.index()).unwrap_or(EMPTY)
    }

    /// What the ladder may do.
    #[must_use]
    pub const fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// Whether one more backend of this seat's pool may be ejected: at most half of a pool, rounded
    /// down, so that ejections never empty it.
    #[must_use]
    pub fn may_eject(&self, seat: Seat, now: Moment) -> bool {
        let Some(pool) = self.place(seat).and_then(|place| place.pool) else {
            return false;
        };
        let of_pool = self.places.iter().filter(|place| place.pool == Some(pool));
        let (mut all, mut out) = (0_usize, 0_usize);
        for place in of_pool {
            all += 1;
            let ejected = place.vitals.ejection.is_out(now);
            out += usize::from(ejected || place.standing != Standing::Eligible);
        }
        out < all / 2
    }

    /// Lets in again who is ejected of this seat's pool: that seat ought to be ejected too, and the
    /// pool cannot spare both. What is known of those that are out is older, and they may be well.
    pub fn readmit_others(&self, seat: Seat, now: Moment) {
        let pool = self.place(seat).and_then(|place| place.pool);
        let of_pool = |place: &&Place| pool.is_some() && place.pool == pool;
        for place in self.places.iter().filter(of_pool) {
            place.vitals.ejection.readmit(now);
        }
    }
}

fn line(places: &[Place], pool: Pool) -> Line {
    let mut line = Line::default();
    let mut latencies = Vec::new();
    let members = places
        .iter()
        .enumerate()
        .filter(|(_, place)| place.pool == Some(pool) && place.weight > 0);
    for (index, place) in members {
        match place.standing {
            Standing::Eligible => line.eligible.push(Seat::new(index)),
            Standing::Lagging | Standing::Forked | Standing::Down => {
                line.rest.push(Seat::new(index));
            }
            Standing::WrongChain => {}
        }
        latencies.extend(place.vitals.load.latency_micros());
    }
    let place = |seat: &Seat| places.get(seat.index());
    let far = |seat: &Seat| {
        place(seat)
            .and_then(|p| p.lag)
            .is_some_and(|lag| lag > NEAR_BLOCKS)
    };
    line.eligible.sort_by_key(far);
    line.near = line.eligible.partition_point(|seat| !far(seat));
    line.rest
        .sort_by_key(|seat| place(seat).map(|p| (p.standing, p.lag.unwrap_or(u64::MAX))));
    latencies.sort_unstable();
    line.median_micros = latencies.get(latencies.len() / 2).copied().unwrap_or(0);
    line
}

#[cfg(test)]
mod tests;
