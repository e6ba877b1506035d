//! The seam: opens a byte stream to a backend; names are resolved here.

use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use rules::moment::Moment;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;

use crate::clock::Clock;

/// A resolved name is believed this long, so that a moved backend is found again.
const RESOLVED_FOR: Duration = Duration::from_secs(30);

/// Where one backend listens.
#[derive(Debug)]
pub struct Target {
    host: String,
    port: u16,
    resolved: Mutex<Option<(Moment, Vec<SocketAddr>)>>,
}

/// A byte stream to a backend.
#[derive(Debug)]
pub enum Stream {
    /// A socket.
    Tcp(TcpStream),
    /// One end of a pipe whose other end a test holds.
    #[cfg(test)]
    Pipe(tokio::io::DuplexStream),
}

/// How streams are opened.
#[derive(Debug)]
pub enum Dial {
    /// Over the network.
    Net,
    /// To whoever a test put at the host's name.
    #[cfg(test)]
    Pipes(tests::Pipes),
}

impl Target {
    /// A name or address, without brackets, and a port.
    #[must_use]
    pub const fn new(host: String, port: u16) -> Self {
        Self {
            host,
            port,
            resolved: Mutex::new(None),
        }
    }

    /// All addresses, from memory if they are young enough.
    async fn addresses(&self, clock: &Clock) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, self.port)]);
        }
        let now = clock.now();
        if let Ok(resolved) = self.resolved.lock()
            && let Some((since, addresses)) = resolved.as_ref()
            && now.since(*since) < RESOLVED_FOR
        {
            return Ok(addresses.clone());
        }
        let found: Vec<_> = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await?
            .collect();
        if let Ok(mut resolved) = self.resolved.lock() {
            *resolved = Some((now, found.clone()));
        }
        Ok(found)
    }

    /// Forgets the addresses, because none of them could be reached.
    fn forget(&self) {
        if let Ok(mut resolved) = self.resolved.lock() {
            *resolved = None;
        }
    }
}

impl Dial {
    /// Opens a stream, trying every address of the target in turn.
    ///
    /// # Errors
    /// The last address's error, or that the name has no address. Not a byte was sent then.
    pub async fn open(&self, target: &Target, clock: &Clock) -> io::Result<Stream> {
        match self {
            Self::Net => {
                let mut last = io::Error::from(io::ErrorKind::NotFound);
                for address in target.addresses(clock).await? {
                    match TcpStream::connect(address).await {
                        Ok(stream) => {
                            stream.set_nodelay(true)?;
                            return Ok(Stream::Tcp(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                target.forget();
                Err(last)
            }
            #[cfg(test)]
            Self::Pipes(pipes) => pipes.open(&target.host).map(Stream::Pipe),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            #[cfg(test)]
            Self::Pipe(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            #[cfg(test)]
            Self::Pipe(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            #[cfg(test)]
            Self::Pipe(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            #[cfg(test)]
            Self::Pipe(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(test)]
            Self::Pipe(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(test)]
            Self::Pipe(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
pub mod tests;
