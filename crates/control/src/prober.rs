//! Has every backend asked how it is, over and over, and each round judged and published.

use std::sync::Arc;
use std::time::Duration;

use config::checked::Config;
use proxy::clock;
use proxy::live::Backend;
use proxy::tasks;
use proxy::worker::Worker;
use rules::member::Spec;
use rules::moment::Moment;
use rules::roll::Question;
use rules::round::Fleet;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Interval;
use tokio::time::MissedTickBehavior;

use crate::gauges::Gauges;
use crate::probe;
use crate::publish;
use crate::publish::Publisher;
use crate::watch::Key;
use crate::watch::News;
use crate::watch::Terms;
use crate::watch::Watch;
use crate::watch::is_probed;

mod change;

/// Findings that wait to be taken into account.
const NEWS_MAX: usize = 4_096;
/// Rest between two looks that clients' dropped connections asked for.
const TROUBLE_REST: Duration = Duration::from_millis(200);
/// Findings taken into account in one go.
const NEWS_AT_ONCE: usize = 256;
/// Configurations that wait to be put in force.
pub const ORDERS_MAX: usize = 1;

/// A checked configuration to be put in force.
#[derive(Debug)]
pub struct Order {
    /// As far as it can hold in a running process.
    pub config: Config,
    /// Told once it is in force, or why it cannot be.
    pub done: oneshot::Sender<Result<(), String>>,
}

/// Watches the fleet.
#[derive(Debug)]
pub struct Prober {
    worker: Worker,
    specs: Vec<Spec>,
    /// The backends under observation, at the index of their spec.
    posts: Vec<Post>,
    fleet: Fleet,
    publisher: Publisher,
    gauges: Arc<Gauges>,
    orders: mpsc::Receiver<Order>,
    /// When clients' trouble was last looked into.
    looked: Option<Moment>,
    /// Told when every backend was heard of once.
    first_round: Option<oneshot::Sender<()>>,
    /// The key of the next backend.
    next: Key,
}

/// One backend under observation.
#[derive(Debug)]
struct Post {
    key: Key,
    backend: Arc<Backend>,
    /// It is being asked for its chain id.
    asking: bool,
    /// It is still to be heard of for the first time.
    unheard: bool,
    /// Rung to have it probed at once.
    bell: Arc<Notify>,
    /// Its probing and the terms of that.
    watch: Option<(Terms, JoinHandle<()>)>,
}

impl Prober {
    /// A prober for the backends of the current snapshot, told to report when each was heard of.
    #[must_use]
    pub fn new(
        worker: Worker,
        gauges: Arc<Gauges>,
        first_round: oneshot::Sender<()>,
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        let snapshot = worker.live.snapshot();
        let specs = publish::specs(&snapshot.settings);
        let limits = publish::limits(&snapshot.settings);
        let mut prober = Self {
            fleet: Fleet::new(specs.clone(), limits),
            publisher: Publisher::new(Arc::clone(&worker.live), Arc::clone(&gauges)),
            posts: Vec::new(),
            orders,
            looked: None,
            first_round: Some(first_round),
            worker,
            specs: Vec::new(),
            gauges,
            next: 0,
        };
        for (spec, backend) in specs.iter().zip(&snapshot.backends) {
            let post = prober.post(spec, Arc::clone(backend));
            prober.posts.push(post);
        }
        prober.specs = specs;
        prober
    }

    fn post(&mut self, spec: &Spec, backend: Arc<Backend>) -> Post {
        self.next += 1;
        Post {
            key: self.next,
            backend,
            asking: false,
            unheard: is_probed(spec),
            bell: Arc::default(),
            watch: None,
        }
    }

    /// Watches for as long as the process runs.
    pub async fn run(mut self) {
        let (news, mut found) = mpsc::channel(NEWS_MAX);
        self.watch(&news);
        let mut round = self.rounds();
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
                Some(order) = self.orders.recv() => {
                    let changed = self.change(order.config);
                    self.watch(&news);
                    round = self.rounds();
                    let _nobody_waits = order.done.send(changed);
                }
            }
        }
    }

    fn rounds(&self) -> Interval {
        let settings = Arc::clone(&self.worker.live.snapshot().settings);
        let mut round = tokio::time::interval(settings.config.health.interval);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        round
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
            if let Some(post) = self.posts.get(at) {
                post.bell.notify_one();
            }
        }
    }

    /// Counts clients' dropped connections; gives the backends that had any.
    fn take_dropped(&mut self) -> Vec<usize> {
        let mut met = Vec::new();
        for (at, post) in self.posts.iter().enumerate() {
            let dropped = post.backend.vitals.take_dropped();
            if dropped > 0 {
                self.fleet.dropped(at, dropped);
                met.push(at);
            }
        }
        met
    }

    /// Starts the probing of every backend that is not probed, or not in the way it should be.
    fn watch(&mut self, news: &mpsc::Sender<News>) {
        let settings = Arc::clone(&self.worker.live.snapshot().settings);
        let health = &settings.config.health;
        for (spec, post) in self.specs.iter().zip(&mut self.posts) {
            let terms = Terms {
                pool: spec.pool.filter(|_| !spec.leader),
                interval: match spec.leader && spec.external {
                    true => health.leader_interval,
                    false => health.interval,
                },
                wait: health.timeout,
            };
            if post.watch.as_ref().is_some_and(|(of, _)| *of == terms) {
                continue;
            }
            post.stop();
            if !is_probed(spec) {
                continue;
            }
            let label = &[spec.id.as_str()];
            let watch = Watch {
                key: post.key,
                worker: self.worker.clone(),
                backend: Arc::clone(&post.backend),
                terms,
                seconds: self.gauges.probe_seconds.with_label_values(label),
                failures: self.gauges.probe_failures.with_label_values(label),
                discarded: self.gauges.probes_discarded.clone(),
                bell: Arc::clone(&post.bell),
                news: news.clone(),
            };
            post.watch = Some((terms, tasks::background(watch.run())));
        }
    }

    fn at(&self, key: Key) -> Option<usize> {
        self.posts.iter().position(|post| post.key == key)
    }

    /// Takes a finding into account; one about a backend that is gone is no news.
    fn hear(&mut self, word: News, news: &mpsc::Sender<News>) {
        let now = self.worker.clock.now();
        let (News::Probed(key, _) | News::ChainId(key, _) | News::Hash(key, ..)) = word;
        let Some(at) = self.at(key) else { return };
        match word {
            News::Probed(_, probe) => {
                if let Some(probe) = probe {
                    self.fleet.probed(at, probe, now);
                }
                self.heard(at);
                self.ask_chain_id(at, now, news);
            }
            News::ChainId(_, said) => {
                if let Some(post) = self.posts.get_mut(at) {
                    post.asking = false;
                }
                if let Some(said) = said {
                    self.fleet.chain_id(at, said, now);
                }
            }
            News::Hash(_, height, hash) => self.fleet.answered(Question { at, height }, hash),
        }
    }

    /// A backend was heard of, perhaps for the first time.
    fn heard(&mut self, at: usize) {
        if let Some(post) = self.posts.get_mut(at) {
            post.unheard = false;
        }
        self.open_if_all_heard();
    }

    /// The data port opens when everybody has been heard of once; with nobody to probe, at once.
    fn open_if_all_heard(&mut self) {
        if !self.posts.iter().any(|post| post.unheard)
            && let Some(first_round) = self.first_round.take()
        {
            self.publish();
            let _gave_up_waiting = first_round.send(());
        }
    }

    fn ask_chain_id(&mut self, at: usize, now: Moment, news: &mpsc::Sender<News>) {
        let wanted = self.fleet.wants_chain_id(at, now);
        let Some(post) = self.posts.get_mut(at).filter(|post| wanted && !post.asking) else {
            return;
        };
        post.asking = true;
        let (worker, news) = (self.worker.clone(), news.clone());
        let (key, backend) = (post.key, Arc::clone(&post.backend));
        let wait = worker.live.snapshot().settings.config.health.timeout;
        tasks::background(async move {
            let said = probe::chain_id(&worker, &backend, wait).await;
            let _stopped = news.send(News::ChainId(key, said)).await;
        });
    }

    /// One round: what clients met, the verdicts, the table, and what must be asked for the next.
    fn judge(&mut self, news: &mpsc::Sender<News>) {
        let now = self.worker.clock.now();
        self.take_dropped();
        for post in &self.posts {
            post.backend.pool.sweep(now);
        }
        self.publish();
        for Question { at, height } in self.fleet.questions(now) {
            let Some(post) = self.posts.get(at) else {
                continue;
            };
            let (key, backend) = (post.key, Arc::clone(&post.backend));
            let (worker, news) = (self.worker.clone(), news.clone());
            let wait = worker.live.snapshot().settings.config.health.timeout;
            tasks::background(async move {
                let hash = probe::hash_at(&worker, &backend, height, wait).await;
                let _stopped = news.send(News::Hash(key, height, hash)).await;
            });
        }
    }

    fn publish(&mut self) {
        let (now, wall) = (self.worker.clock.now(), clock::wall_seconds());
        let judgement = self.fleet.judge(now, wall);
        self.publisher.publish(&self.specs, &judgement, wall);
    }
}

impl Post {
    /// Ends its probing.
    fn stop(&mut self) {
        if let Some((_, probing)) = self.watch.take() {
            probing.abort();
        }
    }
}

#[cfg(test)]
mod tests;
