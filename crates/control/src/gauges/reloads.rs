//! How reloads of the configuration ended.

use prometheus::IntCounter;
use prometheus::IntGauge;
use proxy::clock;
use proxy::metrics::Made;

/// How reloads of the configuration ended; the start counts as the first that went well.
#[derive(Clone, Debug)]
pub struct Reloads {
    successful: IntGauge,
    success_time: IntGauge,
    good: IntCounter,
    bad: IntCounter,
}

impl Reloads {
    pub(crate) fn new(made: Made<'_>) -> prometheus::Result<Self> {
        let reloads = made.counters(
            "config_reloads_total",
            "Reloads of the configuration, by how they ended.",
            &["result"],
        )?;
        let made = Self {
            successful: made.gauge(
                "config_last_reload_successful",
                "1 while the configuration in force is the one last asked for.",
            )?,
            success_time: made.gauge(
                "config_last_reload_success_timestamp_seconds",
                "When the configuration in force was put in force.",
            )?,
            good: reloads.with_label_values(&["success"]),
            bad: reloads.with_label_values(&["failure"]),
        };
        made.stands();
        Ok(made)
    }

    /// A reload ended well.
    pub fn succeeded(&self) {
        self.good.inc();
        self.stands();
    }

    /// A reload changed nothing, because something was wrong.
    pub fn failed(&self) {
        self.bad.inc();
        self.successful.set(0);
    }

    fn stands(&self) {
        self.successful.set(1);
        let now = i64::try_from(clock::wall_seconds()).unwrap_or(i64::MAX);
        self.success_time.set(now);
    }
}
