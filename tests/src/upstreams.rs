//! The four upstreams of the original container: each echoes the request it received, says what a
//! node would to probes, and misbehaves on command.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::echo;
use crate::echo::After;
use crate::echo::Received;
use crate::node;
use crate::order::Mode;
use crate::order::Order;
use crate::wire::Incoming;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 128;
/// The rest in the middle of a slow body.
const SLOW: Duration = Duration::from_millis(200);

/// What all connections of all upstreams share.
#[derive(Debug, Default)]
struct Log(Mutex<Vec<Received>>);

#[derive(Debug)]
struct State {
    name: &'static str,
    log: Arc<Log>,
    orders: Mutex<VecDeque<Order>>,
    /// Every connection closes when this changes.
    hung_up: watch::Sender<()>,
}

/// One upstream on a port of its own.
#[derive(Debug)]
pub struct Upstream {
    state: Arc<State>,
    address: SocketAddr,
    /// Bound but never listening: while the upstream is down its port is refused and stays ours.
    _reserved: TcpSocket,
    accepting: Mutex<JoinHandle<()>>,
}

impl Upstream {
    fn start(name: &'static str, log: &Arc<Log>) -> Self {
        let reserved = socket(SocketAddr::from(([127, 0, 0, 1], 0)));
        let address = reserved.local_addr().unwrap();
        let state = Arc::new(State {
            name,
            log: Arc::clone(log),
            orders: Mutex::default(),
            hung_up: watch::Sender::new(()),
        });
        let accepting = Mutex::new(listen(&state, address));
        Self {
            state,
            address,
            _reserved: reserved,
            accepting,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to do with the next request that is not a probe.
    pub fn order(&self, order: Order) {
        self.state.orders.lock().unwrap().push_back(order);
    }

    /// Refuses connections until it is up again.
    pub async fn down(&self) {
        self.accepting.lock().unwrap().abort();
        // An aborted task drops its listener when it is next looked at.
        while !self.accepting.lock().unwrap().is_finished() {
            tokio::task::yield_now().await;
        }
        self.state.hung_up.send_replace(());
    }

    /// Accepts connections again.
    pub fn up(&self) {
        *self.accepting.lock().unwrap() = listen(&self.state, self.address);
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.lock().unwrap().abort();
    }
}

/// A socket bound to an address that others of this process may also bind to.
fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

fn listen(state: &Arc<State>, address: SocketAddr) -> JoinHandle<()> {
    let listener = socket(address).listen(BACKLOG).unwrap();
    tokio::spawn(accept(Arc::clone(state), listener))
}

async fn accept(state: Arc<State>, listener: TcpListener) {
    loop {
        // Out of descriptors or the like: the test fails by what it then misses.
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let mut hung_up = state.hung_up.subscribe();
            tokio::select! {
                // A request that comes after the hanging up must not be served.
                biased;
                _ = hung_up.changed() => {}
                () = connection(&state, stream) => {}
            }
        });
    }
}

/// All upstreams of the original container.
#[derive(Debug)]
pub struct Upstreams {
    log: Arc<Log>,
    each: [Upstream; 4],
}

impl Upstreams {
    /// Starts them on free ports.
    #[must_use]
    pub fn start() -> Self {
        let log = Arc::default();
        let names = ["write", "read", "test", "websocket"];
        Self {
            each: names.map(|name| Upstream::start(name, &log)),
            log,
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> &Upstream {
        let found = self.each.iter().find(|one| one.state.name == name);
        found.expect("an upstream of this name")
    }

    /// The environment that points the original container at them.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let names = [
            "WRITE_ENDPOINT",
            "READ_ENDPOINT",
            "TEST_ENDPOINT",
            "WS_ENDPOINT",
        ];
        let addresses = self.each.iter().map(|one| one.address.to_string());
        names.into_iter().zip(addresses).collect()
    }

    /// Closes all connections and forgets orders, so that the next case finds a clean place.
    pub fn clear(&self) {
        for one in &self.each {
            one.state.orders.lock().unwrap().clear();
            one.state.hung_up.send_replace(());
        }
        self.received();
    }

    /// What came in since the last question, probes left out.
    pub fn received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.log.0.lock().unwrap())
    }
}

async fn connection(state: &State, stream: TcpStream) {
    let (half, mut outgoing) = stream.into_split();
    let mut incoming = Incoming::new(half);
    let mut after = After::Keep;
    while let Some(head) = incoming.head().await {
        let length = head.length().unwrap_or(0);
        // Headway tells an internal backend for whom it asks, and for itself it asks for nobody.
        if head.get("x-forwarded-for").is_none() {
            let Some(body) = incoming.exactly(length).await else {
                return;
            };
            let answer = echo::plain(200, &node::answer(&body));
            if outgoing.write_all(&answer).await.is_err() {
                return;
            }
            continue;
        }
        let order = state.orders.lock().unwrap().pop_front();
        let order = order.unwrap_or_default();
        let body = match order.mode == Mode::Early || after == After::CloseNext {
            true => None,
            false => incoming.exactly(length).await,
        };
        let received = Received {
            upstream: state.name,
            head,
            body,
        };
        state.log.0.lock().unwrap().push(received.clone());
        if after == After::CloseNext {
            return;
        }
        tokio::time::sleep(order.delay).await;
        let script = echo::script(&order, &received);
        if !write(&script.pieces, &mut outgoing).await {
            return;
        }
        after = script.after;
        match after {
            After::Keep | After::CloseNext => {}
            After::Echo => return send_back(incoming, outgoing).await,
            After::Reset => return reset(&incoming),
            After::Close => return,
        }
        if order.mode == Mode::Early && incoming.exactly(length).await.is_none() {
            return;
        }
    }
}

/// False when the other side is gone.
async fn write(pieces: &[Vec<u8>], outgoing: &mut OwnedWriteHalf) -> bool {
    for (place, piece) in pieces.iter().enumerate() {
        if place > 0 {
            tokio::time::sleep(SLOW).await;
        }
        if outgoing.write_all(piece).await.is_err() {
            return false;
        }
    }
    true
}

/// Makes the coming close a reset.
fn reset(incoming: &Incoming) {
    incoming.socket().set_zero_linger().unwrap();
}

async fn send_back(mut incoming: Incoming, mut outgoing: OwnedWriteHalf) {
    loop {
        let bytes = incoming.some().await;
        if bytes.is_empty() || outgoing.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
