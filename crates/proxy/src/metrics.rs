//! Every metric of the data plane: one struct, labels from closed sets only, zeros there from the start.

use std::time::Duration;

use prometheus::GaugeVec;
use prometheus::Histogram;
use prometheus::HistogramOpts;
use prometheus::HistogramVec;
use prometheus::IntCounter;
use prometheus::IntCounterVec;
use prometheus::IntGauge;
use prometheus::IntGaugeVec;
use prometheus::Opts;
use prometheus::Registry;
use rules::ids::Pool;
use rules::method::Label;
use rules::method::Methods;
use rules::outcome::Outcome;
use rules::pick::Step;

/// Seconds; from an answer out of memory to a slow trace.
const SECONDS: [f64; 15] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// Calls in a batch.
const CALLS: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 25.0, 100.0, 250.0, 1000.0];

/// The HTTP statuses Headway answers with by itself, and 499 for a client that left; anything else
/// counts as `other`.
const STATUSES: [u16; 17] = [
    101, 200, 204, 400, 403, 404, 405, 408, 413, 426, 429, 499, 500, 502, 503, 504, 0,
];

/// What a client got for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// A backend's result.
    Result,
    /// A backend's error.
    Error,
    /// Headway's own refusal.
    Refusal,
}

impl Got {
    const ALL: [Self; 3] = [Self::Result, Self::Error, Self::Refusal];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Result => "result",
            Self::Error => "error",
            Self::Refusal => "refusal",
        }
    }
}

/// The counters of one known method.
#[derive(Debug)]
struct MethodCells {
    calls: [IntCounter; Got::ALL.len()],
    seconds: Histogram,
}

/// The counters of one backend.
#[derive(Debug)]
pub struct BackendCells {
    outcomes: [IntCounter; Outcome::ALL.len()],
    seconds: Histogram,
}

impl BackendCells {
    /// A try ended after `took`.
    pub fn tried(&self, outcome: Outcome, took: Duration) {
        if let Some(counter) = self.outcomes.get(outcome.index()) {
            counter.inc();
        }
        self.seconds.observe(took.as_secs_f64());
    }
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
    /// HTTP requests being served.
    pub in_flight: IntGauge,
    /// WebSocket tunnels now open.
    pub tunnels: IntGauge,
    /// Access log lines that could not be written in time.
    pub log_lines_dropped: IntCounter,
    /// Backends that were passively ejected.
    pub ejections: IntCounter,
}

impl Front {
    fn new(made: Made<'_>) -> prometheus::Result<Self> {
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
                "Access log lines dropped because the disk was too slow.",
            )?,
            ejections: made.counter("backend_ejections_total", "Passive ejections of backends.")?,
        })
    }
}

/// All metrics of the data plane.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    methods: Vec<MethodCells>,
    statuses: [IntCounter; STATUSES.len()],
    steps: [[IntCounter; Step::ALL.len()]; Pool::ALL.len()],
    retries: [IntCounter; Outcome::ALL.len()],
    rejected: Vec<(&'static str, IntCounter)>,
    backend_outcomes: IntCounterVec,
    backend_seconds: HistogramVec,
    /// What is counted at the door.
    pub front: Front,
}

impl Metrics {
    /// Registers everything; `methods` are the names that may be shown, `reasons` the words of
    /// refusals.
    ///
    /// # Errors
    /// Two metrics of one name: a mistake of ours, found when the process starts.
    pub fn new(methods: &Methods, reasons: &[&'static str]) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let made = Made {
            registry: &registry,
        };
        let statuses =
            made.counters("http_requests_total", "HTTP answers by status.", &["code"])?;
        let retries = made.counters(
            "retries_total",
            "Tries after a first one, by why.",
            &["reason"],
        )?;
        let rejected = made.counters(
            "requests_rejected_total",
            "Calls Headway refused, by reason.",
            &["reason"],
        )?;
        let rejected = reasons
            .iter()
            .map(|reason| (*reason, rejected.with_label_values(&[reason])));
        Ok(Self {
            methods: made.methods(methods)?,
            statuses: STATUSES.map(|status| {
                let code = if status == 0 {
                    "other".to_owned()
                } else {
                    status.to_string()
                };
                statuses.with_label_values(&[code.as_str()])
            }),
            steps: made.steps()?,
            retries: Outcome::ALL.map(|outcome| retries.with_label_values(&[outcome.as_str()])),
            rejected: rejected.collect(),
            backend_outcomes: made.counters(
                "backend_requests_total",
                "Tries by backend and by how they ended.",
                &["backend", "outcome"],
            )?,
            backend_seconds: made.histograms(
                "backend_duration_seconds",
                "Duration of tries by backend.",
                "backend",
            )?,
            front: Front::new(made)?,
            registry,
        })
    }

    /// The registry, for others to register with and to scrape.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The counters of a backend, created at zero.
    #[must_use]
    pub fn backend(&self, id: &str) -> BackendCells {
        BackendCells {
            outcomes: Outcome::ALL.map(|outcome| {
                self.backend_outcomes
                    .with_label_values(&[id, outcome.as_str()])
            }),
            seconds: self.backend_seconds.with_label_values(&[id]),
        }
    }

    /// A call was answered or refused after `took`.
    pub fn called(&self, label: Label, got: Got, took: Duration) {
        if let Some(cells) = self.methods.get(label.index()) {
            if let Some(counter) = cells.calls.get(got as usize) {
                counter.inc();
            }
            cells.seconds.observe(took.as_secs_f64());
        }
    }

    /// A request ended with this status.
    pub fn answered(&self, status: u16) {
        let place = STATUSES.iter().position(|known| *known == status);
        if let Some(counter) = self.statuses.get(place.unwrap_or(STATUSES.len() - 1)) {
            counter.inc();
        }
    }

    /// A backend was picked.
    pub fn picked(&self, pool: Pool, step: Step) {
        let counter = self
            .steps
            .get(pool.index())
            .and_then(|steps| steps.get(step.index()));
        if let Some(counter) = counter {
            counter.inc();
        }
    }

    /// A further try follows one that ended so.
    pub fn retried(&self, outcome: Outcome) {
        if let Some(counter) = self.retries.get(outcome.index()) {
            counter.inc();
        }
    }

    /// A call was refused with this word.
    pub fn rejected(&self, reason: &str) {
        if let Some((_, counter)) = self.rejected.iter().find(|(known, _)| *known == reason) {
            counter.inc();
        }
    }
}

/// Makes metrics under one registry and one prefix.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// Where they are registered.
    pub registry: &'a Registry,
}

impl Made<'_> {
    fn methods(self, methods: &Methods) -> prometheus::Result<Vec<MethodCells>> {
        let calls = self.counters(
            "rpc_requests_total",
            "Calls by method and by what the client got.",
            &["method", "outcome"],
        )?;
        let seconds = self.histograms(
            "rpc_duration_seconds",
            "From the whole request to the answer's head, by method.",
            "method",
        )?;
        let cells = methods.labels().iter().map(|name| MethodCells {
            calls: Got::ALL.map(|got| calls.with_label_values(&[name, got.as_str()])),
            seconds: seconds.with_label_values(&[name]),
        });
        Ok(cells.collect())
    }

    fn steps(self) -> prometheus::Result<[[IntCounter; Step::ALL.len()]; Pool::ALL.len()]> {
        let steps = self.counters(
            "pool_picks_total",
            "Backends picked, by pool and by step of the fallback ladder.",
            &["pool", "step"],
        )?;
        Ok(Pool::ALL.map(|pool| {
            Step::ALL.map(|step| steps.with_label_values(&[pool.as_str(), step.as_str()]))
        }))
    }

    /// A counter without labels.
    ///
    /// # Errors
    /// The name is taken.
    pub fn counter(self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        let made = IntCounter::with_opts(opts(name, help))?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    /// Counters by labels.
    ///
    /// # Errors
    /// The name is taken.
    pub fn counters(
        self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        let made = IntCounterVec::new(opts(name, help), labels)?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    /// A gauge without labels.
    ///
    /// # Errors
    /// The name is taken.
    pub fn gauge(self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        let made = IntGauge::with_opts(opts(name, help))?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    /// Gauges by labels.
    ///
    /// # Errors
    /// The name is taken.
    pub fn gauges(
        self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> prometheus::Result<IntGaugeVec> {
        let made = IntGaugeVec::new(opts(name, help), labels)?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    /// Gauges of fractions by one label.
    ///
    /// # Errors
    /// The name is taken.
    pub fn float_gauges(self, name: &str, help: &str, label: &str) -> prometheus::Result<GaugeVec> {
        let made = GaugeVec::new(opts(name, help), &[label])?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn histogram(self, name: &str, help: &str, buckets: &[f64]) -> prometheus::Result<Histogram> {
        let wanted = HistogramOpts::from(opts(name, help)).buckets(buckets.to_vec());
        let made = Histogram::with_opts(wanted)?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn histograms(self, name: &str, help: &str, label: &str) -> prometheus::Result<HistogramVec> {
        let wanted = HistogramOpts::from(opts(name, help)).buckets(SECONDS.to_vec());
        let made = HistogramVec::new(wanted, &[label])?;
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("headway")
}
