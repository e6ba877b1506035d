//! Idle connections to one backend, each worker's apart.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use rules::moment::Moment;

use crate::wire::Wire;

/// Idle connections one worker keeps to one backend.
const IDLE_MAX: usize = 256;
/// A pooled connection is not used any more after this long, so that moved names are followed.
const LIFE: Duration = Duration::from_secs(300);

#[derive(Debug)]
struct Idle {
    wire: Wire,
    since: Moment,
    rest: Duration,
}

/// Idle connections of every worker to one backend.
#[derive(Debug)]
pub struct Pool {
    workers: Box<[Mutex<Vec<Idle>>]>,
}

impl Pool {
    /// Room for so many workers.
    #[must_use]
    pub fn new(workers: usize) -> Self {
        Self {
            workers: (0..workers).map(|_| Mutex::default()).collect(),
        }
    }

    /// The connection used last that is still good; newer ones are warmer and older ones may rest
    /// until they are swept out.
    #[must_use]
    pub fn take(&self, worker: usize, now: Moment) -> Option<Wire> {
        let mut idle = self.lock(worker)?;
        while let Some(mut last) = idle.pop() {
            if is_good(&mut last, now) {
                return Some(last.wire);
            }
        }
        None
    }

    /// Gives a connection back. It may rest for `rest`: the backend must not be the first to close
    /// it, or the next call meets the closing.
    pub fn give(&self, worker: usize, mut wire: Wire, (now, rest): (Moment, Duration)) {
        wire.rest();
        if let Some(mut idle) = self.lock(worker)
            && idle.len() < IDLE_MAX
        {
            idle.push(Idle {
                wire,
                since: now,
                rest,
            });
        }
    }

    /// Drops what has rested too long, on all workers.
    pub fn sweep(&self, now: Moment) {
        for worker in 0..self.workers.len() {
            if let Some(mut idle) = self.lock(worker) {
                idle.retain_mut(|idle| is_good(idle, now));
            }
        }
    }

    fn lock(&self, worker: usize) -> Option<std::sync::MutexGuard<'_, Vec<Idle>>> {
        // Nothing panics while it is held; a poisoned list would still be a good list.
        Some(
            self.workers
                .get(worker)?
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

fn is_good(idle: &mut Idle, now: Moment) -> bool {
    now.since(idle.since) < idle.rest && now.since(idle.wire.born) < LIFE && idle.wire.is_quiet()
}
