//! The heads one backend showed: the newest, whether it moves, and where it should be by now.

use std::time::Duration;

use chain::head::Head;

use crate::moment::Moment;
use crate::moment::micros;

/// A backend whose last so many polls failed has no head that counts.
pub(crate) const MISSES_MAX: u32 = 3;

/// A head that jumped is taken for one node's again after this long without a jump.
const STEADY_AFTER: Duration = Duration::from_secs(30);

/// What is known of a backend's heads. Only the last one is kept: a maximum over rounds would pin a
/// single bogus number for ever.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    last: Option<Seen>,
    first_seen: Moment,
    moved: Option<Moment>,
    jumped: Option<Moment>,
    misses: u32,
    fresh: bool,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    head: Head,
    at: Moment,
    /// Blocks gained since the head before.
    gained: u64,
}

impl Track {
    /// A poll showed this head. Returns whether it is more than `jump` blocks from the one before,
    /// up or down.
    pub(crate) fn saw(&mut self, head: Head, jump: u64, now: Moment) -> bool {
        let before = self.last.map(|seen| seen.head);
        self.misses = 0;
        self.fresh = true;
        if before.is_none() {
            self.first_seen = now;
        }
        if before.is_some_and(|old| head.number > old.number || head.hash != old.hash) {
            self.moved = Some(now);
        }
        let old = before.map_or(head.number, |old| old.number);
        self.last = Some(Seen {
            head,
            at: now,
            gained: head.number.saturating_sub(old),
        });
        let jumped = head.number.abs_diff(old) > jump;
        if jumped {
            self.jumped = Some(now);
        }
        jumped
    }

    /// A poll failed.
    pub(crate) fn missed(&mut self) {
        self.misses = self.misses.saturating_add(1);
    }

    /// The newest head, if one of the last [`MISSES_MAX`] polls showed one.
    pub(crate) fn head(&self) -> Option<Head> {
        let seen = self.last.filter(|_| self.misses < MISSES_MAX)?;
        Some(seen.head)
    }

    /// When the newest head was seen.
    pub(crate) fn seen_at(&self) -> Option<Moment> {
        self.last.map(|seen| seen.at)
    }

    /// Whether so many polls failed that nothing is known any more.
    pub(crate) const fn is_silent(&self) -> bool {
        self.misses >= MISSES_MAX
    }

    /// Where the head should be by now: a rarely polled backend is not behind merely because it was
    /// not asked. It is given no more blocks than it gained between its last two polls, so that a
    /// stopped chain or a wrong block time does not carry the guess away.
    pub(crate) fn expected(&self, now: Moment, block_time: Duration) -> Option<u64> {
        let seen = self.last?;
        let blocks = micros(now.since(seen.at)) / micros(block_time).max(1);
        Some(seen.head.number.saturating_add(blocks.min(seen.gained)))
    }

    /// Whether the head moved within the window before the last poll. A time in which nobody asked
    /// does not make it stand still.
    pub(crate) fn moves(&self, window: Duration) -> bool {
        let seen = self.last.zip(self.moved);
        seen.is_some_and(|(last, moved)| last.at.since(moved) <= window)
    }

    /// Whether the head has gone from block to block for a while, as one node's head does.
    pub(crate) fn is_steady(&self, now: Moment) -> bool {
        self.jumped
            .is_none_or(|jumped| now.since(jumped) > STEADY_AFTER)
    }

    /// Whether it has been watched for so long that standing still means something.
    pub(crate) fn watched(&self, window: Duration) -> bool {
        self.last
            .is_some_and(|last| last.at.since(self.first_seen) > window)
    }

    /// Whether a head came in since this was last asked.
    pub(crate) const fn take_fresh(&mut self) -> bool {
        let fresh = self.fresh;
        self.fresh = false;
        fresh
    }
}

#[cfg(test)]
mod tests;
