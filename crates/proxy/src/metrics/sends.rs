//! What is counted about transactions.

use prometheus::IntCounter;

use crate::metrics::made::Made;

/// What is counted about transactions.
#[derive(Debug)]
pub struct Sends {
    /// Miners that became not ready.
    pub not_ready: IntCounter,
}

impl Sends {
    pub(crate) fn new(made: Made<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            not_ready: made.counter(
                "miners_not_ready_total",
                "Times a miner was found to take no transactions.",
            )?,
        })
    }
}
