//! Every metric of the data plane: one struct, labels from closed sets only, zeros there from the start.

use std::time::Duration;

use prometheus::Histogram;
use prometheus::HistogramVec;
use prometheus::IntCounter;
use prometheus::IntCounterVec;
use prometheus::Registry;
use rules::ids::Pool;
use rules::method::Label;
use rules::method::Methods;
use rules::outcome::Outcome;
use rules::pick::Step;

pub use crate::metrics::front::Cap;
pub use crate::metrics::front::Front;
pub use crate::metrics::front::Late;
pub use crate::metrics::made::Made;
pub use crate::metrics::sends::Sends;
pub use crate::metrics::sockets::Ending;
pub use crate::metrics::sockets::Sockets;

mod front;
mod made;
mod sends;
mod sockets;

/// The HTTP statuses Headway answers with by itself, and 499 for a client that left; anything else
/// counts as `other`.
const STATUSES: [u16; 21] = [
    101, 200, 204, 400, 403, 404, 405, 408, 413, 414, 417, 426, 429, 431, 499, 500, 501, 502, 503,
    504, 0,
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
    /// What is counted about transactions.
    pub sends: Sends,
    /// What is counted about WebSocket connections that end here.
    pub sockets: Sockets,
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
            methods: method_cells(made, methods)?,
            statuses: STATUSES.map(|status| {
                let code = if status == 0 {
                    "other".to_owned()
                } else {
                    status.to_string()
                };
                statuses.with_label_values(&[code.as_str()])
            }),
            steps: step_cells(made)?,
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
            sends: Sends::new(made)?,
            sockets: Sockets::new(made)?,
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

    /// A backend is gone, and so are its series. Tries that still run count where nobody looks.
    pub fn forget(&self, id: &str) {
        for outcome in Outcome::ALL {
            let _had_none = self
                .backend_outcomes
                .remove_label_values(&[id, outcome.as_str()]);
        }
        let _had_none = self.backend_seconds.remove_label_values(&[id]);
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

fn method_cells(made: Made<'_>, methods: &Methods) -> prometheus::Result<Vec<MethodCells>> {
    let calls = made.counters(
        "rpc_requests_total",
        "Calls by method and by what the client got.",
        &["method", "outcome"],
    )?;
    let seconds = made.histograms(
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

fn step_cells(
    made: Made<'_>,
) -> prometheus::Result<[[IntCounter; Step::ALL.len()]; Pool::ALL.len()]> {
    let steps = made.counters(
        "pool_picks_total",
        "Backends picked, by pool and by step of the fallback ladder.",
        &["pool", "step"],
    )?;
    Ok(Pool::ALL
        .map(|pool| Step::ALL.map(|step| steps.with_label_values(&[pool.as_str(), step.as_str()]))))
}
