//! Which head the others are measured against when no leader's word counts: the vote of the heads.

use crate::proof::Claim;
use crate::proof::Voice;

/// How a vote went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    /// The highest head that counts.
    pub(crate) top: Voice,
    /// The head that confirms it: the highest other one that counts and is not above it.
    pub(crate) second: Option<Voice>,
    /// The top is so far above its second that nobody confirms it: it has to prove this.
    pub(crate) contested: Option<Claim>,
}

impl Vote {
    /// The head that won: the highest that a second one confirms, or a top that proved itself.
    pub(crate) fn winner(&self, proved: bool) -> Voice {
        match (self.second, &self.contested) {
            (None, _) => self.top,
            (Some(_), Some(_)) if proved => self.top,
            (Some(second), _) => second,
        }
    }
}

/// Counts the heads. Only those that moved of late count, unless none moved: two nodes frozen on the
/// same dead source confirm each other, but not against a living one. A lone moving head is measured
/// against the others below it, whether they move or not.
pub(crate) fn vote(voices: &[Voice], max_lag: u64) -> Option<Vote> {
    // Block 0 is what a node says that knows nothing yet: it confirms nobody and leads nobody.
    let voices: Vec<Voice> = voices
        .iter()
        .filter(|voice| voice.number > 0)
        .copied()
        .collect();
    let movers = voices.iter().filter(|voice| voice.moved).count();
    let counts = |voice: &&Voice| voice.moved || movers == 0;
    let top = *voices
        .iter()
        .filter(counts)
        .max_by_key(|voice| voice.number)?;
    let below = |voice: &&Voice| voice.at != top.at && voice.number <= top.number;
    let second = voices
        .iter()
        .filter(below)
        .filter(|voice| counts(voice) || movers == 1)
        .max_by_key(|voice| voice.number)
        .copied();
    // A lone head is a single voice: it puts nobody out before it has shown a block that the others
    // cannot have, on top of their history.
    let alone = second.is_some_and(|second| top.number - second.number > max_lag);
    let contested = alone.then(|| Claim {
        claimant: top,
        groups: vec![voices.iter().filter(below).copied().collect()],
    });
    Some(Vote {
        top,
        second,
        contested,
    })
}

#[cfg(test)]
mod tests;
