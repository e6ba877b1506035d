//! Whether the bounds hold: one plain sentence each.

use crate::report::Report;

/// Headway's resident memory before the first call stays under this.
pub(crate) const IDLE_RSS_BYTES_LIMIT: u64 = 32 * 1024 * 1024;

/// What a race says about one bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The bound holds.
    Holds(String),
    /// It does not.
    Broken(String),
    /// It could not be looked at.
    LeftOut(String),
}

/// Looks at all bounds; `limit` is how many times nginx's CPU per call Headway may use.
pub(crate) fn judge(report: &Report, limit: f64) -> Vec<Verdict> {
    let mut verdicts = vec![cpu(report, limit), idle(report)];
    verdicts.extend(
        report
            .standings
            .iter()
            .filter(|standing| standing.wrong > 0)
            .map(|standing| {
                Verdict::Broken(format!(
                    "{} gave {} answers that the upstream did not.",
                    standing.rival, standing.wrong
                ))
            }),
    );
    verdicts
}

fn cpu(report: &Report, limit: f64) -> Verdict {
    let median = |rival| Some(report.standing(rival)?.cpu_micros_per_call?.median);
    let (Some(nginx), Some(headway)) = (median("nginx"), median("headway")) else {
        return Verdict::LeftOut(
            "CPU per call was not compared, because nginx did not run.".to_owned(),
        );
    };
    let times = headway / nginx;
    let figures = format!("{headway:.1} µs to {nginx:.1} µs");
    // Written so that a ratio that is no number breaks the bound too.
    if times <= limit {
        Verdict::Holds(format!(
            "Headway uses {times:.2} × the CPU of nginx per call ({figures}); the limit is {limit}."
        ))
    } else {
        Verdict::Broken(format!(
            "Headway uses {times:.2} × the CPU of nginx per call ({figures}), more than the limit of {limit}."
        ))
    }
}

fn idle(report: &Report) -> Verdict {
    let bytes = report
        .standing("headway")
        .and_then(|standing| standing.idle_rss_bytes);
    let Some(bytes) = bytes else {
        return Verdict::LeftOut("The memory of an idle Headway was not measured.".to_owned());
    };
    let (mib, limit) = (mib(bytes), mib(IDLE_RSS_BYTES_LIMIT));
    if bytes < IDLE_RSS_BYTES_LIMIT {
        Verdict::Holds(format!(
            "An idle Headway holds {mib:.1} MiB; the limit is {limit:.0}."
        ))
    } else {
        Verdict::Broken(format!(
            "An idle Headway holds {mib:.1} MiB, not under the limit of {limit:.0}."
        ))
    }
}

/// Bytes in the unit that tables and sentences use.
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests;
