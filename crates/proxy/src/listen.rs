//! Binds addresses, accepts connections, and hands them to the workers evenly.

use std::io;
use std::io::Write;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use config::checked::Config;
use frame::id::Id;
use futures_util::FutureExt;
use rules::moment::Moment;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::sync::mpsc;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::crowd::Crowd;
use crate::crowd::Presence;
use crate::live::Live;
use crate::metrics::Cap;
use crate::metrics::Metrics;
use crate::reply::Refusal;
use crate::reply::Voice;
use crate::reply::written;
use crate::tasks::Held;
use crate::tasks::Tasks;

/// Connections the kernel keeps for us while we are busy.
const BACKLOG: u32 = 4_096;
/// Accepted connections that wait for one worker.
pub const HANDED_MAX: usize = 1_024;
/// Rest after an accept that failed for want of file descriptors or memory.
const REST: Duration = Duration::from_millis(50);
/// Failures with no more than this between them are one burst.
const QUIET: Duration = Duration::from_secs(10);

/// A connection on its way to a worker, which a stopping process waits for, and which counts for its
/// client where that is limited.
pub type Handed = (TcpStream, SocketAddr, Held, Option<Presence>);

/// One worker, as the acceptor sees it.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Where its connections go.
    pub queue: mpsc::Sender<Handed>,
    /// Connections it has.
    pub open: Arc<AtomicUsize>,
}

/// Listens on an address.
///
/// # Errors
/// The address cannot be bound.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Where what an acceptor does is counted and told.
#[derive(Clone, Debug)]
pub struct Door {
    /// So many connections fit into what the system lets this process open.
    pub connections_max: usize,
    /// How many connections there may be, and what one too many is told.
    pub live: Arc<Live>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Clock,
    /// What a stopping process waits for.
    pub tasks: Tasks,
}

/// Accepts until `stopping` turns true, and then whoever the kernel has let in by that time. Each
/// connection goes to the worker that has the fewest, because behind a load balancer a few long
/// connections carry everything.
pub async fn accept(
    listener: TcpListener,
    workers: Vec<Seat>,
    door: Door,
    mut stopping: watch::Receiver<bool>,
) {
    let mut trouble = None;
    let mut spare = Spare::of(&listener);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _asked = stopping.wait_for(|stopping| *stopping) => break,
        };
        let accepted = accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer)));
        match accepted {
            Ok((stream, peer)) => hand(stream, peer, &workers, &door).await,
            Err(error) => {
                door.metrics.front.accept_failures.inc();
                let now = door.clock.now();
                if is_news(&mut trouble, now) {
                    tracing::warn!(%error, "connections cannot be accepted");
                }
                // One that was gone before it was accepted has left its place to the next.
                if !is_gone(error.kind()) && !spare.turn_next_away(&listener, &door) {
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }
    // Closing the listener resets whoever was let in and not accepted.
    let Ok(listener) = listener.into_std() else {
        return;
    };
    for _ in 0..BACKLOG {
        let Ok((stream, peer)) = listener.accept() else {
            return;
        };
        if stream.set_nonblocking(true).is_ok() {
            hand(stream, peer, &workers, &door).await;
        }
    }
}

/// Whether a failure is the first for a while; one line for all of a burst is enough.
fn is_news(last: &mut Option<Moment>, now: Moment) -> bool {
    let before = last.replace(now);
    before.is_none_or(|before| now.since(before) > QUIET)
}

const fn is_gone(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// A file held back, so that whoever waits when no more can be opened is told so instead of waiting
/// unheard, and the door does not go on finding somebody there whom it cannot accept.
struct Spare(Option<OwnedFd>);

impl Spare {
    /// Any open file will do.
    fn of(listener: &TcpListener) -> Self {
        Self(listener.as_fd().try_clone_to_owned().ok())
    }

    /// Accepts the next in place of the spare and turns them away; false when that did not help.
    fn turn_next_away(&mut self, listener: &TcpListener, door: &Door) -> bool {
        self.0 = None;
        let next = listener.accept().now_or_never();
        let told = match next.and_then(Result::ok) {
            Some((stream, _peer)) => {
                door.metrics.front.capped(Cap::OpenFiles);
                turn_away(stream, &door.live.snapshot().settings.voice);
                true
            }
            None => false,
        };
        *self = Self::of(listener);
        told
    }
}

async fn hand(stream: TcpStream, peer: SocketAddr, workers: &[Seat], door: &Door) {
    let open = |worker: &Seat| worker.open.load(Relaxed);
    let settings = Arc::clone(&door.live.snapshot().settings);
    let connections_max = settings.config.limits.connections.min(door.connections_max);
    if workers.iter().map(open).sum::<usize>() >= connections_max {
        door.metrics.front.capped(Cap::Connections);
        return tell_too_many(&stream, &settings.voice);
    }
    let Ok(presence) = enter(&door.live.crowd, peer.ip(), &settings.config) else {
        door.metrics.front.capped(Cap::ConnectionsPerClient);
        return tell_too_many(&stream, &settings.voice);
    };
    let Some(worker) = workers.iter().min_by_key(|worker| open(worker)) else {
        return;
    };
    // Without this, small answers wait for the client's acknowledgement of earlier ones.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    door.metrics.front.connections_total.inc();
    worker.open.fetch_add(1, Relaxed);
    let handed = (stream, peer, door.tasks.hold(), presence);
    if worker.queue.send(handed).await.is_err() {
        worker.open.fetch_sub(1, Relaxed);
    }
}

/// Counts a connection for its client, if that is limited. Whoever brings the connections of many
/// clients is not: that is who is trusted to name them.
fn enter(crowd: &Crowd, peer: IpAddr, config: &Config) -> Result<Option<Presence>, TooMany> {
    let trusted = &config.server.trusted_proxies;
    match config.limits.connections_per_client {
        Some(open_max) if !trusted.covers(peer.to_canonical()) => {
            crowd.enter(peer, open_max).map(Some).ok_or(TooMany)
        }
        Some(_) | None => Ok(None),
    }
}

/// A client has as many connections as it may have.
struct TooMany;

/// One connection too many is told so before it has asked, and costs no more than that.
pub fn turn_away(stream: tokio::net::TcpStream, voice: &Voice) {
    if let Ok(stream) = stream.into_std() {
        tell_too_many(&stream, voice);
    }
}

fn tell_too_many(mut stream: &TcpStream, voice: &Voice) {
    let told = written(voice.refuse(Id::NULL, Refusal::Overloaded, &[]));
    // A new connection has room for a few hundred bytes; whoever does not hear it sees it close.
    let _heard = stream.write(&told);
}

#[cfg(test)]
mod tests;
