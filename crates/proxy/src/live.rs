//! What is true now: the current table behind one `ArcSwap`, the backends, and what survives swaps.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use arc_swap::ArcSwap;
use config::checked;
use config::checked::Config;
use http::HeaderMap;
use http::HeaderValue;
use http::Uri;
use http::header;
use rules::budget::Budget;
use rules::ids::BackendId;
use rules::ids::Pool as PoolName;
use rules::ids::Seat;
use rules::table::Table;
use rules::unclear::Unclear;
use rules::vitals::Vitals;
use tokio::sync::Notify;
use tokio::sync::Semaphore;
use tokio::sync::watch;

use crate::bulkhead::Bulkheads;
use crate::crowd::Crowd;
use crate::dial::Target;
use crate::limiter::Limiter;
use crate::metrics::BackendCells;
use crate::metrics::Metrics;
use crate::pool::Pool;
use crate::reply::Voice;
use crate::tls::Tls;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why a backend cannot be dialled as configured.
pub type NotDialled = Box<dyn std::error::Error + Send + Sync>;

/// A backend for as long as its id and URL stay the same; tables come and go around it.
pub struct Backend {
    /// What everybody calls it.
    pub id: BackendId,
    /// Where to dial.
    pub target: Target,
    /// The path of every request.
    pub path: Uri,
    /// The headers of every request.
    pub headers: HeaderMap,
    /// The same as they are written.
    pub head: Vec<u8>,
    /// Client addresses are not told.
    pub external: bool,
    /// How long an idle connection may rest.
    pub keep_alive: Duration,
    /// In flight, latency, ejection.
    pub vitals: Arc<Vitals>,
    /// Its counters.
    pub cells: BackendCells,
    /// Its idle connections.
    pub pool: Arc<Pool>,
    /// Rung when its probes find it down: reads that still wait for it go elsewhere.
    pub down: Arc<Notify>,
}

/// Its path and its authorization are often keys.
impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("id", &self.id)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl Backend {
    /// A backend as configured, for so many workers.
    ///
    /// # Errors
    /// The URL holds bytes that HTTP cannot carry, or a host that no certificate can be for.
    pub fn new(
        wanted: &checked::Backend,
        workers: usize,
        metrics: &Metrics,
    ) -> Result<Self, NotDialled> {
        let url = &wanted.url;
        let authorization = url.user.as_ref().map(|user| {
            let mut value = HeaderValue::from_str(&format!("Basic {}", base64(user.as_bytes())))?;
            value.set_sensitive(true);
            Ok::<_, NotDialled>(value)
        });
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(&url.authority())?);
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::ACCEPT, JSON);
        if let Some(authorization) = authorization.transpose()? {
            headers.insert(header::AUTHORIZATION, authorization);
        }
        Ok(Self {
            id: wanted.id.clone(),
            target: Target::new(wanted)?,
            path: url.path.parse::<Uri>()?,
            head: written(&headers),
            headers,
            external: wanted.external,
            keep_alive: wanted.keep_alive,
            vitals: Arc::default(),
            cells: metrics.backend(wanted.id.as_str()),
            pool: Arc::new(Pool::new(workers)),
            down: Arc::default(),
        })
    }

    /// The same backend under other terms: what is learned about it and its idle connections stay.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn again(
        &self,
        wanted: &checked::Backend,
        workers: usize,
        metrics: &Metrics,
    ) -> Result<Self, NotDialled> {
        Ok(Self {
            vitals: Arc::clone(&self.vitals),
            pool: Arc::clone(&self.pool),
            down: Arc::clone(&self.down),
            ..Self::new(wanted, workers, metrics)?
        })
    }
}

/// Headers as HTTP/1 writes them (RFC 9112, section 5).
fn written(headers: &HeaderMap) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS.get(((word >> (18 - 6 * place)) & 63) as usize);
            text.push(if place <= chunk.len() {
                digit.map_or('=', |d| char::from(*d))
            } else {
                '='
            });
        }
    }
    text
}

/// A configuration with what is derived from it once.
#[derive(Debug)]
pub struct Settings {
    /// As checked.
    pub config: Config,
    /// How clients are spoken to.
    pub voice: Voice,
    /// How backends are known and spoken to where that is encrypted.
    pub tls: Tls,
    /// What a body may hold.
    pub frame: frame::limits::Limits,
}

/// Bytes of a method's name.
const METHOD_BYTES_MAX: usize = 128;

impl Settings {
    /// Derives what a configuration implies.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            voice: Voice::new(&config),
            tls: Tls::new(&config.tls.authorities),
            frame: frame::limits::Limits {
                nesting_max: config.limits.nesting,
                calls_max: config.batch.calls,
                method_bytes_max: METHOD_BYTES_MAX,
            },
            config,
        }
    }
}

/// One moment's view: a call uses the one it started with.
#[derive(Debug)]
pub struct Snapshot {
    /// Who may serve what.
    pub table: Table,
    /// The backends at the table's seats.
    pub backends: Vec<Arc<Backend>>,
    /// What is configured.
    pub settings: Arc<Settings>,
}

impl Snapshot {
    /// The backend at a seat of this snapshot's table.
    #[must_use]
    pub fn backend(&self, seat: Seat) -> Option<&Arc<Backend>> {
        self.backends.get(seat.index())
    }
}

/// What load balancers may be told.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
    seen_usable: AtomicBool,
    serving: AtomicBool,
    leaving: watch::Sender<bool>,
}

impl Readiness {
    /// The process was asked to stop.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    /// Whether it was asked to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// What is under way is to end, and nothing new to begin.
    pub fn leave(&self) {
        self.leaving.send_replace(true);
    }

    /// Turns true when the process leaves.
    #[must_use]
    pub fn leaving(&self) -> watch::Receiver<bool> {
        self.leaving.subscribe()
    }

    /// Whether the read pool or the leader can serve now.
    pub fn set_serving(&self, serving: bool) {
        self.serving.store(serving, Relaxed);
        if serving {
            self.seen_usable.store(true, Relaxed);
        }
    }

    /// For `/readyz`: not draining, and somebody has been usable since the start. A fleet that is
    /// lost later does not make this unready: every replica would fail at once and nobody answer.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.is_draining() && self.seen_usable.load(Relaxed)
    }

    /// For the health port and `/readyz?strict`: somebody can serve at this moment.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        !self.is_draining() && self.serving.load(Relaxed)
    }
}

/// Transactions that are looked up at a time.
const LOOKUPS_MAX: usize = 64;

/// The shared state of a process.
#[derive(Debug)]
pub struct Live {
    current: ArcSwap<Snapshot>,
    budgets: [Budget; PoolName::ALL.len()],
    /// What clients have left to spend.
    pub limiter: Limiter,
    /// Connections by client, where they are limited.
    pub crowd: Crowd,
    /// WebSocket connections by client.
    pub sockets: Crowd,
    /// Room for requests by kind of work.
    pub bulkheads: Bulkheads,
    /// What load balancers may be told.
    pub readiness: Readiness,
    /// Rung when clients' connections to a backend drop: the prober should look at once.
    pub trouble: Notify,
    /// Transactions of which nobody knew whether they had arrived.
    pub unclear: Mutex<Unclear>,
    /// Turns to look a transaction up.
    pub lookups: Semaphore,
}

impl Live {
    /// Starts from a first snapshot.
    #[must_use]
    pub fn new(first: Snapshot) -> Self {
        let retry = &first.settings.config.retry;
        let (tokens, percent) = (retry.budget_tokens, retry.budget_percent);
        Self {
            budgets: PoolName::ALL.map(|_| Budget::new(tokens, percent)),
            current: ArcSwap::from_pointee(first),
            limiter: Limiter::default(),
            crowd: Crowd::default(),
            sockets: Crowd::default(),
            bulkheads: Bulkheads::default(),
            readiness: Readiness::default(),
            trouble: Notify::new(),
            unclear: Mutex::default(),
            lookups: Semaphore::new(LOOKUPS_MAX),
        }
    }

    /// The current view.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Replaces the view whole. Calls under way keep the one they started with.
    pub fn publish(&self, next: Snapshot) {
        self.current.store(Arc::new(next));
    }

    /// The retry budget of a pool.
    #[must_use]
    pub fn budget(&self, pool: PoolName) -> &Budget {
        let [read, write, heavy, antelope, ws] = &self.budgets;
        match pool {
            PoolName::Read => read,
            PoolName::Write => write,
            PoolName::Heavy => heavy,
            PoolName::Antelope => antelope,
            PoolName::Ws => ws,
        }
    }
}

#[cfg(test)]
mod tests;
