//! The probing of one backend, over and over, and what is found out by it.

use std::sync::Arc;
use std::time::Duration;

use chain::head::BlockHash;
use prometheus::Gauge;
use prometheus::IntCounter;
use proxy::live::Backend;
use proxy::worker::Worker;
use rules::ids::Pool;
use rules::member::Probe;
use rules::member::Spec;
use rules::moment::Moment;
use tokio::sync::Notify;
use tokio::sync::mpsc;

use crate::probe;

/// A timer of ours that fires later than this says something about this machine, not the backend.
const LATE: Duration = Duration::from_millis(500);

/// What a backend is called while it is watched; its index changes when others come and go.
pub type Key = u64;

/// What was found out about a backend.
#[derive(Clone, Copy, Debug)]
pub enum News {
    /// A probe ended; `None` when our own timer was late and it proves nothing.
    Probed(Key, Option<Probe>),
    /// It was asked for its chain id; `None` when it did not answer at all.
    ChainId(Key, Option<Option<u64>>),
    /// It was asked for the hash of its block at a height.
    Hash(Key, u64, Option<BlockHash>),
}

/// How a backend is probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// In the way of this pool, or for a head.
    pub pool: Option<Pool>,
    /// Between two probes.
    pub interval: Duration,
    /// How long a probe may take.
    pub wait: Duration,
}

/// Tunnels are not probed: there is no call that every WebSocket server answers.
#[must_use]
pub fn is_probed(spec: &Spec) -> bool {
    spec.leader || spec.pool != Some(Pool::Ws)
}

/// The probing of one backend.
#[derive(Debug)]
pub struct Watch {
    /// Whose.
    pub key: Key,
    /// What it needs.
    pub worker: Worker,
    /// Who is asked.
    pub backend: Arc<Backend>,
    /// How.
    pub terms: Terms,
    /// How long its last probe took.
    pub seconds: Gauge,
    /// Its failed probes.
    pub failures: IntCounter,
    /// Probes of anybody that prove nothing.
    pub discarded: IntCounter,
    /// Rung to have it probed at once.
    pub bell: Arc<Notify>,
    /// Who wants to know.
    pub news: mpsc::Sender<News>,
}

impl Watch {
    /// Probes for as long as somebody wants to know.
    pub async fn run(self) {
        let clock = self.worker.clock;
        loop {
            let begun = clock.now();
            let Terms { pool, wait, .. } = self.terms;
            let probe = probe::ask(&self.worker, &self.backend, pool, wait).await;
            let took = clock.now().since(begun);
            // A probe that "failed" after its time was up by more than a timer's error was not
            // waited for: this process slept, and the backend may have answered in time.
            let slept = took > wait + LATE;
            self.seconds.set(took.as_secs_f64());
            let word = News::Probed(self.key, self.count(probe, slept));
            if self.news.send(word).await.is_err() {
                return;
            }
            self.rest(begun).await;
        }
    }

    fn count(&self, probe: Probe, slept: bool) -> Option<Probe> {
        match probe {
            Probe::Failed if slept => {
                self.discarded.inc();
                None
            }
            Probe::Failed => {
                self.failures.inc();
                Some(Probe::Failed)
            }
            Probe::Head(_) | Probe::Alive => Some(probe),
        }
    }

    /// Waits for the next turn, a little early or late by chance, so that replicas that were
    /// started together do not ask together; or for the bell.
    async fn rest(&self, begun: Moment) {
        let clock = self.worker.clock;
        let jitter = 0.95 + 0.1 * fastrand::f64();
        let due = begun
            .after(self.terms.interval.mul_f64(jitter))
            .max(clock.now());
        tokio::select! {
            () = tokio::time::sleep_until(clock.instant(due)) => {}
            () = self.bell.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests;
