//! Names and the addresses behind them: looked up when somebody dials, remembered for a while, and never
//! looked up twice at once.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use rules::moment::Moment;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::tasks;

/// Addresses are believed this long, so that a backend that moved is found again.
const FRESH: Duration = Duration::from_secs(30);
/// While the name cannot be looked up, old addresses are used this long.
const USABLE: Duration = Duration::from_secs(300);
/// Between two look-ups of one name, however many dial in vain.
const REST: Duration = Duration::from_secs(1);
/// Whoever dials waits no longer than this for a look-up while there are old addresses.
const PATIENCE: Duration = Duration::from_millis(500);

/// Who knows the addresses behind a name.
#[derive(Clone, Debug)]
pub enum Resolver {
    /// The machine: `/etc/hosts`, DNS, whatever it is set up for.
    System,
    /// A test.
    #[cfg(test)]
    Book(tests::Book),
}

impl Resolver {
    async fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((host, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }
            #[cfg(test)]
            Self::Book(book) => book.look_up(host).await,
        }
    }
}

/// A name to dial, or an address that is its own name.
#[derive(Debug)]
pub struct Name {
    /// As configured, without brackets.
    host: String,
    /// What it is if it is an address.
    literal: Option<Arc<[IpAddr]>>,
    memory: Arc<Memory>,
}

/// What is known of a name; shared with the look-up that is under way.
#[derive(Debug, Default)]
struct Memory {
    known: Mutex<Known>,
    /// Rung when a look-up has ended.
    ended: Notify,
}

#[derive(Debug, Default)]
struct Known {
    addresses: Arc<[IpAddr]>,
    /// When they were found.
    found: Option<Moment>,
    /// Whether none of them could be reached since.
    doubted: bool,
    /// When the last look-up ended.
    asked: Option<Moment>,
    /// Whether one is under way.
    asking: bool,
}

/// What whoever dials is to do.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Dial these; there are none where the name is unknown.
    Dial(Arc<[IpAddr]>),
    /// Look the name up.
    Ask,
    /// Wait for the look-up that is under way.
    Wait,
}

impl Known {
    fn next(&mut self, now: Moment) -> Next {
        if is_young(self.found, now, FRESH) && !self.doubted {
            return Next::Dial(Arc::clone(&self.addresses));
        }
        if self.asking {
            return Next::Wait;
        }
        if is_young(self.asked, now, REST) {
            return Next::Dial(self.usable(now));
        }
        self.asking = true;
        Next::Ask
    }

    /// What there is while nothing better is known.
    fn usable(&self, now: Moment) -> Arc<[IpAddr]> {
        match is_young(self.found, now, USABLE) {
            true => Arc::clone(&self.addresses),
            false => Arc::default(),
        }
    }

    fn learn(&mut self, found: Option<Vec<IpAddr>>, now: Moment) {
        self.asking = false;
        self.asked = Some(now);
        if let Some(addresses) = found.filter(|addresses| !addresses.is_empty()) {
            self.addresses = addresses.into();
            self.found = Some(now);
            self.doubted = false;
        }
    }
}

fn is_young(since: Option<Moment>, now: Moment, limit: Duration) -> bool {
    since.is_some_and(|since| now.since(since) < limit)
}

impl Memory {
    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held; what is known would still be known.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A look-up under way. However it ends, those who wait for it hear of it.
struct Asking {
    memory: Arc<Memory>,
    clock: Clock,
    found: Option<Vec<IpAddr>>,
}

impl Drop for Asking {
    fn drop(&mut self) {
        let (found, now) = (self.found.take(), self.clock.now());
        self.memory.known().learn(found, now);
        self.memory.ended.notify_waiters();
    }
}

impl Name {
    /// A name or an address, without brackets.
    #[must_use]
    pub fn new(host: String) -> Self {
        Self {
            literal: host.parse().ok().map(|address| Arc::from([address])),
            host,
            memory: Arc::default(),
        }
    }

    /// Its addresses; none when it has none or nobody can say. A look-up goes on when whoever asked
    /// for it has given up, so this may be dropped at any time.
    pub async fn addresses(&self, resolver: &Resolver, clock: &Clock) -> Arc<[IpAddr]> {
        if let Some(address) = &self.literal {
            return Arc::clone(address);
        }
        // Made before the look at what is known, so that no end in between is missed.
        let ended = self.memory.ended.notified();
        let next = self.memory.known().next(clock.now());
        match next {
            Next::Dial(addresses) => return addresses,
            Next::Ask => self.ask(resolver.clone(), *clock),
            Next::Wait => {}
        }
        if self.memory.known().usable(clock.now()).is_empty() {
            ended.await;
        } else {
            // Old addresses are mostly right; a resolver that hangs must not stop calls.
            let _too_slow = tokio::time::timeout(PATIENCE, ended).await;
        }
        self.memory.known().usable(clock.now())
    }

    fn ask(&self, resolver: Resolver, clock: Clock) {
        let host = self.host.clone();
        let asking = Asking {
            memory: Arc::clone(&self.memory),
            clock,
            found: None,
        };
        tasks::background(async move {
            let mut asking = asking;
            asking.found = resolver.look_up(&host).await.ok();
        });
    }

    /// None of its addresses could be reached: the backend may have moved.
    pub fn doubt(&self) {
        self.memory.known().doubted = true;
    }
}

#[cfg(test)]
pub mod tests;
