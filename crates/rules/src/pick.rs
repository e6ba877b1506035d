//! Who gets the next try: two dice and the lower cost for reads, one miner per client for sends.

use std::time::Duration;

use crate::ids::Pool;
use crate::ids::Seat;
use crate::method::HeadNeed;
use crate::method::Label;
use crate::moment::Moment;
use crate::table::Place;
use crate::table::Stale;
use crate::table::Table;

/// A backend that came back takes this long to get its full share again.
pub const SLOW_START: Duration = Duration::from_secs(30);
/// The share a returning backend starts with.
const SLOW_START_SHARE: f64 = 0.1;

/// The step of the fallback ladder that a backend was found on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// An eligible backend of the pool.
    Eligible,
    /// The leader, because the pool has nobody.
    Leader,
    /// The least bad backend of the pool.
    LeastBad,
}

impl Step {
    /// Every step, in the order of [`Step::index`].
    pub const ALL: [Self; 3] = [Self::Eligible, Self::Leader, Self::LeastBad];

    /// The step's name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Leader => "leader",
            Self::LeastBad => "least_bad",
        }
    }

    /// A small number for arrays with one place per step.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Who was picked, and on which step of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picked {
    /// Its seat in the table.
    pub seat: Seat,
    /// The step it stands on.
    pub step: Step,
}

/// What a pick is for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The pool the call belongs to.
    pub pool: Pool,
    /// Whether its answer depends on the head.
    pub head: HeadNeed,
    /// Its method: who said that it does not have it is asked after the others.
    pub method: Label,
    /// Seats that had their try already.
    pub tried: &'a [Seat],
}

/// Picks for a read. `dice` are 64 random bits.
#[must_use]
pub fn read(table: &Table, wish: &Wish<'_>, dice: u64, now: Moment) -> Option<Picked> {
    let line = table.line(wish.pool);
    let (near, far) = line
        .eligible
        .split_at_checked(line.near)
        .unwrap_or((&line.eligible, &[]));
    let draw = |pass| Draw {
        table,
        wish,
        pass,
        dice,
        now,
    };
    let two = |pass| {
        let draw = draw(pass);
        eligible(draw.two(near).or_else(|| draw.two(far))?)
    };
    let leader_first = || {
        if table.ladder().leader_first {
            leader(table, wish)
        } else {
            None
        }
    };
    leader_first()
        .or_else(|| two(Pass::Good))
        .or_else(|| two(Pass::Lacking))
        // Everybody eligible is ejected, rests or was tried: one of those is better than none. They
        // share the work, because all of it would be too much for the first of them.
        .or_else(|| two(Pass::Any))
        .or_else(|| fallback(table, wish))
}

/// Picks for a send: the same client meets the same miner as long as that miner is up, so that its
/// nonces arrive in order (rendezvous hashing). `client` is a hash of the verified client.
#[must_use]
pub fn send(table: &Table, wish: &Wish<'_>, client: u64, now: Moment) -> Option<Picked> {
    let line = table.line(wish.pool);
    let open = |place: &Place| !place.vitals.ejection.is_out(now);
    let ready = |place: &Place| {
        let vitals = &place.vitals;
        vitals.sending.is_ready(now) && !vitals.lacks.has(wish.method, now)
    };
    let best = |good: &dyn Fn(&Place) -> bool| {
        let untried = line
            .eligible
            .iter()
            .filter(|seat| !wish.tried.contains(seat));
        untried
            .filter_map(|seat| Some((*seat, table.place(*seat)?)))
            .filter(|(_, place)| good(place))
            .max_by_key(|(_, place)| mix(client ^ name_hash(place.id.as_str())))
            .map(|(seat, _)| seat)
    };
    best(&|place| ready(place) && open(place))
        // A miner whose calls fail may still take this one; one that is not ready will not.
        .or_else(|| best(&ready))
        .or_else(|| best(&open))
        .or_else(|| best(&|_| true))
        .and_then(eligible)
        .or_else(|| fallback(table, wish))
}

fn eligible(seat: Seat) -> Option<Picked> {
    Some(Picked {
        seat,
        step: Step::Eligible,
    })
}

fn fallback(table: &Table, wish: &Wish<'_>) -> Option<Picked> {
    leader(table, wish).or_else(|| {
        let allowed = match table.ladder().stale {
            Stale::Serve => true,
            Stale::HeadFree => wish.head == HeadNeed::Free,
        };
        let rest = &table.line(wish.pool).rest;
        let seat = first(rest, |seat| allowed && !wish.tried.contains(&seat))?;
        Some(Picked {
            seat,
            step: Step::LeastBad,
        })
    })
}

fn leader(table: &Table, wish: &Wish<'_>) -> Option<Picked> {
    let ladder = table.ladder();
    let seat = ladder.leader.filter(|seat| !wish.tried.contains(seat))?;
    let place = table.place(seat)?;
    let free = place.vitals.load.in_flight() < ladder.leader_calls_max;
    (free && ladder.leader_serves.contains(&wish.pool)).then_some(Picked {
        seat,
        step: Step::Leader,
    })
}

fn first(seats: &[Seat], good: impl Fn(Seat) -> bool) -> Option<Seat> {
    seats.iter().copied().find(|seat| good(*seat))
}

/// Who counts in one pass over a pool. Each pass takes in those of the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Those with nothing against them.
    Good,
    /// And those that said they lack the method.
    Lacking,
    /// And those that are ejected or rest.
    Any,
}

/// One draw for a read.
struct Draw<'a> {
    table: &'a Table,
    wish: &'a Wish<'a>,
    pass: Pass,
    dice: u64,
    now: Moment,
}

impl Draw<'_> {
    fn counts(&self, seat: Seat, place: &Place) -> bool {
        let vitals = &place.vitals;
        let good = match self.pass {
            Pass::Good => {
                !vitals.ejection.is_out(self.now) && !vitals.lacks.has(self.wish.method, self.now)
            }
            Pass::Lacking => !vitals.ejection.is_out(self.now),
            Pass::Any => true,
        };
        good && !self.wish.tried.contains(&seat)
    }

    /// The cheaper of two seats drawn by chance; constant time however many there are, unless most
    /// of them do not count.
    fn two(&self, seats: &[Seat]) -> Option<Seat> {
        let count = u64::try_from(seats.len()).ok().filter(|count| *count > 0)?;
        let low = self.dice & u64::from(u32::MAX);
        let high = self.dice >> 32;
        let one = usize::try_from((low * count) >> 32).ok()?;
        // The second is drawn from the others, so that two seats are always two.
        let step = 1 + usize::try_from((high * (count - 1).max(1)) >> 32).ok()?;
        let median = self.table.line(self.wish.pool).median_micros;
        let open = |start: usize, drawn: Option<Seat>| {
            let (before, from) = seats.split_at_checked(start)?;
            from.iter().chain(before).copied().find_map(|seat| {
                let place = self.table.place(seat)?;
                (drawn != Some(seat) && self.counts(seat, place)).then_some((seat, place))
            })
        };
        let (first, place_one) = open(one, None)?;
        // Nor may walking past an ejected seat end at the first again: a failing one would be taken
        // whatever it costs.
        let Some((second, place_two)) = open((one + step) % seats.len(), Some(first)) else {
            return Some(first);
        };
        let dearer = cost(place_two, median, self.now) < cost(place_one, median, self.now);
        Some(if dearer { second } else { first })
    }
}

/// (in flight + 1) × latency ÷ weight; a backend without an estimate counts as the pool's median.
fn cost(place: &Place, median_micros: u32, now: Moment) -> f64 {
    let load = &place.vitals.load;
    let latency = load.expected_micros(now).unwrap_or(median_micros).max(1);
    let share = place.returned.map_or(1.0, |returned| {
        let grown = now.since(returned).as_secs_f64() / SLOW_START.as_secs_f64();
        grown.clamp(SLOW_START_SHARE, 1.0)
    });
    let weight = f64::from(place.weight) * share;
    (f64::from(load.in_flight()) + 1.0) * f64::from(latency) / weight
}

/// FNV-1a: the same on every replica and in every build, which the standard hasher does not promise.
fn name_hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A finaliser that spreads every input bit over the whole word (splitmix64).
const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests;
