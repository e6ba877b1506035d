//! The state of one backend: up or down by its probes, behind or not by its lag, with hysteresis.

/// Rounds in a row beyond or within the lag limit that change a backend's state.
pub const LAG_ROUNDS: u32 = 2;

/// Whether a backend answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Link {
    /// No verdict yet; treated as up, so that a start needs no waiting.
    #[default]
    Unknown,
    /// It answers its probes.
    Up,
    /// It does not.
    Down,
}

/// How far behind a backend may be, in blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LagLimits {
    /// More than this for [`LAG_ROUNDS`] is too far behind.
    pub(crate) max: u64,
    /// More than this is too far behind at once.
    pub(crate) at_once: u64,
}

/// What probes and lag made of a backend so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    link: Link,
    failed: u32,
    good: u32,
    lagging: bool,
    beyond: u32,
    within: u32,
}

impl Health {
    /// A probe was answered; `rise` of them in a row bring a backend up.
    pub(crate) fn answered(&mut self, rise: u32) {
        self.failed = 0;
        self.good = self.good.saturating_add(1);
        match self.link {
            Link::Unknown => self.link = Link::Up,
            Link::Down if self.good >= rise => self.link = Link::Up,
            Link::Up | Link::Down => {}
        }
    }

    /// A probe failed; `fall` of them in a row take a backend down.
    pub(crate) fn failed(&mut self, fall: u32) {
        self.good = 0;
        self.failed = self.failed.saturating_add(1);
        if self.failed >= fall {
            self.link = Link::Down;
        }
    }

    /// Clients' connections were refused or reset. They hasten the fall, but the last word is a
    /// probe's: otherwise a client whose call makes nodes hang up could take the whole pool down.
    pub(crate) fn dropped(&mut self, connections: u32, fall: u32) {
        let hastened = self.failed.saturating_add(connections);
        self.failed = self.failed.max(hastened.min(fall.saturating_sub(1)));
    }

    /// One round's lag, in blocks. `may_eject` is false while the chain is halted: a backend may
    /// then come back but is not put out.
    pub(crate) fn lags(&mut self, blocks: u64, limits: LagLimits, may_eject: bool) {
        if blocks <= limits.max {
            self.beyond = 0;
            self.within = self.within.saturating_add(1);
            self.lagging &= self.within < LAG_ROUNDS;
            return;
        }
        self.within = 0;
        if may_eject {
            self.beyond = self.beyond.saturating_add(1);
            self.lagging |= self.beyond >= LAG_ROUNDS || blocks > limits.at_once;
        }
    }

    /// Whether it answers.
    pub(crate) const fn link(&self) -> Link {
        self.link
    }

    /// Whether it is too far behind.
    pub(crate) const fn is_lagging(&self) -> bool {
        self.lagging
    }

    /// Failed probes in a row.
    pub(crate) const fn failures(&self) -> u32 {
        self.failed
    }

    /// Good probes in a row.
    pub(crate) const fn successes(&self) -> u32 {
        self.good
    }
}

#[cfg(test)]
mod tests;
