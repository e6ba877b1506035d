//! The port of a node: opened, closed and opened again without ever being lost to somebody else.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// Connections the kernel holds before they are accepted.
const BACKLOG_MAX: u32 = 1024;

#[derive(Debug)]
pub(crate) struct Gate {
    addr: SocketAddr,
    runtime: Handle,
    /// Bound, but never listening: it keeps the port ours while the gate is closed.
    _claim: TcpSocket,
    wing: Mutex<Wing>,
    /// How often open connections were to be reset.
    resets: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Wing {
    listener: Option<TcpListener>,
    /// Woken when the gate opens.
    waiting: Option<Waker>,
}

/// A connection that came in, and how it learns that it is to be reset.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) stream: TcpStream,
    pub(crate) resets: watch::Receiver<u64>,
}

impl Gate {
    /// Claims an address (port 0: any free one) and opens it. Must be called inside a tokio runtime.
    pub(crate) fn new(addr: SocketAddr) -> io::Result<Self> {
        let claim = socket(addr)?;
        let gate = Self {
            addr: claim.local_addr()?,
            runtime: Handle::current(),
            _claim: claim,
            wing: Mutex::default(),
            resets: watch::Sender::new(0),
        };
        gate.open()?;
        Ok(gate)
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Listens; does nothing when it already does.
    pub(crate) fn open(&self) -> io::Result<()> {
        let mut wing = self.wing();
        if wing.listener.is_none() {
            let _inside = self.runtime.enter();
            wing.listener = Some(socket(self.addr)?.listen(BACKLOG_MAX)?);
        }
        if let Some(waker) = wing.waiting.take() {
            waker.wake();
        }
        Ok(())
    }

    /// Once this returns, nobody can connect any more.
    pub(crate) fn close(&self) {
        self.wing().listener = None;
    }

    /// Resets all connections accepted so far.
    pub(crate) fn reset_all(&self) {
        // The lock keeps a connection from being accepted before and told after this.
        let _wing = self.wing();
        self.resets.send_modify(|resets| *resets += 1);
    }

    /// Waits for the next connection, through times when the gate is closed.
    pub(crate) async fn accept(&self) -> io::Result<Arrival> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    /// The listener is only ever borrowed for one poll, so that [`Gate::close`] takes effect at once.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let mut wing = self.wing();
        let Some(listener) = &wing.listener else {
            wing.waiting = Some(cx.waker().clone());
            return Poll::Pending;
        };
        match listener.poll_accept(cx) {
            Poll::Ready(accepted) => Poll::Ready(accepted.map(|(stream, _)| Arrival {
                stream,
                resets: self.resets.subscribe(),
            })),
            Poll::Pending => {
                // A closed listener never wakes anybody; opening another one must.
                wing.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn wing(&self) -> MutexGuard<'_, Wing> {
        self.wing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two sockets may be bound to one address as long as only one of them listens.
fn socket(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match addr {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}
