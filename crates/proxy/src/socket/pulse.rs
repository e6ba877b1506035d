//! Whether a client is still there: it answers pings, or says anything at all.

/// Pings that may stay unanswered.
const MISSED_MAX: u32 = 2;

/// What was heard of a client since it was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pulse {
    heard: bool,
    missed: u32,
}

/// What to do when it is time for a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Ask.
    Ping,
    /// Nobody listens, so nobody can answer: wait.
    Rest,
    /// The client is gone.
    Gone,
}

impl Pulse {
    /// Something came.
    pub(crate) fn heard(&mut self) {
        self.heard = true;
    }

    /// It is time for a ping. While nothing is read of the client its silence is ours.
    pub(crate) fn beat(&mut self, reads: bool) -> Beat {
        if !reads {
            return Beat::Rest;
        }
        let before = self.missed;
        self.missed = match std::mem::take(&mut self.heard) {
            true => 0,
            false => before + 1,
        };
        match self.missed > MISSED_MAX {
            true => Beat::Gone,
            false => Beat::Ping,
        }
    }
}

#[cfg(test)]
mod tests;
