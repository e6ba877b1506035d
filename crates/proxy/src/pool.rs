//! Idle connections to one backend, each worker's apart.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use rules::moment::Moment;

/// Idle connections one worker keeps to one backend.
const IDLE_MAX: usize = 256;
/// A pooled connection is not used any more after this long, so that moved names are followed.
const LIFE: Duration = Duration::from_secs(300);

/// The sending half of an open connection.
pub type Sender = SendRequest<Full<Bytes>>;

/// A connection that can carry a request.
#[derive(Debug)]
pub struct Connection {
    /// Its sending half.
    pub sender: Sender,
    /// When it was opened.
    pub born: Moment,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
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
    pub fn take(&self, worker: usize, now: Moment) -> Option<Connection> {
        let mut idle = self.lock(worker)?;
        // One that has just carried an answer may need another turn of its task; it is left alone.
        let ready = idle
            .iter()
            .rposition(|idle| good(idle, now) && idle.connection.sender.is_ready());
        ready.map(|place| idle.remove(place).connection)
    }

    /// Gives a connection back. It may rest for `rest`: the backend must not be the first to close
    /// it, or the next call meets the closing.
    pub fn give(&self, worker: usize, connection: Connection, (now, rest): (Moment, Duration)) {
        if connection.sender.is_closed() {
            return;
        }
        if let Some(mut idle) = self.lock(worker)
            && idle.len() < IDLE_MAX
        {
            idle.push(Idle {
                connection,
                since: now,
                rest,
            });
        }
    }

    /// Drops what has rested too long, on all workers.
    pub fn sweep(&self, now: Moment) {
        for worker in 0..self.workers.len() {
            if let Some(mut idle) = self.lock(worker) {
                idle.retain(|idle| good(idle, now));
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

fn good(idle: &Idle, now: Moment) -> bool {
    !idle.connection.sender.is_closed()
        && now.since(idle.since) < idle.rest
        && now.since(idle.connection.born) < LIFE
}
