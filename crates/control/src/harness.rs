//! A control plane over a simulated network on real sockets, with a log that stories can read.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use config::load::Sources;
use devnet::Devnet;
use devnet::Fault;
use devnet::Kind;
use devnet::Mining;
use devnet::Node;
use devnet::Plan;
use proxy::live::Backend;
use proxy::logs::Logs;
use proxy::tasks;
use proxy::worker::Worker;
use rules::ids::Pool;
use rules::table::Place;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tracing::subscriber::DefaultGuard;

use crate::admin::View;
use crate::assemble;
use crate::gauges::Gauges;
use crate::prober::Order;
use crate::prober::Prober;

/// Between two looks at something that is about to become true, and how many there may be.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const LOOKS_MAX: usize = 6_000;

/// What was logged on this thread since the stage was set.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_max_level(tracing::level_filters::LevelFilter::DEBUG)
            .with_writer(move || writer.clone());
        let guard = tracing::subscriber::set_default(lines.finish());
        (log, guard)
    }

    /// The lines that hold all these words.
    pub(crate) fn lines(&self, words: &[&str]) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines();
        let lines = lines.filter(|line| words.iter().all(|word| line.contains(word)));
        lines.map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything a story of the control plane needs.
pub(crate) struct Stage {
    pub(crate) network: Devnet,
    pub(crate) worker: Worker,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) log: Log,
    /// What it is configured by.
    pub(crate) sources: Sources,
    _logging: DefaultGuard,
}

impl Stage {
    /// Two read nodes, a heavy one, two miners, a nodeos and a leader, as the plan has them; blocks
    /// are made by the story alone. Probes follow each other quickly.
    pub(crate) async fn set(more: &[(&str, &str)]) -> Self {
        Self::with_faults(&[], more).await
    }

    /// The same with nodes that fail from the start.
    pub(crate) async fn with_faults(faults: &[(&str, Fault)], more: &[(&str, &str)]) -> Self {
        let (log, logging) = Log::start();
        let plan = Plan {
            mining: Mining::Manual,
            ..Plan::default()
        };
        let network = Devnet::start(plan).await.unwrap();
        for (node, fault) in faults {
            network.node(node).unwrap().set(*fault);
        }
        let sources = sources(&network, more);
        let worker = worker(&sources);
        let gauges = Arc::new(Gauges::new(&worker).unwrap());
        Self {
            network,
            worker,
            gauges,
            log,
            sources,
            _logging: logging,
        }
    }

    /// Starts the prober; the receiver hears when everybody was heard of once.
    pub(crate) fn probe(&self) -> oneshot::Receiver<()> {
        let (rounds_began, _nobody_orders) = self.probe_to_order();
        rounds_began
    }

    /// The same, with a way to order another configuration.
    pub(crate) fn probe_to_order(&self) -> (oneshot::Receiver<()>, mpsc::Sender<Order>) {
        let (first_round, rounds_began) = oneshot::channel();
        let (orders, ordered) = mpsc::channel(1);
        let gauges = Arc::clone(&self.gauges);
        let prober = Prober::new(self.worker.clone(), gauges, first_round, ordered);
        tasks::background(prober.run());
        (rounds_began, orders)
    }

    pub(crate) fn view(&self) -> View {
        View {
            worker: Arc::new(self.worker.clone()),
            gauges: Arc::clone(&self.gauges),
        }
    }

    pub(crate) fn node(&self, name: &str) -> &Node {
        self.network.node(name).unwrap()
    }

    pub(crate) fn backend(&self, id: &str) -> Arc<Backend> {
        let snapshot = self.worker.live.snapshot();
        let mut backends = snapshot.backends.iter();
        Arc::clone(backends.find(|backend| backend.id.as_str() == id).unwrap())
    }

    pub(crate) fn place(&self, id: &str) -> Place {
        let snapshot = self.worker.live.snapshot();
        let mut places = snapshot.table.places().iter();
        places
            .find(|place| place.id.as_str() == id)
            .unwrap()
            .clone()
    }

    /// Ids that a pool may use, as eligible or as a last resort.
    pub(crate) fn served_by(&self, pool: Pool) -> Vec<String> {
        let snapshot = self.worker.live.snapshot();
        let line = snapshot.table.line(pool);
        let seats = line.eligible.iter().chain(&line.rest);
        let places = seats.filter_map(|seat| snapshot.table.place(*seat));
        places.map(|place| place.id.as_str().to_owned()).collect()
    }

    /// Waits until so many further probes of everybody that is probed have been answered.
    pub(crate) async fn rounds(&self, rounds: u64) {
        let asked = || -> Vec<u64> { self.network.nodes().iter().map(Node::received).collect() };
        let before = asked();
        until("further probes", || {
            let now = asked();
            before
                .iter()
                .zip(&now)
                .all(|(old, new)| *new >= old + rounds)
        })
        .await;
    }
}

/// Looks again and again, but not for ever.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let mut every = tokio::time::interval(LOOK_EVERY);
    for _ in 0..LOOKS_MAX {
        every.tick().await;
        if holds() {
            return;
        }
    }
    panic!("{what}: this did not become true");
}

fn sources(network: &Devnet, more: &[(&str, &str)]) -> Sources {
    let of = |kind: Kind| {
        let nodes = network
            .nodes()
            .iter()
            .filter(move |node| node.kind() == kind);
        nodes
            .map(|node| node.addr().to_string())
            .collect::<Vec<_>>()
    };
    let reads = of(Kind::Read);
    let environment = [
        ("READ_ENDPOINT", reads[..2].join(",")),
        ("TEST_ENDPOINT", reads[2..].join(",")),
        ("WRITE_ENDPOINT", of(Kind::Miner).join(",")),
        ("LEADER_ENDPOINT", of(Kind::Leader).join(",")),
        (
            "HEADWAY_BACKENDS__nodeos-1__URL",
            format!("http://{}", of(Kind::Nodeos)[0]),
        ),
        ("HEADWAY_BACKENDS__nodeos-1__POOL", "antelope".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "off".to_owned()),
    ];
    let quick = [
        ("health.interval", "100ms"),
        ("health.leader_interval", "100ms"),
        ("health.timeout", "1s"),
        ("health.max_head_age", "off"),
    ];
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut command_line: Vec<_> = quick.iter().map(owned).collect();
    command_line.extend(more.iter().map(owned));
    Sources {
        environment: environment
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        command_line,
        ..Sources::default()
    }
}

fn worker(sources: &Sources) -> Worker {
    let config = config::load::load(sources).unwrap().config;
    let metrics = assemble::metrics(&config).unwrap();
    assemble::worker(config, 0, (metrics, Logs::default())).unwrap()
}
