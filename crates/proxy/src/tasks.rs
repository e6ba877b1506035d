//! The only place that spawns; knows what a stopping process must wait for.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Counts the tasks that must end before the process may.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    open: AtomicUsize,
    idle: Notify,
}

/// Something under way; dropping it counts it out.
#[derive(Debug)]
pub struct Held(Arc<Shared>);

impl Drop for Held {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

impl Tasks {
    /// Runs a task that shutdown waits for. Dropping the handle does not stop it.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let held = self.hold();
        background(async move {
            let _held = held;
            task.await
        })
    }

    /// Counts in what is not yet a task, such as a connection on its way to its worker.
    #[must_use]
    pub fn hold(&self) -> Held {
        self.shared.open.fetch_add(1, SeqCst);
        Held(Arc::clone(&self.shared))
    }

    /// Tasks under way.
    #[must_use]
    pub fn open(&self) -> usize {
        self.shared.open.load(SeqCst)
    }

    /// Waits until none is under way.
    pub async fn finished(&self) {
        loop {
            let idle = self.shared.idle.notified();
            if self.open() == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// Runs a task that nobody waits for: it ends by itself when its connection does, or with the
/// process.
#[expect(
    clippy::disallowed_methods,
    reason = "this file is the one that spawns"
)]
pub fn background<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    tokio::spawn(task)
}
