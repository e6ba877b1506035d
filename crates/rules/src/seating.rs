//! From a judgement to a table: who sits where, and what the fallback ladder may do.

use std::sync::Arc;

use crate::ids::Pool;
use crate::ids::Seat;
use crate::member::Spec;
use crate::table::Ladder;
use crate::table::Place;
use crate::table::Stale;
use crate::table::Table;
use crate::verdict::Judgement;
use crate::vitals::Vitals;

/// What the configuration says of the fallback ladder.
#[derive(Clone, Debug)]
pub struct Rungs {
    /// Pools the leader serves when they have nobody.
    pub leader_serves: Vec<Pool>,
    /// Calls the leader takes at a time.
    pub leader_calls_max: u32,
    /// Which calls the least bad backend gets.
    pub stale: Stale,
}

/// The table of this moment. Specs, verdicts and vitals belong together by index, and so does the
/// seat of a backend; a backend without a verdict or vitals gets no place, nor do those after it.
#[must_use]
pub fn table(
    specs: &[Spec],
    judgement: &Judgement,
    vitals: &[Arc<Vitals>],
    rungs: &Rungs,
) -> Table {
    let places = specs.iter().zip(&judgement.verdicts).zip(vitals);
    let places = places.map(|((spec, verdict), vitals)| Place {
        id: spec.id.clone(),
        pool: spec.pool,
        weight: spec.weight,
        standing: verdict.standing,
        head: verdict.head,
        lag: verdict.lag_blocks,
        returned: verdict.returned,
        vitals: Arc::clone(vitals),
    });
    let leader = specs.iter().position(|spec| spec.leader).map(Seat::new);
    let ladder = Ladder {
        leader: leader.filter(|_| judgement.leader_usable),
        leader_serves: rungs.leader_serves.clone(),
        leader_calls_max: rungs.leader_calls_max,
        leader_first: judgement.leader_first,
        stale: rungs.stale,
    };
    let head = judgement.reference.map(|reference| reference.number);
    Table::new(places.collect(), ladder).measured_against(head)
}

#[cfg(test)]
mod tests;
