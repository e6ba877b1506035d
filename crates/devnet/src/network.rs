//! Puts a network together: one chain, its nodes on their ports, the clock that adds blocks.

use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::interval;

use crate::block::Origin;
use crate::bloom::Bloom;
use crate::control;
use crate::control::Desk;
use crate::journal::Journal;
use crate::ledger::Genesis;
use crate::ledger::Ledger;
use crate::node::Kind;
use crate::node::Node;
use crate::serve;
use crate::tasks::Spawner;
use crate::tasks::Tasks;

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// One every block time.
    Timer,
    /// Only by [`Devnet::mine`] and the control port.
    Manual,
}

/// What network to start.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The chain id; 15557 is the EOS EVM testnet's.
    pub chain_id: u64,
    /// Time from block to block, by the timer and in timestamps. Must not be zero.
    pub block_time: Duration,
    /// Number of evm-rpc nodes, `read-1` and on.
    pub reads: usize,
    /// Number of miners, `miner-1` and on.
    pub miners: usize,
    /// Whether there is a `nodeos-1`.
    pub nodeos: bool,
    /// Whether there is a `leader`.
    pub leader: bool,
    /// What blocks and receipts say in `logsBloom`.
    pub bloom: Bloom,
    /// Where to listen for orders (port 0: anywhere); `None` for no control port.
    pub control: Option<SocketAddr>,
    /// The address nodes listen on.
    pub bind: IpAddr,
    /// The port of the first node; the others follow in the order of [`Devnet::nodes`].
    /// `None` takes any free ports.
    pub first_port: Option<u16>,
    /// Networks with the same seed and chain id have the same blocks.
    pub seed: u64,
    /// The head's number at the start; its timestamp is the time of the start.
    pub history: u64,
    /// When blocks are made.
    pub mining: Mining,
    /// A file to which every raw transaction that a node reads is added, before anything is done
    /// with it: what was delivered is known even of a process that was killed.
    pub journal: Option<PathBuf>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            chain_id: 15557,
            block_time: Duration::from_secs(1),
            reads: 3,
            miners: 2,
            nodeos: true,
            leader: true,
            bloom: Bloom::Full,
            control: None,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            first_port: None,
            seed: 1,
            history: 300,
            mining: Mining::Timer,
            journal: None,
        }
    }
}

/// A running network; dropping it ends it.
#[derive(Debug)]
pub struct Devnet {
    ledger: Arc<Ledger>,
    nodes: Vec<Node>,
    control: Option<SocketAddr>,
    _tasks: Tasks,
}

impl Devnet {
    /// Starts a network; on return all its ports are open. Nodes run on the caller's runtime.
    ///
    /// # Errors
    /// When a port cannot be had, or the plan's block time is zero.
    pub async fn start(plan: Plan) -> io::Result<Self> {
        if plan.block_time.is_zero() {
            let message = "the block time must be longer than zero";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let ledger = Arc::new(Ledger::new(plan.genesis()));
        let journal = Arc::new(Journal::open(plan.journal.as_deref())?);
        let nodes = plan.nodes(&ledger, &journal)?;
        let tasks = Tasks::new();
        let spawner = tasks.spawner();
        for node in &nodes {
            spawner.spawn(serve::run(node.clone(), spawner.clone()));
        }
        if plan.mining == Mining::Timer {
            spawner.spawn(tick(Arc::clone(&ledger), plan.block_time));
        }
        let control = match plan.control {
            Some(addr) => Some(open_desk(addr, &ledger, &nodes, spawner).await?),
            None => None,
        };
        Ok(Self {
            ledger,
            nodes,
            control,
            _tasks: tasks,
        })
    }

    /// All nodes: reads, miners, nodeos, leader.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of a name, such as `read-1`.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name() == name)
    }

    /// Where the control port listens.
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control
    }

    /// Adds blocks at once, whatever the timer does.
    pub fn mine(&self, blocks: u64) {
        self.ledger.mine(blocks);
    }

    /// Replaces the last `depth` blocks for the whole network; the head's number stays.
    /// Transactions that miners had put into them return in the next block.
    pub fn reorg(&self, depth: u64) {
        self.ledger.reorg(depth);
    }

    /// The number of the newest block.
    pub fn head(&self) -> u64 {
        self.ledger.tip().number
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // Tasks end when they next run; ports are to be closed by now.
        self.nodes.iter().for_each(|node| node.gate().close());
    }
}

impl Plan {
    fn genesis(&self) -> Genesis {
        Genesis {
            origin: Origin {
                seed: self.seed,
                chain_id: self.chain_id,
            },
            bloom: self.bloom,
            block_time: self.block_time,
            history: self.history,
        }
    }

    fn nodes(&self, ledger: &Arc<Ledger>, journal: &Arc<Journal>) -> io::Result<Vec<Node>> {
        let reads = (1..=self.reads).map(|number| (format!("read-{number}"), Kind::Read));
        let miners = (1..=self.miners).map(|number| (format!("miner-{number}"), Kind::Miner));
        let nodeos = self.nodeos.then(|| ("nodeos-1".to_owned(), Kind::Nodeos));
        let leader = self.leader.then(|| ("leader".to_owned(), Kind::Leader));
        let all = reads.chain(miners).chain(nodeos).chain(leader);
        all.enumerate()
            .map(|(index, (name, kind))| {
                let addr = SocketAddr::new(self.bind, self.port(index)?);
                let opened = Node::new((name.clone(), kind), addr, ledger, journal);
                opened.map_err(|error| taken(&name, addr, &error))
            })
            .collect()
    }

    fn port(&self, index: usize) -> io::Result<u16> {
        let Some(first) = self.first_port else {
            return Ok(0);
        };
        let port = u16::try_from(index).ok();
        let port = port.and_then(|index| first.checked_add(index));
        port.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no ports above 65535"))
    }
}

/// Says which address it was that could not be had.
fn taken(name: &str, addr: SocketAddr, error: &io::Error) -> io::Error {
    let message = format!("{name} cannot listen on {addr}: {error}");
    io::Error::new(error.kind(), message)
}

async fn tick(ledger: Arc<Ledger>, block_time: Duration) {
    // The head is as old as the network now, so the next block is one block time away.
    let mut ticks = interval(block_time);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        ledger.mine(1);
    }
}

async fn open_desk(
    addr: SocketAddr,
    ledger: &Arc<Ledger>,
    nodes: &[Node],
    spawner: Spawner,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(addr).await;
    let listener = listener.map_err(|error| taken("the control port", addr, &error))?;
    let bound = listener.local_addr()?;
    let desk = Arc::new(Desk {
        ledger: Arc::clone(ledger),
        nodes: nodes.to_vec(),
    });
    spawner.spawn(control::run(desk, listener, spawner.clone()));
    Ok(bound)
}
