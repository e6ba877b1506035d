//! A batch taken apart: legs that go to one pool each, without losing anybody's place.

use crate::ids::Pool;
use crate::method::Class;
use crate::method::Duty;
use crate::method::HeadNeed;

/// The part of a batch that goes to one pool in one request, or a row of sends to one miner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Where it goes.
    pub pool: Pool,
    /// Sends go one after another, each in a request of its own; everything else goes together.
    pub duty: Duty,
    /// Free only when every member is.
    pub head: HeadNeed,
    /// Places of its calls in the client's batch, in the client's order.
    pub members: Vec<usize>,
}

/// Plans the legs of a batch: `classes` gives the place of each call to be forwarded with its class.
/// Legs of reads hold at most `leg_calls_max` calls; all sends to one pool stay in one leg, because
/// they must reach one miner in order.
#[must_use]
pub fn legs(classes: impl Iterator<Item = (usize, Class)>, leg_calls_max: usize) -> Vec<Leg> {
    let mut legs: Vec<Leg> = Vec::new();
    for (place, class) in classes {
        let open = legs.iter_mut().rev().find(|leg| {
            let room = class.duty == Duty::Send || leg.members.len() < leg_calls_max;
            leg.pool == class.pool && leg.duty == class.duty && room
        });
        match open {
            Some(leg) => {
                leg.members.push(place);
                if class.head == HeadNeed::Bound {
                    leg.head = HeadNeed::Bound;
                }
            }
            None => legs.push(Leg {
                pool: class.pool,
                duty: class.duty,
                head: class.head,
                members: vec![place],
            }),
        }
    }
    legs
}

#[cfg(test)]
mod tests;
