//! Starts background work that ends when the network it belongs to is dropped.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::sync::watch;

/// Owns all background work of one network; dropping it ends that work.
#[derive(Debug)]
pub(crate) struct Tasks {
    runtime: Handle,
    alive: watch::Sender<()>,
}

/// Starts work on behalf of a [`Tasks`].
#[derive(Clone, Debug)]
pub(crate) struct Spawner {
    runtime: Handle,
    alive: watch::Receiver<()>,
}

impl Tasks {
    /// Must be called inside a tokio runtime, which then carries the work.
    pub(crate) fn new() -> Self {
        Self {
            runtime: Handle::current(),
            alive: watch::Sender::new(()),
        }
    }

    pub(crate) fn spawner(&self) -> Spawner {
        Spawner {
            runtime: self.runtime.clone(),
            alive: self.alive.subscribe(),
        }
    }
}

impl Spawner {
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut alive = self.alive.clone();
        self.runtime.spawn(async move {
            tokio::select! {
                biased;
                // Nothing is ever sent: this ends when the sender is dropped.
                _ = alive.changed() => {}
                () = work => {}
            }
        });
    }
}
