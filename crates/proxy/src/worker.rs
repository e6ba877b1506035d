//! What every exchange of one worker thread needs at hand.

use std::sync::Arc;

use crate::clock::Clock;
use crate::dial::Dial;
use crate::live::Live;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::tasks::Tasks;

/// One worker; everything but its number is shared with the others.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Its place in the connection pools.
    pub index: usize,
    /// The time.
    pub clock: Clock,
    /// The table.
    pub live: Arc<Live>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What is written down.
    pub logs: Logs,
    /// The allowance for held bodies.
    pub memory: Memory,
    /// How backends are reached.
    pub dial: Arc<Dial>,
    /// What shutdown waits for.
    pub tasks: Tasks,
}
