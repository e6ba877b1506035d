//! The data plane inside the test's own process, without the control plane and its probes.

use config::load::Sources;
use control::assemble;
use proxy::logs::Logs;
use proxy::worker::Worker;

/// What so many workers share, configured by this environment; every backend may be asked.
#[must_use]
pub fn worker(environment: Vec<(String, String)>, workers: usize) -> Worker {
    let sources = Sources {
        environment,
        ..Sources::default()
    };
    let config = config::load::load(&sources).unwrap().config;
    let metrics = assemble::metrics(&config).unwrap();
    assemble::worker(config, workers, (metrics, Logs::default())).unwrap()
}
