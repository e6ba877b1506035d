//! What is counted about WebSocket connections that end here.

use prometheus::IntCounter;
use prometheus::IntGauge;

use crate::metrics::made::Made;

/// How a socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its client closed it, or was gone.
    Client,
    /// The process leaves.
    Drain,
    /// Its client answered no ping.
    Silent,
    /// Its client took nothing for too long.
    Slow,
    /// A message was too large.
    TooBig,
    /// Its client broke the protocol (RFC 6455).
    Protocol,
    /// A text message was not UTF-8.
    NotText,
}

impl Ending {
    /// In the order of the variants.
    const NAMES: [&'static str; 7] = [
        "client", "drain", "silent", "slow", "too_big", "protocol", "not_text",
    ];
}

/// What is counted about WebSocket connections.
#[derive(Debug)]
pub struct Sockets {
    /// Now open.
    pub open: IntGauge,
    /// Messages that came.
    pub received: IntCounter,
    /// Messages that went.
    pub sent: IntCounter,
    /// Beyond what one client may have, while clients cannot be told apart for certain.
    pub over_share: IntCounter,
    closes: [IntCounter; Ending::NAMES.len()],
}

impl Sockets {
    /// A socket ended.
    pub fn ended(&self, ending: Ending) {
        if let Some(counter) = self.closes.get(ending as usize) {
            counter.inc();
        }
    }

    pub(crate) fn new(made: Made<'_>) -> prometheus::Result<Self> {
        let messages = made.counters(
            "ws_messages_total",
            "WebSocket messages of clients and to them.",
            &["direction"],
        )?;
        let closes = made.counters(
            "ws_closes_total",
            "WebSocket connections that ended, by why.",
            &["reason"],
        )?;
        Ok(Self {
            open: made.gauge("ws_sockets", "WebSocket connections of clients now open.")?,
            received: messages.with_label_values(&["in"]),
            sent: messages.with_label_values(&["out"]),
            over_share: made.counter(
                "ws_over_share_total",
                "WebSocket connections beyond ws.sockets_per_client that were let in.",
            )?,
            closes: Ending::NAMES.map(|name| closes.with_label_values(&[name])),
        })
    }
}
