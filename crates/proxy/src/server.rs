//! Starts workers and listeners, drains and stops them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::sync::watch;

use crate::listen;
use crate::listen::Door;
use crate::listen::HANDED_MAX;
use crate::listen::Handed;
use crate::listen::Seat;
use crate::logs;
use crate::serve;
use crate::worker::Worker;

/// A running data plane.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    worker: Worker,
}

/// How many workers a configured number means; 0 is one per core.
#[must_use]
pub fn worker_count(configured: usize) -> usize {
    match configured {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        given => given,
    }
}

impl Server {
    /// Starts `count` copies of `worker`, each on a thread of its own, and accepts on the listeners
    /// in the runtime this is called from: at most `connections_max` connections at a time, or fewer
    /// if `limits.connections` says so.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub fn start(
        worker: Worker,
        count: usize,
        (listeners, connections_max): (Vec<TcpListener>, usize),
    ) -> io::Result<Self> {
        let stopped = worker.live.readiness.leaving();
        let seats = (0..count)
            .map(|index| {
                start_worker(
                    Worker {
                        index,
                        ..worker.clone()
                    },
                    stopped.clone(),
                )
            })
            .collect::<io::Result<Vec<_>>>()?;
        let mut addresses = Vec::new();
        for listener in listeners {
            addresses.push(listener.local_addr()?);
            let door = Door {
                connections_max,
                live: Arc::clone(&worker.live),
                metrics: Arc::clone(&worker.metrics),
                clock: worker.clock,
                tasks: worker.tasks.clone(),
            };
            let (seats, stopped) = (seats.clone(), stopped.clone());
            let accepting = listen::accept(listener, seats, door, stopped);
            worker.tasks.spawn(accepting);
        }
        Ok(Self { addresses, worker })
    }

    /// The addresses that are served.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Says at once that it wants no more (not ready, `Connection: close` on every answer), goes on
    /// accepting for `timeouts.lame_duck`, then lets what is under way end, at most for
    /// `timeouts.drain`; true when all ended.
    pub async fn stop(self) -> bool {
        self.worker.live.readiness.drain();
        let settings = Arc::clone(&self.worker.live.snapshot().settings);
        let timeouts = &settings.config.timeouts;
        tokio::time::sleep(timeouts.lame_duck).await;
        self.worker.live.readiness.leave();
        let ended = tokio::time::timeout(timeouts.drain, self.worker.tasks.finished()).await;
        self.worker.logs.flush(logs::PATIENCE);
        ended.is_ok()
    }
}

fn start_worker(worker: Worker, stopping: watch::Receiver<bool>) -> io::Result<Seat> {
    let (queue, handed) = mpsc::channel(HANDED_MAX);
    let open = Arc::new(AtomicUsize::new(0));
    let seat = Seat {
        queue,
        open: Arc::clone(&open),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name(format!("headway-worker-{}", worker.index))
        .spawn(move || runtime.block_on(work(Arc::new(worker), handed, open, stopping)))?;
    Ok(seat)
}

/// A connection that counts itself out of its worker.
struct Open(Arc<Worker>, Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Relaxed);
        self.0.metrics.front.connections.dec();
    }
}

async fn work(
    worker: Arc<Worker>,
    mut handed: mpsc::Receiver<Handed>,
    open: Arc<AtomicUsize>,
    stopping: watch::Receiver<bool>,
) {
    while let Some((stream, peer, held, presence)) = handed.recv().await {
        worker.metrics.front.connections.inc();
        let counted = Open(Arc::clone(&worker), Arc::clone(&open));
        let Ok(stream) = TcpStream::from_std(stream) else {
            continue;
        };
        let served = serve::connection(Arc::clone(&worker), stream, peer.ip(), stopping.clone());
        worker.tasks.spawn(async move {
            let _counted = (counted, held, presence);
            served.await;
        });
    }
    // The acceptors are gone; what is under way may still end.
    worker.tasks.finished().await;
}
