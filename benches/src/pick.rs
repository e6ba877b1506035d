//! The time of one pick among few and among many backends: it must not grow with their number.

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use fastrand::Rng;
use rules::ids::BackendId;
use rules::ids::Pool;
use rules::method::HeadNeed;
use rules::method::Label;
use rules::moment::Moment;
use rules::pick;
use rules::pick::Wish;
use rules::table::Ladder;
use rules::table::Place;
use rules::table::Standing;
use rules::table::Table;
use rules::vitals::Vitals;

use crate::arguments::Pick;
use crate::figures::Spread;
use crate::say;

/// How many backends there are in turn.
const SIZES: [usize; 4] = [3, 10, 100, 1000];
/// Picks of one turn; long enough for a clock, short enough that a turn is rarely disturbed.
const PICKS: u32 = 20_000;
/// A pick among the most backends may take this many times that among the fewest.
const TIMES_MAX: f64 = 2.0;
const SEED: u64 = 7;

/// What picking among so many backends takes, in nanoseconds.
#[derive(Debug)]
struct Speed {
    backends: usize,
    nanos: Spread,
}

/// Measures and says it; exit code 1 when picking gets slower with the number of backends.
pub(crate) fn run(wanted: &Pick) -> ExitCode {
    let speeds = measure(wanted.rounds, PICKS);
    say::line(&format!("{:>8} {:>22}", "backends", "ns per pick (range)"));
    for Speed { backends, nanos } in &speeds {
        let Spread {
            least,
            median,
            most,
        } = nanos;
        say::line(&format!(
            "{backends:>8} {:>22}",
            format!("{median:.1} ({least:.1}–{most:.1})")
        ));
    }
    let times = growth(&speeds);
    // Written so that a ratio that is no number breaks the bound too.
    if times <= TIMES_MAX {
        say::line(&format!(
            "A pick among the most takes {times:.2} × one among the fewest; the limit is {TIMES_MAX}."
        ));
        ExitCode::SUCCESS
    } else {
        say::line(&format!(
            "BROKEN: A pick among the most takes {times:.2} × one among the fewest, more than {TIMES_MAX}."
        ));
        ExitCode::FAILURE
    }
}

/// Every size gets a turn in every round, so that what disturbs the machine disturbs all.
fn measure(rounds: u32, picks: u32) -> Vec<Speed> {
    let tables = SIZES.map(table);
    let mut rng = Rng::with_seed(SEED);
    let mut turns = SIZES.map(|_| Vec::new());
    for _ in 0..rounds {
        for (table, nanos) in tables.iter().zip(&mut turns) {
            nanos.push(turn(table, picks, &mut rng));
        }
    }
    let speeds = SIZES.into_iter().zip(turns);
    speeds
        .map(|(backends, nanos)| Speed {
            backends,
            nanos: Spread::of(nanos),
        })
        .collect()
}

/// How many times longer a pick takes among the most backends than among the fewest.
fn growth(speeds: &[Speed]) -> f64 {
    let median = |speed: Option<&Speed>| speed.map_or(f64::NAN, |speed| speed.nanos.median);
    median(speeds.last()) / median(speeds.first())
}

/// Nanoseconds per pick.
fn turn(table: &Table, picks: u32, rng: &mut Rng) -> f64 {
    let now = Moment::from_micros(1_000_000);
    let wish = Wish {
        method: Label::OTHER,
        pool: Pool::Read,
        head: HeadNeed::Bound,
        tried: &[],
    };
    let begun = Instant::now();
    for _ in 0..picks {
        black_box(pick::read(black_box(table), &wish, rng.u64(..), now));
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(picks)
}

/// A pool of healthy backends that differ in latency, as real ones do.
fn table(backends: usize) -> Table {
    let mut rng = Rng::with_seed(SEED);
    let places = (0..backends).map(|index| {
        let vitals = Vitals::default();
        vitals
            .load
            .answered(Duration::from_micros(rng.u64(500..5000)), Moment::ZERO);
        Place {
            id: BackendId::new(&format!("read-{index}")),
            pool: Some(Pool::Read),
            weight: 1,
            standing: Standing::Eligible,
            head: None,
            lag: Some(0),
            returned: None,
            vitals: Arc::new(vitals),
        }
    });
    Table::new(places.collect(), Ladder::default())
}

#[cfg(test)]
mod tests;
