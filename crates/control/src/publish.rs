//! From a judgement to the table that calls use, the gauges, and a line for every change.

use std::sync::Arc;

use prometheus::IntGaugeVec;
use proxy::live::Backend;
use proxy::live::Live;
use proxy::live::Settings;
use proxy::live::Snapshot;
use rules::health::Link;
use rules::ids::Pool;
use rules::ids::Seat;
use rules::member::Limits;
use rules::member::Spec;
use rules::seating;
use rules::seating::Rungs;
use rules::served::Back;
use rules::served::Served;
use rules::table::Ladder;
use rules::table::Place;
use rules::table::Standing;
use rules::table::Table;
use rules::verdict::Change;
use rules::verdict::Doubt;
use rules::verdict::Judgement;
use rules::verdict::Source;
use rules::vitals::Vitals;

use crate::gauges;
use crate::gauges::Gauges;

/// What the rules need to know of the configured backends.
#[must_use]
pub fn specs(settings: &Settings) -> Vec<Spec> {
    let spec = |backend: &config::checked::Backend| Spec {
        id: backend.id.clone(),
        pool: backend.pool,
        leader: backend.leader,
        external: backend.external,
        weight: backend.weight,
    };
    settings.config.backends.iter().map(spec).collect()
}

/// What the rules need to know of `[health]`.
#[must_use]
pub fn limits(settings: &Settings) -> Limits {
    let health = &settings.config.health;
    Limits {
        interval: health.interval,
        leader_interval: health.leader_interval,
        fall: health.fall,
        rise: health.rise,
        max_lag: health.max_lag,
        max_lag_at_once: health.max_lag_at_once,
        block_time: health.block_time,
        max_head_age: health.max_head_age,
        chain_id: health.chain_id,
    }
}

/// The view before the first verdict: nobody is known, and whoever is unknown is eligible.
#[must_use]
pub fn first(settings: Arc<Settings>, backends: Vec<Arc<Backend>>) -> Snapshot {
    let places = settings
        .config
        .backends
        .iter()
        .zip(&backends)
        .map(|(wanted, backend)| Place {
            id: backend.id.clone(),
            pool: wanted.pool,
            weight: wanted.weight,
            standing: Standing::Eligible,
            head: None,
            lag: None,
            returned: None,
            vitals: Arc::clone(&backend.vitals),
        });
    let table = Table::new(places.collect(), Ladder::default());
    Snapshot {
        table,
        backends,
        settings,
    }
}

/// Publishes judgements, and remembers what was said of the last one.
#[derive(Debug)]
pub struct Publisher {
    live: Arc<Live>,
    gauges: Arc<Gauges>,
    settings: Arc<Settings>,
    backends: Vec<Arc<Backend>>,
    vitals: Vec<Arc<Vitals>>,
    rungs: Rungs,
    served: Served,
    doubts: Vec<Doubt>,
    halted: bool,
    head_too_old: bool,
    source: Option<Source>,
}

impl Publisher {
    /// A publisher for the backends of the current snapshot.
    #[must_use]
    pub fn new(live: Arc<Live>, gauges: Arc<Gauges>) -> Self {
        let snapshot = live.snapshot();
        Self {
            vitals: vitals(&snapshot.backends),
            rungs: rungs(&snapshot.settings),
            settings: Arc::clone(&snapshot.settings),
            backends: snapshot.backends.clone(),
            live,
            gauges,
            served: Served::default(),
            doubts: Vec::new(),
            halted: false,
            head_too_old: false,
            source: None,
        }
    }

    /// From the next judgement on this is what is configured; settings and backends are swapped
    /// together with the table that belongs to them.
    pub fn change(&mut self, settings: Arc<Settings>, backends: Vec<Arc<Backend>>) {
        self.vitals = vitals(&backends);
        self.rungs = rungs(&settings);
        self.backends = backends;
        self.settings = settings;
    }

    /// Swaps the table, brings the gauges up to date, and says what has changed.
    pub fn publish(&mut self, specs: &[Spec], judgement: &Judgement, wall: u64) {
        let table = seating::table(specs, judgement, &self.vitals, &self.rungs);
        let serves = serves_reads(&table, judgement);
        let back = self.look(&table);
        let told = self.served.mark().map(|mark| mark.number);
        self.live.publish(Snapshot {
            table: table.serving(told),
            backends: self.backends.clone(),
            settings: Arc::clone(&self.settings),
        });
        self.live
            .readiness
            .set_serving(serves && !judgement.head_too_old);
        self.tell_served(back);
        self.gauges.tables.inc();
        self.show(specs, judgement, wall);
        for change in &judgement.changes {
            if change.to == Standing::Down
                && let Some(backend) = self.backends.get(change.at)
            {
                backend.down.notify_waiters();
            }
            if change.from == Standing::Down
                && let Some(vitals) = self.vitals.get(change.at)
            {
                vitals.returned();
            }
            self.tell(specs, judgement, change);
        }
        self.tell_doubts(specs, judgement, wall);
    }

    /// What this round makes of the served head.
    fn look(&mut self, table: &Table) -> Option<Back> {
        let config = &self.settings.config;
        let (advance, far) = (config.consistency.advance, config.health.max_lag);
        self.served.look(table, advance, far)
    }

    /// Shows the served head, and tells when it stepped back.
    fn tell_served(&self, back: Option<Back>) {
        let mark = self.served.mark();
        self.gauges
            .served
            .number
            .set(mark.map_or(0, |mark| signed(mark.number)));
        if let Some(Back { from, to }) = back {
            self.gauges.served.steps_back.inc();
            tracing::warn!(
                from = from.number,
                to = to.number,
                was = %from.hash,
                hash = %to.hash,
                "the served head stepped back"
            );
        }
    }

    fn show(&self, specs: &[Spec], judgement: &Judgement, wall: u64) {
        let gauges = &self.gauges;
        for (spec, verdict) in specs.iter().zip(&judgement.verdicts) {
            let id = spec.id.as_str();
            let eligible = verdict.standing == Standing::Eligible;
            gauges
                .backend_up
                .with_label_values(&[id])
                .set(i64::from(eligible));
            for standing in gauges::STANDINGS {
                let state = gauges
                    .backend_state
                    .with_label_values(&[id, gauges::name(standing)]);
                state.set(i64::from(standing == verdict.standing));
            }
            if let Some(head) = verdict.head {
                gauges
                    .block_number
                    .with_label_values(&[id])
                    .set(signed(head.number));
            }
            let age = verdict.head.map(|head| wall.saturating_sub(head.timestamp));
            known(&gauges.head_age_seconds, id, age);
            known(&gauges.lag_blocks, id, verdict.lag_blocks);
        }
        gauges
            .reference
            .set(judgement.reference.map_or(0, |head| signed(head.number)));
        gauges.halted.set(i64::from(judgement.halted));
        gauges.degraded.set(i64::from(judgement.is_degraded()));
    }

    /// The line for a change: who, from, to, why, numbers.
    fn tell(&self, specs: &[Spec], judgement: &Judgement, change: &Change) {
        let Some(spec) = specs.get(change.at) else {
            return;
        };
        let id = spec.id.as_str();
        let (from, to) = (gauges::name(change.from), gauges::name(change.to));
        self.gauges.transitions.with_label_values(&[id, to]).inc();
        let head = judgement
            .verdicts
            .get(change.at)
            .and_then(|verdict| verdict.head);
        let head = head.map(|head| head.number);
        let reference = judgement.reference.map(|reference| reference.number);
        let left = spec
            .pool
            .map(|pool| self.live.snapshot().table.line(pool).eligible.len());
        let (pool, why) = (spec.pool.map(Pool::as_str), change.why.to_string());
        if change.to == Standing::Eligible {
            tracing::info!(
                backend = id,
                pool,
                from,
                to,
                why,
                head,
                reference,
                eligible = left,
                "table"
            );
        } else {
            tracing::warn!(
                backend = id,
                pool,
                from,
                to,
                why,
                head,
                reference,
                eligible = left,
                "table"
            );
        }
    }

    /// A line for each doubt when it comes up, and for the state of the chain when it changes.
    fn tell_doubts(&mut self, specs: &[Spec], judgement: &Judgement, wall: u64) {
        for doubt in &judgement.doubts {
            let known = |old: &Doubt| std::mem::discriminant(old) == std::mem::discriminant(doubt);
            if !self.doubts.iter().any(known) {
                tracing::warn!("{doubt}");
            }
        }
        self.doubts.clone_from(&judgement.doubts);
        if judgement.halted != self.halted {
            self.halted = judgement.halted;
            let head = judgement.reference.map(|reference| reference.number);
            match self.halted {
                true => tracing::error!(head, "the chain has halted: nobody's head moves"),
                false => tracing::info!(head, "the chain moves again"),
            }
        }
        if judgement.head_too_old != self.head_too_old {
            self.head_too_old = judgement.head_too_old;
            let heads = judgement.verdicts.iter().filter_map(|verdict| verdict.head);
            let newest = heads.map(|head| head.timestamp).max();
            let seconds = newest.map(|newest| wall.saturating_sub(newest));
            match self.head_too_old {
                true => {
                    tracing::error!(seconds, "the newest head is older than health.max_head_age");
                }
                false => tracing::info!(seconds, "the newest head is young enough again"),
            }
        }
        let source = judgement.reference.map(|reference| reference.source);
        if kind(source) != kind(self.source) {
            let (whose, at) = match source {
                Some(Source::Leader(at)) => ("the leader", Some(at)),
                Some(Source::Vote(at)) => ("a vote of the heads", Some(at)),
                None => ("nobody", None),
            };
            let backend = at.and_then(|at| specs.get(at)).map(|spec| spec.id.as_str());
            let number = judgement.reference.map(|reference| reference.number);
            tracing::info!(whose, backend, number, "reference");
        }
        self.source = source;
    }
}

fn vitals(backends: &[Arc<Backend>]) -> Vec<Arc<Vitals>> {
    let vitals = backends.iter().map(|backend| Arc::clone(&backend.vitals));
    vitals.collect()
}

fn rungs(settings: &Settings) -> Rungs {
    let config = &settings.config;
    Rungs {
        leader_serves: config.health.leader_serves.clone(),
        leader_calls_max: config.limits.leader_calls,
        stale: config.health.stale,
    }
}

/// Whether somebody who has answered may serve reads. Whoever is unknown is tried, but not counted
/// on: a process whose backends were never there must not say that it is ready.
fn serves_reads(table: &Table, judgement: &Judgement) -> bool {
    let ladder = table.ladder();
    let leader = ladder
        .leader
        .filter(|_| ladder.leader_serves.contains(&Pool::Read));
    let answers = |seat: &Seat| {
        let verdict = judgement.verdicts.get(seat.index());
        verdict.is_some_and(|verdict| verdict.link == Link::Up)
    };
    let eligible = &table.line(Pool::Read).eligible;
    eligible.iter().chain(&leader).any(answers)
}

/// Which backend wins a vote changes with every block and is no news; that it is a vote is.
fn kind(source: Option<Source>) -> u8 {
    match source {
        None => 0,
        Some(Source::Leader(_)) => 1,
        Some(Source::Vote(_)) => 2,
    }
}

/// Shows a figure while it is known. One that is not has no series: the last one known would go on
/// saying that a backend which is down is close behind.
fn known(gauges: &IntGaugeVec, id: &str, figure: Option<u64>) {
    match figure {
        Some(figure) => gauges.with_label_values(&[id]).set(signed(figure)),
        None => {
            let _was_not_known = gauges.remove_label_values(&[id]);
        }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
