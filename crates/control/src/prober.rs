//! Asks every backend how it is, over and over, and has each round judged and published.

use std::sync::Arc;
use std::time::Duration;

use chain::head::BlockHash;
use proxy::clock;
use proxy::live::Backend;
use proxy::tasks;
use proxy::worker::Worker;
use rules::ids::Pool;
use rules::member::Probe;
use rules::member::Spec;
use rules::moment::Moment;
use rules::roll::Question;
use rules::round::Fleet;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

use crate::gauges::Gauges;
use crate::probe;
use crate::publish;
use crate::publish::Publisher;

/// Findings that wait to be taken into account.
const NEWS_MAX: usize = 4_096;
/// A timer of ours that fires later than this says something about this machine, not the backend.
const LATE: Duration = Duration::from_millis(500);
/// Rest between two looks that clients' dropped connections asked for.
const TROUBLE_REST: Duration = Duration::from_millis(200);
/// Findings taken into account in one go.
const NEWS_AT_ONCE: usize = 256;

/// Watches the fleet.
#[derive(Debug)]
pub struct Prober {
    worker: Worker,
    specs: Vec<Spec>,
    backends: Vec<Arc<Backend>>,
    fleet: Fleet,
    publisher: Publisher,
    gauges: Arc<Gauges>,
    /// Backends that are being asked for their chain id.
    asking: Vec<bool>,
    /// Rung to have a backend probed at once.
    bells: Vec<Arc<Notify>>,
    /// When clients' trouble was last looked into.
    looked: Option<Moment>,
    /// Whether the backend at this index is still to be heard of for the first time.
    unheard: Vec<bool>,
    /// Told when every backend was heard of once.
    first_round: Option<oneshot::Sender<()>>,
}

/// What was found out about the backend at this index.
#[derive(Clone, Copy, Debug)]
enum News {
    /// A probe ended; `None` when our own timer was late and it proves nothing.
    Probed(usize, Option<Probe>),
    /// It was asked for its chain id; `None` when it did not answer at all.
    ChainId(usize, Option<Option<u64>>),
    /// It was asked for a block's hash.
    Hash(Question, Option<BlockHash>),
}

impl Prober {
    /// A prober for the backends of the current snapshot, told to report when each was heard of.
    #[must_use]
    pub fn new(worker: Worker, gauges: Arc<Gauges>, first_round: oneshot::Sender<()>) -> Self {
        let snapshot = worker.live.snapshot();
        let specs = publish::specs(&snapshot.settings);
        let limits = publish::limits(&snapshot.settings);
        Self {
            fleet: Fleet::new(specs.clone(), limits),
            publisher: Publisher::new(Arc::clone(&worker.live), Arc::clone(&gauges)),
            backends: snapshot.backends.clone(),
            asking: vec![false; specs.len()],
            bells: specs.iter().map(|_| Arc::default()).collect(),
            looked: None,
            unheard: specs.iter().map(is_probed).collect(),
            first_round: Some(first_round),
            worker,
            specs,
            gauges,
        }
    }

    /// Watches for as long as the process runs.
    pub async fn run(mut self) {
        let (news, mut found) = mpsc::channel(NEWS_MAX);
        for at in 0..self.specs.len() {
            self.watch(at, &news);
        }
        let health = self.worker.live.snapshot().settings.config.health.clone();
        let mut round = tokio::time::interval(health.interval);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let live = Arc::clone(&self.worker.live);
        self.open_if_all_heard();
        let mut words = Vec::with_capacity(NEWS_AT_ONCE);
        loop {
            tokio::select! {
                _ = found.recv_many(&mut words, NEWS_AT_ONCE) => {
                    words.drain(..).for_each(|word| self.hear(word, &news));
                }
                _ = round.tick() => self.judge(&news),
                () = live.trouble.notified() => self.look(),
            }
        }
    }

    /// Clients' connections drop: what they met counts at once, and the next probe, which has the
    /// last word, need not wait for its turn.
    fn look(&mut self) {
        let now = self.worker.clock.now();
        if self
            .looked
            .is_some_and(|looked| now.since(looked) < TROUBLE_REST)
        {
            return;
        }
        self.looked = Some(now);
        for at in self.take_dropped() {
            if let Some(bell) = self.bells.get(at) {
                bell.notify_one();
            }
        }
    }

    /// Counts clients' dropped connections; gives the backends that had any.
    fn take_dropped(&mut self) -> Vec<usize> {
        let mut met = Vec::new();
        for (at, backend) in self.backends.iter().enumerate() {
            let dropped = backend.vitals.take_dropped();
            if dropped > 0 {
                self.fleet.dropped(at, dropped);
                met.push(at);
            }
        }
        met
    }

    /// Starts the task that probes one backend.
    fn watch(&self, at: usize, news: &mpsc::Sender<News>) {
        let (Some(spec), Some(backend)) = (self.specs.get(at), self.backends.get(at)) else {
            return;
        };
        if !is_probed(spec) {
            return;
        }
        let health = &self.worker.live.snapshot().settings.config.health;
        let seconds = self
            .gauges
            .probe_seconds
            .with_label_values(&[spec.id.as_str()]);
        let watch = Watch {
            at,
            worker: self.worker.clone(),
            backend: Arc::clone(backend),
            pool: spec.pool.filter(|_| !spec.leader),
            interval: match spec.leader && spec.external {
                true => health.leader_interval,
                false => health.interval,
            },
            wait: health.timeout,
            gauges: Arc::clone(&self.gauges),
            seconds,
            bell: self.bells.get(at).cloned().unwrap_or_default(),
            news: news.clone(),
        };
        tasks::background(watch.run());
    }

    fn hear(&mut self, word: News, news: &mpsc::Sender<News>) {
        let now = self.worker.clock.now();
        match word {
            News::Probed(at, probe) => {
                if let Some(probe) = probe {
                    self.fleet.probed(at, probe, now);
                }
                self.heard(at);
                self.ask_chain_id(at, now, news);
            }
            News::ChainId(at, said) => {
                if let Some(asking) = self.asking.get_mut(at) {
                    *asking = false;
                }
                if let Some(said) = said {
                    self.fleet.chain_id(at, said, now);
                }
            }
            News::Hash(question, hash) => self.fleet.answered(question, hash),
        }
    }

    /// A backend was heard of, perhaps for the first time.
    fn heard(&mut self, at: usize) {
        if let Some(unheard) = self.unheard.get_mut(at) {
            *unheard = false;
        }
        self.open_if_all_heard();
    }

    /// The data port opens when everybody has been heard of once; with nobody to probe, at once.
    fn open_if_all_heard(&mut self) {
        if !self.unheard.contains(&true)
            && let Some(first_round) = self.first_round.take()
        {
            self.publish();
            let _gave_up_waiting = first_round.send(());
        }
    }

    fn ask_chain_id(&mut self, at: usize, now: Moment, news: &mpsc::Sender<News>) {
        let (Some(asking), Some(backend)) = (self.asking.get_mut(at), self.backends.get(at)) else {
            return;
        };
        if *asking || !self.fleet.wants_chain_id(at, now) {
            return;
        }
        *asking = true;
        let (worker, backend, news) = (self.worker.clone(), Arc::clone(backend), news.clone());
        let wait = worker.live.snapshot().settings.config.health.timeout;
        tasks::background(async move {
            let said = probe::chain_id(&worker, &backend, wait).await;
            let _stopped = news.send(News::ChainId(at, said)).await;
        });
    }

    /// One round: what clients met, the verdicts, the table, and what must be asked for the next.
    fn judge(&mut self, news: &mpsc::Sender<News>) {
        let now = self.worker.clock.now();
        self.take_dropped();
        for backend in &self.backends {
            backend.pool.sweep(now);
        }
        self.publish();
        for question in self.fleet.questions(now) {
            let Some(backend) = self.backends.get(question.at).cloned() else {
                continue;
            };
            let (worker, news) = (self.worker.clone(), news.clone());
            let wait = worker.live.snapshot().settings.config.health.timeout;
            tasks::background(async move {
                let hash = probe::hash_at(&worker, &backend, question.height, wait).await;
                let _stopped = news.send(News::Hash(question, hash)).await;
            });
        }
    }

    fn publish(&mut self) {
        let (now, wall) = (self.worker.clock.now(), clock::wall_seconds());
        let judgement = self.fleet.judge(now, wall);
        self.publisher.publish(&self.specs, &judgement, wall);
    }
}

/// Tunnels are not probed: there is no call that every WebSocket server answers.
fn is_probed(spec: &Spec) -> bool {
    spec.leader || spec.pool != Some(Pool::Ws)
}

/// The probing of one backend.
struct Watch {
    at: usize,
    worker: Worker,
    backend: Arc<Backend>,
    pool: Option<Pool>,
    interval: Duration,
    wait: Duration,
    gauges: Arc<Gauges>,
    seconds: prometheus::Gauge,
    bell: Arc<Notify>,
    news: mpsc::Sender<News>,
}

impl Watch {
    async fn run(self) {
        let clock = self.worker.clock;
        loop {
            let begun = clock.now();
            let probe = probe::ask(&self.worker, &self.backend, self.pool, self.wait).await;
            let took = clock.now().since(begun);
            // A probe that "failed" after its time was up by more than a timer's error was not
            // waited for: this process slept, and the backend may have answered in time.
            let slept = took > self.wait + LATE;
            self.seconds.set(took.as_secs_f64());
            if self
                .news
                .send(News::Probed(self.at, self.count(probe, slept)))
                .await
                .is_err()
            {
                return;
            }
            self.rest(begun).await;
        }
    }

    fn count(&self, probe: Probe, slept: bool) -> Option<Probe> {
        match probe {
            Probe::Failed if slept => {
                self.gauges.probes_discarded.inc();
                None
            }
            Probe::Failed => {
                let id = self.backend.id.as_str();
                self.gauges.probe_failures.with_label_values(&[id]).inc();
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
        let due = begun.after(self.interval.mul_f64(jitter)).max(clock.now());
        tokio::select! {
            () = tokio::time::sleep_until(clock.instant(due)) => {}
            () = self.bell.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests;
