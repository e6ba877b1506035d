//! A client's connection that is not waited for without end: its first byte, its heads, its rest
//! between requests, and its taking of answers have a time each.
//!
//! hyper has one timer for a slow head and an idle connection, and none for the rest.

use std::io;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use config::checked::Config;
use frame::id::Id;
use rules::moment::Moment;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::DuplexStream;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;

use crate::alarm::Alarm;
use crate::metrics::Late;
use crate::reply::Refusal;
use crate::reply::written;
use crate::turn::Turn;
use crate::worker::Worker;

/// How long a client may go on sending that was told the end.
const LINGER: Duration = Duration::from_secs(2);

/// A connection that can end without looking as if it had ended well.
pub trait Abort {
    /// The other side hears of a reset when the connection is dropped, and what it has not taken yet
    /// is forgotten.
    fn abort(&self);
}

impl Abort for TcpStream {
    fn abort(&self) {
        // It may be gone already, which is as good.
        let _gone = self.set_zero_linger();
    }
}

impl Abort for DuplexStream {
    fn abort(&self) {
        // A pipe, as tests have it, has no kernel that would hold anything back.
    }
}

/// The times of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From its beginning to its first byte.
    pub first_byte: Duration,
    /// For the head of a request.
    pub head: Duration,
    /// Between requests.
    pub keep_alive: Duration,
    /// Without a byte of an answer taken.
    pub write: Duration,
}

impl Limits {
    /// A client's, by the configuration.
    #[must_use]
    pub fn of_client(peer: IpAddr, config: &Config) -> Self {
        let timeouts = &config.timeouts;
        // Load balancers open connections before they need them.
        let first_byte = match config.server.trusted_proxies.covers(peer.to_canonical()) {
            true => timeouts.keep_alive.max(timeouts.first_byte),
            false => timeouts.first_byte,
        };
        Self {
            first_byte,
            head: timeouts.head,
            keep_alive: timeouts.keep_alive,
            write: timeouts.write,
        }
    }
}

/// A client's byte stream; what takes too long is an error of it.
pub struct Patience<S: Abort> {
    stream: S,
    worker: Arc<Worker>,
    limits: Limits,
    turn: Turn,
    /// The turn that the next two are about.
    seen: u32,
    /// Something of a head has come.
    begun: bool,
    /// Since when the client is waited for.
    since: Option<Moment>,
    /// Since when it takes nothing.
    stalled: Option<Moment>,
    /// Since when it has been told the end.
    ended: Option<Moment>,
    alarm: Alarm,
}

impl<S: Abort> Patience<S> {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new(stream: S, worker: Arc<Worker>, limits: Limits, turn: Turn) -> Self {
        Self {
            stream,
            limits,
            turn,
            seen: 0,
            begun: false,
            since: Some(worker.clock.now()),
            stalled: None,
            ended: None,
            alarm: Alarm::new(worker.clock),
            worker,
        }
    }
}

impl<S: Abort> Drop for Patience<S> {
    fn drop(&mut self) {
        if self.turn.is_broken() {
            self.stream.abort();
        }
    }
}

fn late<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(ErrorKind::TimedOut.into()))
}

impl<S: AsyncWrite + Abort + Unpin> Patience<S> {
    /// Whether the turn has changed since it was looked at last.
    fn has_turned(&mut self) -> bool {
        let count = self.turn.count();
        let turned = count != self.seen;
        if turned {
            (self.seen, self.begun, self.since) = (count, false, None);
        }
        turned
    }

    /// Nothing has come. While a request is served that is nobody's fault.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !Turn::is_clients(self.seen) {
            return Poll::Pending;
        }
        let clock = self.worker.clock;
        let since = *self.since.get_or_insert_with(|| clock.now());
        let (what, limit) = match (self.begun, self.seen) {
            (true, _) => (Late::Head, self.limits.head),
            (false, 0) => (Late::FirstByte, self.limits.first_byte),
            (false, _) => (Late::KeepAlive, self.limits.keep_alive),
        };
        std::task::ready!(self.alarm.poll(cx, since.after(limit)));
        self.worker.metrics.front.late(what);
        // What has not been taken of the answer before would come in front of it.
        if what == Late::Head && self.stalled.is_none() {
            let settings = Arc::clone(&self.worker.live.snapshot().settings);
            let refusal = settings
                .voice
                .refuse(Id::NULL, Refusal::RequestTimeout, &[]);
            // A word more for the client, if its window takes it; it ends either way.
            let _taken = Pin::new(&mut self.stream).poll_write(cx, &written(refusal));
        }
        late()
    }

    fn poll_taken(
        &mut self,
        cx: &mut Context<'_>,
        taken: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if taken.is_ready() {
            self.stalled = None;
            return taken;
        }
        let clock = self.worker.clock;
        let since = *self.stalled.get_or_insert_with(|| clock.now());
        std::task::ready!(self.alarm.poll(cx, since.after(self.limits.write)));
        self.worker.metrics.front.late(Late::Write);
        // Without this the kernel would hold what is left for many minutes more.
        self.stream.abort();
        late()
    }
}

impl<S: AsyncRead + AsyncWrite + Abort + Unpin> Patience<S> {
    /// Reads away what a client still sends that was told the end: if its connection closed on unread
    /// bytes, the reset could reach it before it has read why (RFC 9112, section 9.6).
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let clock = self.worker.clock;
        let due = self.ended.get_or_insert_with(|| clock.now()).after(LINGER);
        let mut bytes = [0; 8 * 1024];
        loop {
            if self.alarm.poll(cx, due).is_ready() {
                return Poll::Ready(());
            }
            let mut buf = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Abort + Unpin> AsyncRead for Patience<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        this.has_turned();
        if read.is_pending() {
            return this.poll_late(cx);
        }
        if buf.filled().len() > before && !this.begun {
            (this.begun, this.since) = (true, None);
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Abort + Unpin> AsyncWrite for Patience<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let taken = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.poll_taken(cx, taken)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let taken = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.poll_taken(cx, taken)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        std::task::ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        // After an answer hyper does not read before something comes, so the rest begins here.
        if this.has_turned()
            && let Poll::Ready(late) = this.poll_late(cx)
        {
            return Poll::Ready(late);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        std::task::ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        // A head that never became a request was refused by hyper.
        let unread = this.turn.is_deaf() || (this.begun && Turn::is_clients(this.seen));
        match unread {
            true => this.poll_linger(cx).map(Ok),
            false => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests;
