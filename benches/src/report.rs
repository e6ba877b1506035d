//! What a race has measured: every turn, and what each rival's turns come to.

use serde::Serialize;

use crate::figures::Spread;

/// One turn of one rival.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Turn {
    /// From 1.
    pub(crate) round: u32,
    pub(crate) rival: &'static str,
    pub(crate) calls: u64,
    /// Answers that were not what the upstream says.
    pub(crate) wrong: u64,
    pub(crate) calls_per_second: f64,
    pub(crate) p50_micros: u32,
    pub(crate) p99_micros: u32,
    /// User and system time of all the rival's processes; none when there is nobody in between.
    pub(crate) cpu_micros_per_call: Option<f64>,
}

/// What the turns of one rival come to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Standing {
    pub(crate) rival: &'static str,
    pub(crate) wrong: u64,
    pub(crate) calls_per_second: Spread,
    pub(crate) p50_micros: Spread,
    pub(crate) p99_micros: Spread,
    pub(crate) cpu_micros_per_call: Option<Spread>,
    /// Resident memory before the first call.
    pub(crate) idle_rss_bytes: Option<u64>,
    /// The most there has been, after the last call.
    pub(crate) peak_rss_bytes: Option<u64>,
}

/// A whole race.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) connections: u16,
    /// Seconds of one turn.
    pub(crate) seconds: u64,
    pub(crate) standings: Vec<Standing>,
    pub(crate) turns: Vec<Turn>,
}

impl Standing {
    /// Of this rival; memory is told apart because it is not measured by the turn.
    pub(crate) fn of(rival: &'static str, turns: &[Turn]) -> Self {
        let turns: Vec<&Turn> = turns.iter().filter(|turn| turn.rival == rival).collect();
        let spread = |figure: fn(&Turn) -> f64| Spread::of(turns.iter().map(|turn| figure(turn)));
        let cpu: Vec<f64> = turns
            .iter()
            .filter_map(|turn| turn.cpu_micros_per_call)
            .collect();
        Self {
            rival,
            wrong: turns.iter().map(|turn| turn.wrong).sum(),
            calls_per_second: spread(|turn| turn.calls_per_second),
            p50_micros: spread(|turn| f64::from(turn.p50_micros)),
            p99_micros: spread(|turn| f64::from(turn.p99_micros)),
            cpu_micros_per_call: (!cpu.is_empty()).then(|| Spread::of(cpu)),
            idle_rss_bytes: None,
            peak_rss_bytes: None,
        }
    }
}

impl Report {
    /// Where a rival stands; `None` when it did not run.
    pub(crate) fn standing(&self, rival: &str) -> Option<&Standing> {
        self.standings
            .iter()
            .find(|standing| standing.rival == rival)
    }
}
