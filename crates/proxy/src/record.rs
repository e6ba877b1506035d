//! Lets the outcome of a try count: metrics, load, hold-off, ejection, and trouble for the prober.

use std::time::Duration;

use http::StatusCode;
use rules::ids::Seat;
use rules::moment::Moment;
use rules::outcome::Outcome;

use crate::live::Backend;
use crate::live::Snapshot;
use crate::upstream::Line;
use crate::worker::Worker;

/// A backend that said it is too busy gets nothing for this long, if others can do its work.
const BUSY_REST: Duration = Duration::from_secs(1);

/// So many refused or reset connections wake the prober before its time.
const DROPPED_ALARM: u32 = 3;

/// A try as it counts.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// Where.
    pub seat: Seat,
    /// How it ended.
    pub outcome: Outcome,
    /// The connection it was on, where it broke.
    pub line: Line,
    /// The status of its answer.
    pub status: Option<StatusCode>,
    /// From when
    pub begun: Moment,
    /// until when.
    pub ended: Moment,
}

/// Lets a try at a backend of this snapshot count.
pub fn record(worker: &Worker, snapshot: &Snapshot, backend: &Backend, tried: Try) {
    let Try {
        outcome,
        status,
        ended: now,
        ..
    } = tried;
    let took = now.since(tried.begun);
    backend.cells.tried(outcome, took);
    let vitals = &backend.vitals;
    let good = status.is_some_and(|status| !status.is_server_error());
    match outcome {
        Outcome::Answer | Outcome::Missing if good => {
            vitals.load.answered(took, now);
            vitals.ejection.answered();
        }
        Outcome::Busy => {
            vitals.load.failed(took, now);
            vitals.ejection.rest(now, BUSY_REST);
        }
        // A connection that broke is the prober's to look into, and no reason for an ejection,
        // which would outlast the backend's recovery.
        Outcome::Broken if status.is_none() => vitals.load.failed(took, now),
        Outcome::Answer | Outcome::Missing | Outcome::Broken | Outcome::TimedOut => {
            vitals.load.failed(took, now);
            if vitals.ejection.failed() && snapshot.table.may_eject(tried.seat, now) {
                let rest = vitals.ejection.eject(now);
                worker.metrics.front.ejections.inc();
                tracing::warn!(
                    backend = %backend.id,
                    seconds = rest.as_secs(),
                    "ejected: calls keep failing"
                );
            }
        }
        Outcome::NotSent => {}
    }
    let refused_or_reset =
        status.is_none() && matches!(outcome, Outcome::NotSent | Outcome::Broken);
    if refused_or_reset && tried.line == Line::Fresh && vitals.connection_dropped() >= DROPPED_ALARM
    {
        worker.live.trouble.notify_one();
    }
}
