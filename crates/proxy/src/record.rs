//! Lets the outcome of a try count: metrics, load, hold-off, ejection, and trouble for the prober.

use std::time::Duration;

use rules::ejection::LONGEST;
use rules::ids::Seat;
use rules::method::Duty;
use rules::moment::Moment;
use rules::outcome::Outcome;
use rules::phrases;
use rules::table::Table;

use crate::clock;
use crate::framing::RetryAfter;
use crate::live::Backend;
use crate::live::Snapshot;
use crate::metrics::Got;
use crate::reading::Reading;
use crate::tries::Delivered;
use crate::tries::Ended;
use crate::tries::Parcel;
use crate::upstream::Line;
use crate::worker::Worker;

/// A backend that said it is too busy gets nothing for this long, unless it says for how long, if
/// others can do its work.
const BUSY_REST: Duration = Duration::from_secs(1);
/// It rests at most so long, whatever it says.
const BUSY_REST_MAX: Duration = Duration::from_secs(60);

/// So many refused or reset connections wake the prober before its time.
const DROPPED_ALARM: u32 = 3;

/// Lets a try of a parcel at a backend of this snapshot count.
pub fn record(
    (worker, snapshot): (&Worker, &Snapshot),
    (seat, backend): (Seat, &Backend),
    parcel: &Parcel,
    ended: &Ended,
    (begun, now): (Moment, Moment),
) {
    let took = now.since(begun);
    let (outcome, vitals) = (ended.outcome, &backend.vitals);
    backend.cells.tried(outcome, took);
    let status = ended.delivered.as_ref().map(|d| d.answered.status);
    let good = status.is_some_and(|status| !status.is_server_error());
    match outcome {
        Outcome::Answer | Outcome::Missing | Outcome::NoMethod if good => {
            vitals.load.answered(took, now);
            vitals.ejection.answered();
        }
        Outcome::Busy => {
            vitals.load.failed(took, now);
            let said = ended.delivered.as_ref().and_then(patience);
            hold_off(backend, said, now);
        }
        // A connection that broke is the prober's to look into, and no reason for an ejection,
        // which would outlast the backend's recovery.
        Outcome::Broken if status.is_none() => vitals.load.failed(took, now),
        Outcome::Answer
        | Outcome::Missing
        | Outcome::NoMethod
        | Outcome::Broken
        | Outcome::TimedOut => {
            vitals.load.failed(took, now);
            if vitals.ejection.failed() {
                eject(worker, &snapshot.table, (seat, backend), now);
            }
        }
        Outcome::NotSent => {}
    }
    if outcome == Outcome::NoMethod {
        vitals.lacks.note(parcel.method, now);
    }
    if parcel.duty == Duty::Send {
        count_send(worker, backend, ended, now);
    }
    let refused_or_reset =
        status.is_none() && matches!(outcome, Outcome::NotSent | Outcome::Broken);
    if refused_or_reset && ended.line == Line::Fresh && vitals.connection_dropped() >= DROPPED_ALARM
    {
        worker.live.trouble.notify_one();
    }
}

/// Ejects a backend if its pool can spare it, in place of others if need be.
fn eject(worker: &Worker, table: &Table, (seat, backend): (Seat, &Backend), now: Moment) {
    let spared = table.may_eject(seat, now);
    if !spared {
        table.readmit_others(seat, now);
    }
    if !table.may_eject(seat, now) {
        return;
    }
    let rest = backend.vitals.ejection.eject(now);
    worker.metrics.front.ejections.inc();
    // Where all fail they take turns many times a second, and that is told a few times only.
    if spared || rest < LONGEST {
        tracing::warn!(
            backend = %backend.id,
            seconds = rest.as_secs(),
            "ejected: calls keep failing"
        );
    }
}

fn count_send(worker: &Worker, backend: &Backend, ended: &Ended, now: Moment) {
    let sending = &backend.vitals.sending;
    if !ended.troubled {
        if ended.outcome == Outcome::Answer {
            sending.answered();
        }
    } else if sending.troubled(now) {
        worker.metrics.sends.not_ready.inc();
        tracing::warn!(
            backend = %backend.id,
            "not ready: transactions keep failing for reasons of its own; others are asked first"
        );
    }
}

/// Lets a backend that is too busy rest for as long as it said, within bounds.
pub fn hold_off(backend: &Backend, said: Option<Duration>, now: Moment) {
    let rest = said.unwrap_or(BUSY_REST).clamp(BUSY_REST, BUSY_REST_MAX);
    backend.vitals.ejection.rest(now, rest);
}

/// How long a busy backend wants to be left alone, by its header or by its error.
fn patience(delivered: &Delivered) -> Option<Duration> {
    match (delivered.answered.retry_after, &delivered.reading) {
        (Some(RetryAfter::Wait(seconds)), _) => Some(Duration::from_secs(seconds.into())),
        (Some(RetryAfter::At(second)), _) => {
            let wait = u64::from(second).saturating_sub(clock::wall_seconds());
            Some(Duration::from_secs(wait))
        }
        (None, Reading::Whole { value, .. }) if value.got == Got::Error => {
            phrases::patience(std::str::from_utf8(&value.text).ok()?)
        }
        (
            None,
            Reading::Whole { .. }
            | Reading::Beginning { .. }
            | Reading::Parts(_)
            | Reading::BatchRefused
            | Reading::TooLong
            | Reading::NoRoom
            | Reading::Nothing,
        ) => None,
    }
}
