//! What is counted at the door.

use config::checked::RateMode;
use prometheus::Histogram;
use prometheus::IntCounter;
use prometheus::IntGauge;

use crate::metrics::made::Made;

/// Calls in a batch.
const CALLS: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 25.0, 100.0, 250.0, 1000.0];

/// What a client was too slow with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// Its first byte.
    FirstByte,
    /// The head of a request.
    Head,
    /// The body of a request.
    Body,
    /// Taking an answer.
    Write,
    /// The next request, which is no fault.
    KeepAlive,
}

impl Late {
    /// In the order of the variants.
    const NAMES: [&'static str; 5] = ["first_byte", "head", "body", "write", "keep_alive"];
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// Of connections.
    Connections,
    /// Of connections at a side port.
    SideConnections,
    /// Of files that the system lets the process open.
    OpenFiles,
    /// Of connections of one client.
    ConnectionsPerClient,
    /// Of WebSocket connections.
    Sockets,
    /// Of WebSocket connections of one client.
    SocketsPerClient,
    /// Of requests that are served.
    InFlight,
    /// Of bytes in memory.
    BufferedBytes,
    /// Of requests to the read pool.
    ReadCalls,
    /// Of requests for heavy methods.
    HeavyCalls,
    /// Of requests to miners.
    WriteCalls,
}

impl Cap {
    /// In the order of the variants.
    const NAMES: [&'static str; 11] = [
        "connections",
        "side_connections",
        "open_files",
        "connections_per_client",
        "sockets",
        "sockets_per_client",
        "in_flight",
        "buffered_bytes",
        "read_calls",
        "heavy_calls",
        "write_calls",
    ];
}

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
    /// HTTP requests and WebSocket messages being served.
    pub in_flight: IntGauge,
    /// Long answers that broke off or stalled, and their client's connection with them.
    pub broken_off: IntCounter,
    late: [IntCounter; Late::NAMES.len()],
    capped: [IntCounter; Cap::NAMES.len()],
    over_rate: [IntCounter; 2],
    /// WebSocket tunnels now open.
    pub tunnels: IntGauge,
    /// Log lines that could not be written, or not in time.
    pub log_lines_dropped: IntCounter,
    /// Backends that were passively ejected.
    pub ejections: IntCounter,
}

impl Front {
    /// A client was too slow.
    pub fn late(&self, late: Late) {
        if let Some(counter) = self.late.get(late as usize) {
            counter.inc();
        }
    }

    /// Something was turned away because a limit was reached.
    pub fn capped(&self, cap: Cap) {
        if let Some(counter) = self.capped.get(cap as usize) {
            counter.inc();
        }
    }

    /// A client asked for more than its rate allows.
    pub fn over_rate(&self, mode: RateMode) {
        let [counted, refused] = &self.over_rate;
        match mode {
            RateMode::Off => {}
            RateMode::DryRun => counted.inc(),
            RateMode::Enforce => refused.inc(),
        }
    }

    pub(crate) fn new(made: Made<'_>) -> prometheus::Result<Self> {
        let late = made.counters(
            "client_timeouts_total",
            "Client connections ended for lack of something in time.",
            &["missing"],
        )?;
        let capped = made.counters(
            "capped_total",
            "What was turned away because a limit was reached.",
            &["limit"],
        )?;
        let over_rate = made.counters(
            "rate_limited_total",
            "Calls beyond what their client may ask for.",
            &["mode"],
        )?;
        Ok(Self {
            batch_size: made.histogram("rpc_batch_size", "Calls per batch.", &CALLS)?,
            connections: made.gauge("connections", "Client connections now open.")?,
            connections_total: made
                .counter("connections_total", "Client connections ever accepted.")?,
            accept_failures: made.counter(
                "accept_failures_total",
                "Connections that could not be accepted.",
            )?,
            in_flight: made.gauge(
                "requests_in_flight",
                "HTTP requests and WebSocket messages being served.",
            )?,
            broken_off: made.counter(
                "answers_broken_off_total",
                "Long answers that broke off or stalled at their backend, and so for their client.",
            )?,
            late: Late::NAMES.map(|name| late.with_label_values(&[name])),
            over_rate: ["dry-run", "enforce"].map(|mode| over_rate.with_label_values(&[mode])),
            capped: Cap::NAMES.map(|name| capped.with_label_values(&[name])),
            tunnels: made.gauge("ws_tunnels", "WebSocket tunnels now open.")?,
            log_lines_dropped: made.counter(
                "log_lines_dropped_total",
                "Log lines dropped because the disk was slow or full.",
            )?,
            ejections: made.counter("backend_ejections_total", "Passive ejections of backends.")?,
        })
    }
}
