//! Binds addresses, accepts connections, and hands them to the workers evenly.

use std::io;
use std::io::Write;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use config::checked::Config;
use frame::id::Id;
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
                if !is_gone(error.kind()) {
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

async fn hand(stream: TcpStream, peer: SocketAddr, workers: &[Seat], door: &Door) {
    let open = |worker: &Seat| worker.open.load(Relaxed);
    let settings = Arc::clone(&door.live.snapshot().settings);
    if workers.iter().map(open).sum::<usize>() >= settings.config.limits.connections {
        door.metrics.front.capped(Cap::Connections);
        return turn_away(&stream, &settings.voice);
    }
    let Ok(presence) = enter(&door.live.crowd, peer.ip(), &settings.config) else {
        door.metrics.front.capped(Cap::ConnectionsPerClient);
        return turn_away(&stream, &settings.voice);
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
fn turn_away(mut stream: &TcpStream, voice: &Voice) {
    let told = written(voice.refuse(Id::NULL, Refusal::Overloaded, &[]));
    // A new connection has room for a few hundred bytes; whoever does not hear it sees it close.
    let _heard = stream.write(&told);
}

#[cfg(test)]
mod tests;
