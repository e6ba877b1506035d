//! Puts together what the workers of a process share.

use std::sync::Arc;

use config::checked::Config;
use proxy::clock::Clock;
use proxy::dial::Dial;
use proxy::live::Backend;
use proxy::live::Live;
use proxy::live::NotDialled;
use proxy::live::Settings;
use proxy::logs::Logs;
use proxy::memory::Memory;
use proxy::metrics::Metrics;
use proxy::reply::Refusal;
use proxy::tasks::Tasks;
use proxy::worker::Worker;

use crate::publish;

/// The counters that a configuration needs.
///
/// # Errors
/// Two of them have the same name.
pub fn metrics(config: &Config) -> Result<Metrics, prometheus::Error> {
    Metrics::new(&config.methods, &Refusal::REASONS)
}

/// A worker to be copied for `count` threads. Its own number is one more than theirs: the prober,
/// which keeps connections of its own, takes it as it is.
///
/// # Errors
/// A backend cannot be dialled as configured.
pub fn worker(
    config: Config,
    count: usize,
    (metrics, logs): (Metrics, Logs),
) -> Result<Worker, NotDialled> {
    let backends = config
        .backends
        .iter()
        .map(|wanted| Backend::new(wanted, count + 1, &metrics).map(Arc::new))
        .collect::<Result<Vec<_>, _>>()?;
    let memory = Memory::new(config.limits.buffered_bytes);
    let first = publish::first(Arc::new(Settings::new(config)), backends);
    Ok(Worker {
        index: count,
        clock: Clock::start(),
        live: Arc::new(Live::new(first)),
        metrics: Arc::new(metrics),
        logs,
        memory,
        dial: Arc::new(Dial::Net),
        tasks: Tasks::default(),
    })
}
