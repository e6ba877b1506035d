//! A whole proxy without a socket: scripted nodes behind it, clients before it, on a clock that tests stop.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use config::checked::Config;
use rules::ids::BackendId;
use rules::ids::Pool;
use rules::ids::Seat;
use rules::table::Ladder;
use rules::table::Place;
use rules::table::Standing;
use rules::table::Table;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use crate::bulkhead::Work;
use crate::clock::Clock;
use crate::dial::Dial;
use crate::dial::tests::Pipes;
use crate::harness::node::Act;
use crate::harness::node::Got;
use crate::harness::node::Node;
use crate::live::Backend;
use crate::live::Live;
use crate::live::Settings;
use crate::live::Snapshot;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::post_data::PostData;
use crate::reply::Refusal;
use crate::tasks::Tasks;
use crate::worker::Worker;

pub(crate) mod client;
pub(crate) mod node;
pub(crate) mod settings;
pub(crate) mod socket;
pub(crate) mod words;

/// A backend as a story introduces it.
pub(crate) struct Cast {
    id: &'static str,
    pool: Option<Pool>,
    standing: Standing,
    lag: Option<u64>,
    leader: bool,
    external: bool,
    tls: bool,
    user: Option<&'static str>,
    keep_alive: Duration,
    acts: Option<Vec<Act>>,
}

/// An eligible backend of a pool; its last act goes on for ever.
pub(crate) fn node(id: &'static str, pool: Pool, acts: impl Into<Vec<Act>>) -> Cast {
    Cast {
        id,
        pool: Some(pool),
        standing: Standing::Eligible,
        lag: None,
        leader: false,
        external: false,
        tls: false,
        user: None,
        keep_alive: Duration::from_secs(15),
        acts: Some(acts.into()),
    }
}

/// An eligible backend where nobody listens.
pub(crate) fn refusing(id: &'static str, pool: Pool) -> Cast {
    Cast {
        acts: None,
        ..node(id, pool, [])
    }
}

impl Cast {
    pub(crate) fn id(&self) -> &'static str {
        self.id
    }

    /// Asked after those that are near the head.
    pub(crate) fn far(self) -> Self {
        Self {
            lag: Some(5),
            ..self
        }
    }

    pub(crate) fn standing(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// The leader, in no pool.
    pub(crate) fn leader(self) -> Self {
        Self {
            leader: true,
            pool: None,
            ..self
        }
    }

    /// The leader, which stays in its pool.
    pub(crate) fn leads(self) -> Self {
        Self {
            leader: true,
            ..self
        }
    }

    pub(crate) fn external(self) -> Self {
        Self {
            external: true,
            ..self
        }
    }

    /// Its URL begins with `https`.
    pub(crate) fn tls(self) -> Self {
        Self { tls: true, ..self }
    }

    pub(crate) fn user(self, user: &'static str) -> Self {
        Self {
            user: Some(user),
            ..self
        }
    }

    pub(crate) fn keep_alive(self, seconds: u64) -> Self {
        Self {
            keep_alive: Duration::from_secs(seconds),
            ..self
        }
    }
}

/// A running proxy.
pub(crate) struct Proxy {
    pub(crate) worker: Arc<Worker>,
    nodes: HashMap<&'static str, Node>,
}

impl Proxy {
    pub(crate) fn start(config: Config, cast: Vec<Cast>) -> Self {
        Self::logging(config, cast, Logs::default())
    }

    /// The same with logs.
    pub(crate) fn logging(mut config: Config, cast: Vec<Cast>, logs: Logs) -> Self {
        config.backends = cast.iter().map(settings::backend).collect();
        let metrics = Metrics::new(&config.methods, &Refusal::REASONS).unwrap();
        let backends: Vec<_> = config
            .backends
            .iter()
            .map(|backend| Arc::new(Backend::new(backend, 1, &metrics).unwrap()))
            .collect();
        let table = table(&config, &cast, &backends);
        let pipes = Pipes::default();
        let nodes = cast
            .into_iter()
            .filter_map(|cast| Some((cast.id, Node::start(cast.id, cast.acts?, &pipes))))
            .collect();
        let worker = Worker {
            index: 0,
            clock: Clock::start(),
            logs,
            memory: Memory::new(config.limits.buffered_bytes),
            live: Arc::new(Live::new(Snapshot {
                table,
                backends,
                settings: Arc::new(Settings::new(config)),
            })),
            metrics: Arc::new(metrics),
            dial: Arc::new(Dial::Pipes(pipes)),
            tasks: Tasks::default(),
        };
        Self {
            worker: Arc::new(worker),
            nodes,
        }
    }

    /// From now on the bodies of calls that fail are kept.
    pub(crate) fn keeps(&mut self, post_data: PostData) {
        Arc::make_mut(&mut self.worker).logs.post_data = post_data;
    }

    /// From now on a story itself answers at a node's name.
    pub(crate) fn listen(&self, node: &str) -> mpsc::Receiver<DuplexStream> {
        match &*self.worker.dial {
            Dial::Pipes(pipes) => pipes.host(node),
            Dial::Net => panic!("stories run on pipes"),
        }
    }

    /// Everything that reached a node so far, in the order it came.
    pub(crate) fn got(&self, node: &str) -> Vec<Got> {
        self.nodes[node].got()
    }

    /// Requests that reached a node so far.
    pub(crate) fn count(&self, node: &str) -> usize {
        self.nodes.get(node).map_or(0, |node| node.got().len())
    }

    /// Connections that were closed while a node still owed an answer on them.
    pub(crate) fn left(&self, node: &str) -> usize {
        self.nodes[node].left()
    }

    /// The node's next acts.
    pub(crate) fn script(&self, node: &str, acts: impl Into<Vec<Act>>) {
        self.nodes[node].script(acts.into());
    }

    /// The process of a node ends: its connections reset, new ones are refused.
    pub(crate) fn kill(&self, node: &str) {
        self.nodes[node].kill();
        if let Dial::Pipes(pipes) = &*self.worker.dial {
            pipes.forget(node);
        }
    }

    /// Publishes the same table with these verdicts, in the order of the cast.
    pub(crate) fn publish(&self, standings: &[Standing]) {
        let now = self.worker.live.snapshot();
        let places = now.table.places().iter().zip(standings);
        let places = places.map(|(place, standing)| Place {
            standing: *standing,
            ..place.clone()
        });
        self.worker.live.publish(Snapshot {
            table: Table::new(places.collect(), now.table.ladder().clone())
                .measured_against(now.table.head()),
            backends: now.backends.clone(),
            settings: Arc::clone(&now.settings),
        });
    }

    /// Publishes the same table with this served head.
    pub(crate) fn serve(&self, head: Option<u64>) {
        let now = self.worker.live.snapshot();
        self.worker.live.publish(Snapshot {
            table: now.table.clone().serving(head),
            backends: now.backends.clone(),
            settings: Arc::clone(&now.settings),
        });
    }

    /// Asks the process to stop.
    pub(crate) fn stop(&self) {
        self.worker.live.readiness.drain();
        self.worker.live.readiness.leave();
    }

    /// Lets so much time pass; whatever can run by then has run.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Nothing is counted as under way once nothing is.
    pub(crate) async fn settle(&self) {
        self.pass(Duration::from_millis(1)).await;
        let snapshot = self.worker.live.snapshot();
        for backend in &snapshot.backends {
            assert_eq!(
                backend.vitals.load.in_flight(),
                0,
                "in flight at {}",
                backend.id
            );
        }
        assert_eq!(self.worker.memory.used(), 0, "bytes of bodies");
        assert_eq!(
            self.worker.metrics.front.in_flight.get(),
            0,
            "requests in flight"
        );
        assert_eq!(self.worker.tasks.open(), 0, "tasks");
        for work in Work::ALL {
            let busy = self.worker.live.bulkheads.busy(work);
            assert_eq!(busy, 0, "requests of {work:?}");
        }
    }

    /// The value of one metric, by its text name with labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&self.worker.metrics.registry().gather())
            .unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no metric {name} in\n{text}"))
            .trim()
            .parse()
            .unwrap()
    }
}

fn table(config: &Config, cast: &[Cast], backends: &[Arc<Backend>]) -> Table {
    let places = cast.iter().zip(backends).map(|(cast, backend)| Place {
        id: BackendId::new(cast.id),
        pool: cast.pool,
        weight: 1,
        standing: cast.standing,
        head: None,
        lag: cast.lag,
        returned: None,
        vitals: Arc::clone(&backend.vitals),
    });
    Table::new(
        places.collect(),
        Ladder {
            leader: cast.iter().position(|cast| cast.leader).map(Seat::new),
            leader_serves: config.health.leader_serves.clone(),
            leader_calls_max: config.limits.leader_calls,
            leader_first: false,
            stale: config.health.stale,
        },
    )
}
