//! The end of a client's connection that nobody asked for: not while a request may be on its way.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::sleep;

/// A connection on which nothing was asked for so long is taken for idle. Whoever uses one again and
/// again, as load balancers do, asks within this time, and hears with its answer that it was the last.
pub const QUIET: Duration = Duration::from_secs(1);

/// Carries an HTTP connection on until it ends or nothing more is to be expected of it; true if it
/// ended. HTTP/1.1 has no way to take an idle connection back without a race (RFC 9112, section
/// 9.5): what can be done is to wait, and to look once more at what has arrived.
pub async fn last_words<C: Future>(mut connection: Pin<&mut C>) -> bool {
    tokio::select! {
        _ended = connection.as_mut() => return true,
        () = sleep(QUIET) => {}
    }
    // The runtime looks at its sockets before it comes back here.
    yield_now().await;
    poll_fn(|cx| Poll::Ready(connection.as_mut().poll(cx).is_ready())).await
}

#[cfg(test)]
mod tests;
