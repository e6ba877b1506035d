//! The data plane inside the test's own process, without the control plane and its probes.

use std::sync::Arc;

use config::load::Sources;
use control::publish;
use proxy::clock::Clock;
use proxy::dial::Dial;
use proxy::live::Backend;
use proxy::live::Live;
use proxy::live::Settings;
use proxy::logs::Logs;
use proxy::memory::Memory;
use proxy::metrics::Metrics;
use proxy::reply::Refusal;
use proxy::tasks::Tasks;
use proxy::worker::Worker;

/// What so many workers share, configured by this environment; every backend may be asked.
#[must_use]
pub fn worker(environment: Vec<(String, String)>, workers: usize) -> Worker {
    let sources = Sources {
        environment,
        ..Sources::default()
    };
    let config = config::load::load(&sources).unwrap().config;
    let metrics = Metrics::new(&config.methods, &Refusal::REASONS).unwrap();
    let backends = config
        .backends
        .iter()
        .map(|wanted| Backend::new(wanted, workers, &metrics));
    let backends = backends.map(|backend| Arc::new(backend.unwrap())).collect();
    Worker {
        index: 0,
        clock: Clock::start(),
        memory: Memory::new(config.limits.buffered_bytes),
        live: Arc::new(Live::new(publish::first(
            Arc::new(Settings::new(config)),
            backends,
        ))),
        metrics: Arc::new(metrics),
        logs: Logs::default(),
        dial: Arc::new(Dial::Net),
        tasks: Tasks::default(),
    }
}
