//! Whether the leader's word counts, and what it would do to whole pools.

use std::time::Duration;

use crate::health::Link;
use crate::ids::Pool;
use crate::member::Limits;
use crate::member::Member;
use crate::moment::Moment;
use crate::proof::Claim;
use crate::proof::Voice;
use crate::verdict::Doubt;
use crate::verdict::Reference;
use crate::verdict::Source;

/// A leader whose head is further ahead of the wall clock is not believed.
const AHEAD_OF_CLOCK_MAX: Duration = Duration::from_secs(30);
/// Pools whose backends show heads.
const POOLS_WITH_HEADS: [Pool; 2] = [Pool::Read, Pool::Heavy];

/// The leader among the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leader<'a> {
    /// Its index among the specs.
    pub(crate) at: usize,
    /// What is known of it.
    pub(crate) member: &'a Member,
    /// Whether it is proved to be on another chain.
    pub(crate) wrong: bool,
    /// The height at which it was found on a minority fork.
    pub(crate) forked: Option<u64>,
    /// The heads that count, its own among them.
    pub(crate) voices: &'a [Voice],
    /// The limits of the fleet.
    pub(crate) limits: &'a Limits,
}

impl Leader<'_> {
    /// Its word while it is plausible; else why not, or nothing if it was not heard yet.
    pub(crate) fn word(
        &self,
        vote: Option<Reference>,
        now: Moment,
        wall: u64,
    ) -> Result<Reference, Option<Doubt>> {
        let track = &self.member.track;
        // Down for all its newest poll says: one good poll after three failures is not enough.
        if track.is_silent() || self.member.health.link() == Link::Down {
            return Err(Some(Doubt::LeaderSilent));
        }
        let head = track.head().ok_or(None)?;
        if self.wrong {
            return Err(Some(Doubt::LeaderOnAnotherChain));
        }
        if let Some(height) = self.forked {
            return Err(Some(Doubt::LeaderForked(height)));
        }
        if head.number == 0 {
            return Err(Some(Doubt::LeaderAtZero));
        }
        if let Some(seconds) = ahead_of_clock(head.timestamp, wall) {
            return Err(Some(Doubt::LeaderAheadOfClock(seconds)));
        }
        let number = self.by_now(head.number, now);
        // A leader that stays behind what others confirm hides laggards and serves old answers.
        let behind = vote.map_or(0, |vote| vote.number.saturating_sub(number));
        if behind > self.limits.max_lag {
            return Err(Some(Doubt::LeaderBehind(behind)));
        }
        Ok(Reference {
            number,
            timestamp: head.timestamp,
            source: Source::Leader(self.at),
        })
    }

    /// Its head between two polls. The guess tells laggards from the others, but never claims a
    /// block that nobody has shown. What only one has shown may be a lie, so on that it never goes
    /// so far that whoever has the leader's own last block would be behind.
    fn by_now(&self, number: u64, now: Moment) -> u64 {
        let others = self.voices.iter().filter(|voice| voice.at != self.at);
        let (highest, second) = others.fold((0, 0), |(highest, second), voice| {
            let lower = voice.number.min(highest);
            (voice.number.max(highest), second.max(lower))
        });
        let alone = number.saturating_add(self.limits.max_lag / 2);
        let guess = self.member.track.expected(now, self.limits.block_time);
        let guess = guess.unwrap_or(number);
        guess.min(highest).min(second.max(alone)).max(number)
    }

    /// What its word would do to whole pools: nothing, if every pool keeps somebody besides it.
    pub(crate) fn claim(
        &self,
        word: Reference,
        pool_of: impl Fn(usize) -> Option<Pool>,
    ) -> Option<Claim> {
        let claimant = *self.voices.iter().find(|voice| voice.at == self.at)?;
        let members = |pool: &Pool| -> Vec<Voice> {
            let others = self.voices.iter().filter(|voice| voice.at != self.at);
            others
                .filter(|voice| pool_of(voice.at) == Some(*pool))
                .copied()
                .collect()
        };
        let within =
            |voice: &Voice| word.number.saturating_sub(voice.number) <= self.limits.max_lag;
        let groups: Vec<Vec<Voice>> = POOLS_WITH_HEADS
            .iter()
            .map(members)
            .filter(|group| !group.is_empty() && !group.iter().any(within))
            .collect();
        (!groups.is_empty()).then_some(Claim { claimant, groups })
    }
}

/// Seconds that a timestamp is ahead of the wall clock, if that is more than clocks may differ.
pub(crate) fn ahead_of_clock(timestamp: u64, wall: u64) -> Option<u64> {
    let ahead = timestamp.saturating_sub(wall);
    (ahead > AHEAD_OF_CLOCK_MAX.as_secs()).then_some(ahead)
}

#[cfg(test)]
mod tests;
