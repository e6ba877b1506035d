//! What is counted at the door.

use prometheus::Histogram;
use prometheus::IntCounter;
use prometheus::IntGauge;

use crate::metrics::made::Made;

/// Calls in a batch.
const CALLS: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 25.0, 100.0, 250.0, 1000.0];

/// What is counted at the door.
#[derive(Debug)]
pub struct Front {
    /// Calls per batch.
    pub batch_size: Histogram,
    /// Client connections now open.
    pub connections: IntGauge,
    /// Client connections ever accepted.
    pub connections_total: IntCounter,
    /// Connections that could not be accepted.
    pub accept_failures: IntCounter,
    /// HTTP requests being served.
    pub in_flight: IntGauge,
    /// WebSocket tunnels now open.
    pub tunnels: IntGauge,
    /// Access log lines that could not be written, or not in time.
    pub log_lines_dropped: IntCounter,
    /// Backends that were passively ejected.
    pub ejections: IntCounter,
}

impl Front {
    pub(crate) fn new(made: Made<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            batch_size: made.histogram("rpc_batch_size", "Calls per batch.", &CALLS)?,
            connections: made.gauge("connections", "Client connections now open.")?,
            connections_total: made
                .counter("connections_total", "Client connections ever accepted.")?,
            accept_failures: made.counter(
                "accept_failures_total",
                "Connections that could not be accepted.",
            )?,
            in_flight: made.gauge("requests_in_flight", "HTTP requests being served.")?,
            tunnels: made.gauge("ws_tunnels", "WebSocket tunnels now open.")?,
            log_lines_dropped: made.counter(
                "access_log_lines_dropped_total",
                "Access log lines dropped because the disk was slow or full.",
            )?,
            ejections: made.counter("backend_ejections_total", "Passive ejections of backends.")?,
        })
    }
}
