//! The metrics of the control plane: what is known of every backend, at this moment.

use std::sync::Arc;

use prometheus::GaugeVec;
use prometheus::IntCounter;
use prometheus::IntCounterVec;
use prometheus::IntGauge;
use prometheus::IntGaugeVec;
use proxy::live::Live;
use proxy::metrics::Made;
use proxy::worker::Worker;
use rules::ids::Pool;
use rules::table::Standing;

pub use crate::gauges::reloads::Reloads;

mod reloads;

/// The names of standings, as metrics and logs show them.
#[must_use]
pub const fn name(standing: Standing) -> &'static str {
    match standing {
        Standing::Eligible => "eligible",
        Standing::Lagging => "lagging",
        Standing::Forked => "forked",
        Standing::Down => "down",
        Standing::WrongChain => "wrong_chain",
    }
}

/// Every standing, so that each has a series from the start.
pub const STANDINGS: [Standing; 5] = [
    Standing::Eligible,
    Standing::Lagging,
    Standing::Forked,
    Standing::Down,
    Standing::WrongChain,
];

/// What is shown of the fleet.
#[derive(Debug)]
pub struct Gauges {
    /// 1 while a backend is eligible.
    pub backend_up: IntGaugeVec,
    /// 1 at the state a backend is in.
    pub backend_state: IntGaugeVec,
    /// The newest block a backend reported.
    pub block_number: IntGaugeVec,
    /// Blocks behind the reference; no series while that is not known.
    pub lag_blocks: IntGaugeVec,
    /// Seconds its newest block is old by wall clock; no series while that is not known.
    pub head_age_seconds: IntGaugeVec,
    /// How long its last probe took.
    pub probe_seconds: GaugeVec,
    /// Changes of state, by what it became.
    pub transitions: IntCounterVec,
    /// Failed probes.
    pub probe_failures: IntCounterVec,
    /// The head the others are measured against.
    pub reference: IntGauge,
    /// What counts as served.
    pub served: ServedHead,
    /// 1 while nobody's head moves.
    pub halted: IntGauge,
    /// 1 while verdicts are less certain than usual.
    pub degraded: IntGauge,
    /// Tables published.
    pub tables: IntCounter,
    /// Probe results thrown away because our own timers were late.
    pub probes_discarded: IntCounter,
    /// Side ports that could not be bound.
    pub bind_failures: IntCounter,
    /// How reloads of the configuration ended.
    pub reloads: Reloads,
    looked_at: LookedAt,
}

/// What is shown of the served head.
#[derive(Debug)]
pub struct ServedHead {
    /// Its number.
    pub number: IntGauge,
    /// Times it stepped back.
    pub steps_back: IntCounter,
}

impl ServedHead {
    fn new(made: Made<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            number: made.gauge(
                "served_head_block_number",
                "The newest block that enough read backends have.",
            )?,
            steps_back: made.counter(
                "served_head_steps_back_total",
                "Times the served head was replaced or rolled back, as backends agreed.",
            )?,
        })
    }
}

/// What moves with every call, and is brought up to date when somebody looks.
#[derive(Debug)]
struct LookedAt {
    in_flight: IntGaugeVec,
    healthy: IntGaugeVec,
    total: IntGaugeVec,
    retry_tokens: IntGaugeVec,
    retries_refused: IntCounterVec,
}

impl LookedAt {
    fn new(made: Made<'_>) -> prometheus::Result<Self> {
        let by_pool = |name, help| made.gauges(name, help, &["pool"]);
        Ok(Self {
            in_flight: made.gauges(
                "backend_in_flight",
                "Tries under way at a backend.",
                &["backend"],
            )?,
            healthy: by_pool("backends_healthy", "Eligible backends of a pool.")?,
            total: by_pool("backends_configured", "Configured backends of a pool.")?,
            retry_tokens: by_pool("retry_budget_tokens", "Retries a pool may still make.")?,
            retries_refused: made.counters(
                "retry_budget_exhausted_total",
                "Retries that were not made because the budget was spent.",
                &["pool"],
            )?,
        })
    }
}

impl Gauges {
    /// Registers everything, with a series per backend of the current table.
    ///
    /// # Errors
    /// Two metrics of one name: a mistake of ours, found when the process starts.
    pub fn new(worker: &Worker) -> prometheus::Result<Self> {
        let made = Made {
            registry: worker.metrics.registry(),
        };
        let by_backend = |name, help| made.gauges(name, help, &["backend"]);
        let gauges = Self {
            backend_up: by_backend("backend_up", "1 while a backend is eligible.")?,
            backend_state: made.gauges(
                "backend_state",
                "1 at the state a backend is in.",
                &["backend", "state"],
            )?,
            block_number: by_backend("backend_block_number", "The newest block it reported.")?,
            lag_blocks: by_backend("backend_lag_blocks", "Blocks behind the reference.")?,
            head_age_seconds: by_backend(
                "backend_head_age_seconds",
                "Age of a backend's newest block by wall clock.",
            )?,
            probe_seconds: made.float_gauges(
                "backend_probe_duration_seconds",
                "Duration of a backend's last probe.",
                "backend",
            )?,
            transitions: made.counters(
                "backend_transitions_total",
                "Changes of a backend's state, by what it became.",
                &["backend", "to"],
            )?,
            probe_failures: made.counters(
                "backend_probe_failures_total",
                "Failed probes of a backend.",
                &["backend"],
            )?,
            reference: made.gauge(
                "reference_block_number",
                "The head the others are measured against.",
            )?,
            served: ServedHead::new(made)?,
            halted: made.gauge("chain_halted", "1 while nobody's head moves.")?,
            degraded: made.gauge(
                "degraded",
                "1 while verdicts are less certain than usual; the log says why.",
            )?,
            tables: made.counter("tables_published_total", "Routing tables published.")?,
            probes_discarded: made.counter(
                "probes_discarded_total",
                "Probe results thrown away because Headway's own timers were late.",
            )?,
            bind_failures: made
                .counter("bind_failures_total", "Side ports that could not be bound.")?,
            reloads: Reloads::new(made)?,
            looked_at: LookedAt::new(made)?,
        };
        version(made)?;
        for place in worker.live.snapshot().table.places() {
            gauges.prepare(place.id.as_str());
        }
        gauges.look(&worker.live);
        Ok(gauges)
    }

    /// Creates every series of a backend, so that rates and absences can be computed from the first
    /// scrape.
    pub fn prepare(&self, id: &str) {
        for state in STANDINGS.map(name) {
            self.transitions.with_label_values(&[id, state]);
            self.backend_state.with_label_values(&[id, state]);
        }
        self.backend_up.with_label_values(&[id]);
        self.probe_seconds.with_label_values(&[id]);
        self.probe_failures.with_label_values(&[id]);
    }

    /// A backend is gone, and so are its series.
    pub fn forget(&self, id: &str) {
        for state in STANDINGS.map(name) {
            let _had_none = self.transitions.remove_label_values(&[id, state]);
            let _had_none = self.backend_state.remove_label_values(&[id, state]);
        }
        for gauges in [
            &self.backend_up,
            &self.block_number,
            &self.lag_blocks,
            &self.head_age_seconds,
        ] {
            let _had_none = gauges.remove_label_values(&[id]);
        }
        let _had_none = self.probe_seconds.remove_label_values(&[id]);
        let _had_none = self.probe_failures.remove_label_values(&[id]);
    }

    /// Brings what moves with every call up to date; done when somebody looks.
    pub fn look(&self, live: &Arc<Live>) {
        let snapshot = live.snapshot();
        let table = &snapshot.table;
        // Backends may have gone since somebody looked.
        self.looked_at.in_flight.reset();
        for place in table.places() {
            let in_flight = i64::from(place.vitals.load.in_flight());
            self.looked_at
                .in_flight
                .with_label_values(&[place.id.as_str()])
                .set(in_flight);
        }
        for pool in Pool::ALL {
            let members = table
                .places()
                .iter()
                .filter(|place| place.pool == Some(pool))
                .count();
            let healthy = table.line(pool).eligible.len();
            let label = &[pool.as_str()];
            self.looked_at
                .total
                .with_label_values(label)
                .set(count(members));
            self.looked_at
                .healthy
                .with_label_values(label)
                .set(count(healthy));
            let tokens = i64::try_from(live.budget(pool).tokens()).unwrap_or(i64::MAX);
            self.looked_at
                .retry_tokens
                .with_label_values(label)
                .set(tokens);
            let refused = self.looked_at.retries_refused.with_label_values(label);
            refused.inc_by(live.budget(pool).refused().saturating_sub(refused.get()));
        }
    }
}

fn version(made: Made<'_>) -> prometheus::Result<()> {
    let build = made.gauges("build_info", "1, with the version.", &["version"])?;
    build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    Ok(())
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
