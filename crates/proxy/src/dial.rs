//! The seam: opens a byte stream to a backend, encrypted where its URL says so.

use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use config::checked;
use config::url::is_link_local;
use rules::moment::Moment;
use rustls::pki_types::InvalidDnsNameError;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout_at;

use crate::clock::Clock;
use crate::names::Name;
use crate::names::Resolver;
use crate::stream::Stream;
use crate::tls::Distrust;
use crate::tls::Tls;

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 16;
/// Between two words about one target: who fails now in this way and now in that is not told each time.
const REST: Duration = Duration::from_secs(10);

/// Where one backend listens.
#[derive(Debug)]
pub struct Target {
    name: Name,
    port: u16,
    /// Who must be there; nobody in particular without TLS.
    server: Option<ServerName<'static>>,
    allow_link_local: bool,
    said: Mutex<Said>,
}

/// What was last said about reaching a target, and when.
#[derive(Debug, Default)]
struct Said {
    trouble: Option<Unreached>,
    at: Option<Moment>,
}

/// Why there is no stream. Not a byte of a request was sent then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// The name has no address, or nobody can say.
    UnknownName,
    /// All its addresses are link-local, and that is not allowed.
    LinkLocal,
    /// Nobody listens there.
    Refused,
    /// Nobody answered in time.
    TimedOut,
    /// The network has no way there, or broke.
    NoWay,
    /// Somebody is there, and not who should be.
    Tls(Distrust),
}

impl Unreached {
    /// Words for the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownName => "its name has no address",
            Self::LinkLocal => "its name means a link-local or metadata address",
            Self::Refused => "the connection was refused",
            Self::TimedOut => "no connection in time",
            Self::NoWay => "the network does not lead there",
            Self::Tls(distrust) => distrust.as_str(),
        }
    }
}

impl From<io::Error> for Unreached {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            Self::Refused
        } else if error.kind() == io::ErrorKind::TimedOut {
            Self::TimedOut
        } else {
            Self::NoWay
        }
    }
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

/// What it takes to open one, besides where to.
#[derive(Debug)]
pub struct Means<'a> {
    /// How to encrypt.
    pub tls: &'a Tls,
    /// The time.
    pub clock: &'a Clock,
    /// When to give up.
    pub until: Moment,
}

impl Target {
    /// Where a configured backend listens.
    ///
    /// # Errors
    /// No certificate can be for that host.
    pub fn new(wanted: &checked::Backend) -> Result<Self, InvalidDnsNameError> {
        let host = wanted.url.host.clone();
        let server = wanted.url.tls.then(|| ServerName::try_from(host.clone()));
        Ok(Self {
            server: server.transpose()?,
            name: Name::new(host),
            port: wanted.url.port,
            allow_link_local: wanted.allow_link_local,
            said: Mutex::default(),
        })
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allow_link_local || !is_link_local(address)
    }

    /// What is new about reaching this target and worth a word: a trouble, or that it is over.
    #[must_use]
    pub fn news(&self, ended: Option<Unreached>, now: Moment) -> Option<Option<Unreached>> {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = said.at.is_some_and(|at| now.since(at) < REST);
        if said.trouble == ended || rests {
            return None;
        }
        *said = Said {
            trouble: ended,
            at: Some(now),
        };
        Some(ended)
    }
}

impl Dial {
    /// Opens a stream. Every address of the target is tried in turn, each with an equal share of the
    /// time that is left, so that one which swallows packets does not hide the others.
    ///
    /// # Errors
    /// What the last address met, or that there is none.
    pub async fn open(&self, target: &Target, means: &Means<'_>) -> Result<Stream, Unreached> {
        let until = means.clock.instant(means.until);
        let resolver = self.resolver();
        let addresses = timeout_at(until, target.name.addresses(&resolver, means.clock)).await;
        let addresses = addresses.map_err(|_| Unreached::TimedOut)?;
        let known = addresses.iter().copied().take(ADDRESSES_MAX);
        let allowed = known.filter(|address| target.allows(*address));
        let mut left = u32::try_from(allowed.clone().count()).unwrap_or(u32::MAX);
        let mut last = match addresses.is_empty() {
            true => Unreached::UnknownName,
            false => Unreached::LinkLocal,
        };
        for address in allowed {
            let now = means.clock.now();
            let share = means.until.since(now) / left;
            let attempt = self.reach(SocketAddr::new(address, target.port), target, means.tls);
            match timeout_at(means.clock.instant(now.after(share)), attempt).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(unreached)) => last = unreached,
                Err(_elapsed) => last = Unreached::TimedOut,
            }
            left -= 1;
        }
        target.name.doubt();
        Err(last)
    }

    async fn reach(
        &self,
        address: SocketAddr,
        target: &Target,
        tls: &Tls,
    ) -> Result<Stream, Unreached> {
        let plain = match self {
            Self::Net => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
            #[cfg(test)]
            Self::Pipes(pipes) => Stream::Pipe(pipes.open(address.ip())?),
        };
        let Some(server) = &target.server else {
            return Ok(plain);
        };
        // A handshake is large; boxed, it makes the future of every plain call no larger.
        let handshake = Box::pin(tls.wrap(plain, server.clone()));
        let stream = handshake.await.map_err(Unreached::Tls)?;
        Ok(Stream::Tls(Box::new(stream)))
    }

    fn resolver(&self) -> Resolver {
        match self {
            Self::Net => Resolver::System,
            #[cfg(test)]
            Self::Pipes(pipes) => Resolver::Book(pipes.book.clone()),
        }
    }
}

#[cfg(test)]
pub mod tests;
