//! Which chain this fleet is on, and when to ask a backend for its chain id.

use std::time::Duration;

use crate::moment::Moment;

/// Backends are asked again after this long.
const ASK_EVERY: Duration = Duration::from_secs(600);
/// While chain ids differ, a backend is asked again after this long, so that a mended one returns.
const ASK_EVERY_IN_DOUBT: Duration = Duration::from_secs(10);

/// What a backend said of its chain.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    said: Option<u64>,
    heard: Option<Moment>,
    due: bool,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            said: None,
            heard: None,
            due: true,
        }
    }
}

impl Identity {
    /// It answered; `None` when it lacks the method, which proves nothing and changes nothing.
    pub(crate) fn answered(&mut self, said: Option<u64>, now: Moment) {
        self.said = said.or(self.said);
        self.heard = Some(now);
        self.due = false;
    }

    /// Something happened after which another node may stand at the same address.
    pub(crate) const fn ask_soon(&mut self) {
        self.due = true;
    }

    /// Its last word, even if it is down now: a chain id proved wrong stays wrong until it says
    /// otherwise.
    pub(crate) const fn said(&self) -> Option<u64> {
        self.said
    }

    /// Whether it is time to ask.
    pub(crate) fn wants(&self, in_doubt: bool, now: Moment) -> bool {
        let every = if in_doubt {
            ASK_EVERY_IN_DOUBT
        } else {
            ASK_EVERY
        };
        self.due || self.heard.is_none_or(|heard| now.since(heard) >= every)
    }
}

/// The chain the fleet is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// This one, by configuration or majority.
    Id(u64),
    /// Nobody has said enough.
    Unknown,
    /// Backends contradict each other and neither side is more: nobody is proved wrong, or a tie
    /// would put everybody out.
    Tied,
}

/// Which chain id is right: the configured one, else what more than half of those who ever spoke
/// say, if they are at least two. One voice alone proves nobody wrong.
pub(crate) fn expected(configured: Option<u64>, words: &[Option<u64>]) -> Expected {
    if let Some(id) = configured {
        return Expected::Id(id);
    }
    let said = || words.iter().flatten();
    let votes = |id: u64| said().filter(|other| **other == id).count();
    let all = said().count();
    match said().copied().max_by_key(|id| votes(*id)) {
        None => Expected::Unknown,
        Some(id) if votes(id) >= 2 && 2 * votes(id) > all => Expected::Id(id),
        Some(id) if votes(id) == all => Expected::Unknown,
        Some(_) => Expected::Tied,
    }
}

#[cfg(test)]
mod tests;
