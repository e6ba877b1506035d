//! One simulated node: its name and port, the faults it has, and what it has been sent.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::sync::watch;

use crate::condition::Condition;
use crate::fault::Fault;
use crate::gate::Gate;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::miner::SEND;
use crate::rpc::Call;
use crate::view::View;

/// Method names counted; further ones are not.
const METHODS_MAX: usize = 256;
/// Raw transactions kept for [`Node::delivered`]; the oldest go first.
const DELIVERED_MAX: usize = 16_384;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An evm-rpc node: everything but sends.
    Read,
    /// A miner: `eth_sendRawTransaction`, `eth_gasPrice` and `eth_maxPriorityFeePerGas` only.
    Miner,
    /// A nodeos: `/v1/chain/get_info`.
    Nodeos,
    /// Answers as an evm-rpc node does.
    Leader,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Miner => "miner",
            Self::Nodeos => "nodeos",
            Self::Leader => "leader",
        })
    }
}

/// A simulated node. Clones are the same node.
#[derive(Clone, Debug)]
pub struct Node {
    home: Arc<Home>,
}

#[derive(Debug)]
struct Home {
    name: String,
    kind: Kind,
    gate: Gate,
    ledger: Arc<Ledger>,
    journal: Arc<Journal>,
    condition: watch::Sender<Condition>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: u64,
    received: u64,
    methods: BTreeMap<String, u64>,
    delivered: VecDeque<String>,
}

impl fmt::Debug for Counts {
    /// Raw transactions stay out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Counts");
        shown.field("connections", &self.connections);
        shown.field("received", &self.received);
        shown.field("delivered", &self.delivered.len());
        shown.finish_non_exhaustive()
    }
}

impl Node {
    pub(crate) fn new(
        (name, kind): (String, Kind),
        addr: SocketAddr,
        ledger: &Arc<Ledger>,
        journal: &Arc<Journal>,
    ) -> io::Result<Self> {
        let home = Home {
            name,
            kind,
            gate: Gate::new(addr)?,
            ledger: Arc::clone(ledger),
            journal: Arc::clone(journal),
            condition: watch::Sender::default(),
            counts: Mutex::default(),
        };
        Ok(Self {
            home: Arc::new(home),
        })
    }

    /// `read-1`, `miner-1`, `nodeos-1` or `leader`.
    pub fn name(&self) -> &str {
        &self.home.name
    }

    /// What this node is.
    pub fn kind(&self) -> Kind {
        self.home.kind
    }

    /// Where this node listens, also while it refuses connections.
    pub fn addr(&self) -> SocketAddr {
        self.home.gate.addr()
    }

    /// `http://` and the address, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// Adds a fault to those in force; it replaces one of the same kind. In force on return.
    pub fn set(&self, fault: Fault) {
        let home = &self.home;
        home.condition
            .send_modify(|condition| condition.add(fault, &home.ledger));
        if fault == Fault::Die || fault == Fault::Refuse {
            home.gate.close();
        }
        if fault == Fault::Die {
            home.gate.reset_all();
        }
    }

    /// Ends all faults. A closed port is open again on return.
    pub fn clear(&self) {
        self.home.condition.send_replace(Condition::default());
        if let Err(error) = self.home.gate.open() {
            tracing::warn!(node = self.name(), %error, "the port cannot be opened again");
        }
    }

    /// The faults in force, oldest first.
    pub fn faults(&self) -> Vec<Fault> {
        self.home.condition.borrow().faults().to_vec()
    }

    /// The block number this node holds for the head.
    pub fn head(&self) -> u64 {
        self.view().head()
    }

    /// Connections accepted since the start, also those that were reset at once.
    pub fn connections(&self) -> u64 {
        self.counts().connections
    }

    /// HTTP requests whose head was read, also those that were not answered.
    pub fn received(&self) -> u64 {
        self.counts().received
    }

    /// Calls of a method that were read, single or in batches, also those that were not answered.
    pub fn calls_of(&self, method: &str) -> u64 {
        self.counts().methods.get(method).copied().unwrap_or(0)
    }

    /// Raw transactions that were read, oldest first, also duplicates and those that failed.
    pub fn delivered(&self) -> Vec<String> {
        self.counts().delivered.iter().cloned().collect()
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.home.gate
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.home.ledger
    }

    pub(crate) fn condition(&self) -> watch::Receiver<Condition> {
        self.home.condition.subscribe()
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.home.condition.borrow().has(fault)
    }

    pub(crate) fn view(&self) -> View {
        View::new(&self.home.ledger, &self.home.condition.borrow())
    }

    pub(crate) fn count_connection(&self) {
        self.counts().connections += 1;
    }

    pub(crate) fn count_request(&self) {
        self.counts().received += 1;
    }

    pub(crate) fn count_call(&self, call: &Call<'_>) {
        let mut counts = self.counts();
        if let Some(count) = counts.methods.get_mut(call.method.as_ref()) {
            *count += 1;
        } else if counts.methods.len() < METHODS_MAX {
            counts.methods.insert(call.method.clone().into_owned(), 1);
        }
        let raw = call.params.get(0).and_then(serde_json::Value::as_str);
        if let (SEND, Some(raw)) = (call.method.as_ref(), raw) {
            if counts.delivered.len() >= DELIVERED_MAX {
                counts.delivered.pop_front();
            }
            counts.delivered.push_back(raw.to_owned());
            if let Err(error) = self.home.journal.add(raw) {
                tracing::warn!(node = self.name(), %error, "the journal takes no more");
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        let counts = self.home.counts.lock();
        counts.unwrap_or_else(PoisonError::into_inner)
    }
}
