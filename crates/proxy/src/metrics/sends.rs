//! What is counted about transactions.

use prometheus::IntCounter;

use crate::metrics::made::Made;

/// What is counted about transactions.
#[derive(Debug)]
pub struct Sends {
    /// Miners that became not ready.
    pub not_ready: IntCounter,
    /// Looked up and found.
    pub found: IntCounter,
    /// Known to nodes, without the receipt its client waits for.
    pub known: IntCounter,
    /// Looked up and not found.
    pub missing: IntCounter,
}

impl Sends {
    pub(crate) fn new(made: Made<'_>) -> prometheus::Result<Self> {
        let lookups = made.counters(
            "send_lookups_total",
            "Transactions looked up by their hash because no answer came, by what was found.",
            &["result"],
        )?;
        let lookups = |result| lookups.with_label_values(&[result]);
        Ok(Self {
            found: lookups("found"),
            known: lookups("known"),
            missing: lookups("missing"),
            not_ready: made.counter(
                "miners_not_ready_total",
                "Times a miner was found to take no transactions.",
            )?,
        })
    }
}
