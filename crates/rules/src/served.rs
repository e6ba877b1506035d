//! The served head: the one block number that clients are told, which does not step back by itself.

use chain::head::BlockHash;
use chain::head::Head;

use crate::ids::BackendId;
use crate::ids::Pool;
use crate::table::Place;
use crate::table::Standing;
use crate::table::Table;

/// Rounds in a row in which nobody shows the served head before it may step back: a backend whose
/// address leads to two nodes in turn is no rollback.
const BACK_ROUNDS: u32 = 3;
/// Backends that must agree on a step back, where so many are configured.
const WITNESSES: usize = 2;

/// How many eligible backends must have a block before it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// Two, or all where there are fewer.
    Two,
    /// Half of them, rounded up.
    Half,
    /// One.
    Any,
}

impl Advance {
    fn of(self, eligible: usize) -> usize {
        match self {
            Self::Two => eligible.min(2),
            Self::Half => eligible.div_ceil(2),
            Self::Any => eligible.min(1),
        }
    }
}

/// A block that is served as the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: BlockHash,
}

impl From<Head> for Mark {
    fn from(head: Head) -> Self {
        Self {
            number: head.number,
            hash: head.hash,
        }
    }
}

/// A block of the served head's number or below takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Back {
    /// What was served.
    pub from: Mark,
    /// What is served now.
    pub to: Mark,
}

/// The served head through the rounds. It is handed the table of each.
#[derive(Clone, Debug, Default)]
pub struct Served {
    mark: Option<Mark>,
    /// Who has shown the served number or a higher one, and so can tell that it is gone.
    had: Vec<BackendId>,
    /// Rounds in a row in which nobody showed it and enough said that it is gone.
    gone: u32,
}

impl Served {
    /// What is served; `None` until enough backends have shown a head.
    #[must_use]
    pub const fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// Takes a round into account; says if the served head stepped back. Backends more than `far`
    /// blocks from it can never have been counted beside it: its number was a lie, or they are
    /// another history.
    pub fn look(&mut self, table: &Table, advance: Advance, far: u64) -> Option<Back> {
        let limit = table.head().map_or(0, |head| head.saturating_add(far));
        let believed = |head: &Head| head.number > 0 && head.number <= limit;
        let counted = counted(table);
        let mut heads: Vec<Head> = counted.iter().filter_map(|place| place.head).collect();
        heads.retain(believed);
        heads.sort_by_key(|head| std::cmp::Reverse(head.number));
        let needed = advance.of(counted.len());
        let newest = heads.get(needed.checked_sub(1)?).copied().map(Mark::from)?;
        let Some(mark) = self.mark.filter(|mark| newest.number <= mark.number) else {
            self.serve(newest, table);
            return None;
        };
        self.remember(mark, table);
        if !self.is_gone(mark, table, far) {
            self.gone = 0;
            return None;
        }
        self.gone += 1;
        if self.gone < BACK_ROUNDS {
            return None;
        }
        self.serve(newest, table);
        Some(Back {
            from: mark,
            to: newest,
        })
    }

    fn serve(&mut self, mark: Mark, table: &Table) {
        self.mark = Some(mark);
        self.gone = 0;
        self.had.clear();
        self.remember(mark, table);
    }

    fn remember(&mut self, mark: Mark, table: &Table) {
        for (place, head) in witnesses(table) {
            if head.number >= mark.number && !self.had.contains(&place.id) {
                self.had.push(place.id.clone());
            }
        }
    }

    /// Whether nobody shows the mark or a later block, and enough of those who did have another block
    /// in its place or none. Who never came near it is late, and tells nothing.
    fn is_gone(&self, mark: Mark, table: &Table, far: u64) -> bool {
        let shown = |head: Head| head.number > mark.number || Mark::from(head) == mark;
        if witnesses(table).any(|(_, head)| shown(head)) {
            return false;
        }
        let tells = |(place, head): &(&Place, Head)| {
            self.had.contains(&place.id) || mark.number.saturating_sub(head.number) > far
        };
        let configured = table.places().iter().filter(|place| may_witness(place));
        let needed = configured.count().clamp(1, WITNESSES);
        witnesses(table).filter(tells).count() >= needed
    }
}

/// Who must have a block before it is served: the eligible readers, or the leader in their place.
fn counted(table: &Table) -> Vec<&Place> {
    let line = &table.line(Pool::Read).eligible;
    let leader = table.ladder().leader.filter(|_| line.is_empty());
    let seats = line.iter().chain(&leader);
    seats.filter_map(|seat| table.place(*seat)).collect()
}

fn may_witness(place: &Place) -> bool {
    // A backend without a pool is the leader.
    matches!(place.pool, None | Some(Pool::Read))
}

fn witnesses(table: &Table) -> impl Iterator<Item = (&Place, Head)> {
    let places = table.places().iter();
    places
        .filter(|place| may_witness(place) && place.standing == Standing::Eligible)
        .filter_map(|place| Some((place, place.head?)))
}

#[cfg(test)]
mod tests;
