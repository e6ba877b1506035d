//! Room for requests to nodes by kind of work, so that one kind never takes the room of another.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use config::checked::Limits;
use rules::ids::Pool;
use rules::method::Duty;

/// A kind of work. Heavy calls are a kind of their own even where the read pool serves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// What the read pool does quickly.
    Read,
    /// What takes long.
    Heavy,
    /// What is a miner's.
    Write,
}

impl Work {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Read, Self::Heavy, Self::Write];

    /// The kind of a call.
    #[must_use]
    pub const fn of(pool: Pool, duty: Duty) -> Self {
        match (duty, pool) {
            (Duty::Heavy, _) => Self::Heavy,
            (Duty::Send, _) | (Duty::Read, Pool::Write) => Self::Write,
            (Duty::Read, Pool::Read | Pool::Heavy | Pool::Antelope | Pool::Ws) => Self::Read,
        }
    }

    const fn berths(self, limits: &Limits) -> u32 {
        match self {
            Self::Read => limits.read_calls,
            Self::Heavy => limits.heavy_calls,
            Self::Write => limits.write_calls,
        }
    }
}

/// Requests under way, by kind, over all workers.
#[derive(Debug, Default)]
pub struct Bulkheads {
    read: Arc<AtomicU32>,
    heavy: Arc<AtomicU32>,
    write: Arc<AtomicU32>,
}

impl Bulkheads {
    /// Room for one request; none when its kind has taken all there is.
    #[must_use]
    pub fn enter(&self, work: Work, limits: &Limits) -> Option<Berth> {
        let berth = Berth(Arc::clone(self.of(work)));
        let before = berth.0.fetch_add(1, Relaxed);
        // Dropped when it is one too many, the berth gives back what was taken.
        (before < work.berths(limits)).then_some(berth)
    }

    /// Requests of a kind that are under way.
    #[must_use]
    pub fn busy(&self, work: Work) -> u32 {
        self.of(work).load(Relaxed)
    }

    const fn of(&self, work: Work) -> &Arc<AtomicU32> {
        match work {
            Work::Read => &self.read,
            Work::Heavy => &self.heavy,
            Work::Write => &self.write,
        }
    }
}

/// The room of one request; given back when dropped.
#[derive(Debug)]
pub struct Berth(Arc<AtomicU32>);

impl Drop for Berth {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests;
