//! Binds addresses, accepts connections, and hands them to the workers evenly.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::sync::watch;

use crate::metrics::Metrics;

/// Connections the kernel keeps for us while we are busy.
const BACKLOG: u32 = 4_096;
/// Accepted connections that wait for one worker.
pub const HANDED_MAX: usize = 1_024;
/// Rest after an accept that failed for want of file descriptors or memory.
const REST: Duration = Duration::from_millis(50);

/// A connection on its way to a worker.
pub type Handed = (std::net::TcpStream, SocketAddr);

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

/// Accepts until `stopping` turns true. Each connection goes to the worker that has the fewest,
/// because behind a load balancer a few long connections carry everything.
pub async fn accept(
    listener: TcpListener,
    workers: Vec<Seat>,
    metrics: Arc<Metrics>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _asked = stopping.wait_for(|stopping| *stopping) => return,
        };
        match accepted {
            Ok((stream, peer)) => hand(stream, peer, &workers, &metrics).await,
            Err(error) => {
                metrics.front.accept_failures.inc();
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

async fn hand(stream: TcpStream, peer: SocketAddr, workers: &[Seat], metrics: &Metrics) {
    let Some(worker) = workers
        .iter()
        .min_by_key(|worker| worker.open.load(Relaxed))
    else {
        return;
    };
    // Without this, small answers wait for the client's acknowledgement of earlier ones.
    let ready = stream.set_nodelay(true).and_then(|()| stream.into_std());
    let Ok(stream) = ready else { return };
    metrics.front.connections_total.inc();
    worker.open.fetch_add(1, Relaxed);
    if worker.queue.send((stream, peer)).await.is_err() {
        worker.open.fetch_sub(1, Relaxed);
    }
}
