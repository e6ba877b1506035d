//! The checked configuration: an invalid one cannot be built, so nobody asks twice.

use std::net::SocketAddr;
use std::time::Duration;

use rules::address::Trust;
use rules::ids::BackendId;
use rules::ids::Pool;
use rules::method::Methods;
use rules::phrases::Phrases;
use rules::rate::Rate;
use rules::served::Advance;
use rules::table::Stale;
use rustls_pki_types::TrustAnchor;

pub use crate::checked::logs::AccessFormat;
pub use crate::checked::logs::AccessLog;
pub use crate::checked::logs::Format;
pub use crate::checked::logs::Level;
pub use crate::checked::logs::Logs;
pub use crate::checked::logs::Rotation;
use crate::url::BackendUrl;

/// Everything a running Headway was told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bundle of defaults it started from.
    pub profile: Profile,
    /// Data and health listeners.
    pub server: Server,
    /// The admin listener.
    pub admin: Admin,
    /// Whom backends may be vouched for by.
    pub tls: Tls,
    /// Probes and what they lead to.
    pub health: Health,
    /// What clients are told of the chain's progress.
    pub consistency: Consistency,
    /// The method lists; pools that have no backend are already replaced by those that serve them.
    pub methods: Methods,
    /// Every backend, in the order written.
    pub backends: Vec<Backend>,
    /// Sizes and counts.
    pub limits: Limits,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Retries.
    pub retry: Retry,
    /// JSON-RPC batches.
    pub batch: Batch,
    /// What one client may ask for.
    pub rate_limit: RateLimit,
    /// WebSocket connections that end here.
    pub ws: Ws,
    /// What browsers are told.
    pub cors: Cors,
    /// How errors are said.
    pub errors: Errors,
    /// What answers to plain web requests look like.
    pub compat: Compat,
    /// Logs.
    pub logs: Logs,
}

/// A named bundle of defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// In place of the `tx_proxy` container.
    TxProxy,
    /// A general fleet of EVM nodes.
    Evm,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct Server {
    /// Data addresses; at least one.
    pub listen: Vec<SocketAddr>,
    /// Where load balancers ask for health; none when not set.
    pub health_listen: Option<SocketAddr>,
    /// Worker threads; 0 means one per core.
    pub workers: usize,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Trust,
    /// Whether longer answers are compressed for clients that ask for it.
    pub compression: bool,
}

/// `[admin]`
#[derive(Clone, Debug)]
pub struct Admin {
    /// Metrics and probes for operators; none when switched off.
    pub listen: Option<SocketAddr>,
}

/// `[tls]`
#[derive(Clone, Debug)]
pub struct Tls {
    /// Authorities trusted beside those of the web.
    pub authorities: Vec<TrustAnchor<'static>>,
}

/// `[health]`
#[derive(Clone, Debug)]
pub struct Health {
    /// Between two probes of a backend.
    pub interval: Duration,
    /// Between two probes of an external leader.
    pub leader_interval: Duration,
    /// How long a probe may take.
    pub timeout: Duration,
    /// Blocks behind the reference that are still healthy.
    pub max_lag: u64,
    /// Blocks behind the reference that make a backend ineligible at once.
    pub max_lag_at_once: u64,
    /// Failed probes in a row that take a backend down.
    pub fall: u32,
    /// Good probes in a row that bring it up.
    pub rise: u32,
    /// A newest block older than this opens the leader step and fails the health port.
    pub max_head_age: Option<Duration>,
    /// The chain every backend must be on; by majority when not set.
    pub chain_id: Option<u64>,
    /// Expected time between two blocks.
    pub block_time: Duration,
    /// Which calls the least bad backend gets when nobody is eligible.
    pub stale: Stale,
    /// Pools the leader serves when they have nobody.
    pub leader_serves: Vec<Pool>,
}

/// `[consistency]`
#[derive(Clone, Copy, Debug)]
pub struct Consistency {
    /// Whether `eth_blockNumber` is answered from the served head, and by no backend.
    pub served_head: bool,
    /// Eligible read backends that must have a block before it is served.
    pub advance: Advance,
}

/// One `[[backends]]` entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// What everybody calls it.
    pub id: BackendId,
    /// Where it is.
    pub url: BackendUrl,
    /// The pool it serves; a leader may serve none.
    pub pool: Option<Pool>,
    /// Its share of the pool's traffic.
    pub weight: u32,
    /// Whether it is the reference.
    pub leader: bool,
    /// Somebody else's node: client addresses are not passed on, probes are rare.
    pub external: bool,
    /// An idle pooled connection is dropped after this long.
    pub keep_alive: Duration,
    /// Whether it may be at a link-local address, where clouds keep their secrets.
    pub allow_link_local: bool,
}

/// `[limits]`
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request body.
    pub body_bytes: usize,
    /// Bytes of request bodies and held answers in memory at once.
    pub buffered_bytes: usize,
    /// Bytes of one backend answer that are held whole (legs of batches).
    pub answer_bytes: usize,
    /// Nested arrays and objects in a request.
    pub nesting: usize,
    /// Calls the leader takes at a time as a fallback.
    pub leader_calls: u32,
    /// Connections of one client at once; trusted proxies are not limited.
    pub connections_per_client: Option<u32>,
    /// Client connections at once.
    pub connections: usize,
    /// HTTP requests served at once.
    pub in_flight: usize,
    /// Requests to the read pool at once.
    pub read_calls: u32,
    /// Requests for heavy methods at once.
    pub heavy_calls: u32,
    /// Requests to the write pool, and sends, at once.
    pub write_calls: u32,
    /// Blocks that a call of `eth_getLogs` may span.
    pub log_range: Option<u64>,
}

/// `[timeouts]`
#[derive(Clone, Debug)]
pub struct Timeouts {
    /// From the whole request to the whole answer head.
    pub total: Duration,
    /// One try of a plain read while another candidate is left.
    pub attempt: Duration,
    /// Opening a connection to a backend.
    pub connect: Duration,
    /// Between two pieces of a long answer on its way through.
    pub answer_idle: Duration,
    /// From a client's connection to its first byte.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// Between two pieces of a request's body.
    pub body_idle: Duration,
    /// From the head of a request to the end of its body.
    pub body: Duration,
    /// How long a client may take nothing of an answer.
    pub write: Duration,
    /// An idle client connection.
    pub keep_alive: Duration,
    /// How long new connections are still accepted once the process was asked to stop.
    pub lame_duck: Duration,
    /// How long calls under way may go on after that.
    pub drain: Duration,
}

/// `[retry]`
#[derive(Clone, Debug)]
pub struct Retry {
    /// Tries of a read whose bytes may leave the process.
    pub tries: u32,
    /// Retries per hundred calls.
    pub budget_percent: u32,
    /// Retries that may be saved up.
    pub budget_tokens: u32,
    /// What the errors of nodes say.
    pub phrases: Phrases,
}

/// `[batch]`
#[derive(Clone, Debug)]
pub struct Batch {
    /// Calls in one batch.
    pub calls: usize,
    /// Calls of a batch sent to a backend in one request.
    pub leg_calls: usize,
    /// Whether a batch may hold sends.
    pub sends: BatchSends,
}

/// Sends inside a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSends {
    /// They go to one miner in order.
    Allow,
    /// The whole batch is refused, as the original does.
    Refuse,
}

/// `[rate_limit]`
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// What happens to a client that asks too much.
    pub mode: RateMode,
    /// How fast a client's tokens grow again, and how many it may save up.
    pub rate: Rate,
    /// Tokens that a call of a heavy method takes; any other takes one.
    pub heavy_weight: u32,
}

/// What happens to a client that asks too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateMode {
    /// Nobody counts.
    Off,
    /// It is counted and told to operators.
    DryRun,
    /// It is refused as well.
    Enforce,
}

/// `[ws]`
#[derive(Clone, Debug)]
pub struct Ws {
    /// Sockets at once.
    pub sockets_max: usize,
    /// Sockets of one client at once.
    pub sockets_per_client: Option<u32>,
    /// Messages of one socket that are served at once.
    pub calls_max: usize,
    /// Bytes of one message.
    pub message_bytes: usize,
    /// Bytes that wait for one client, beyond which nothing is read from it.
    pub queue_bytes: usize,
    /// Between two pings.
    pub ping_interval: Duration,
    /// Origins of pages that may connect, in lower case; all of them when empty.
    pub origins: Vec<String>,
}

/// `[cors]`
#[derive(Clone, Debug)]
pub struct Cors {
    /// Whether CORS headers are sent at all.
    pub enabled: bool,
    /// Whether `Access-Control-Allow-Credentials: true` goes with `*`, as the original sends it.
    pub credentials: bool,
    /// Seconds a browser may keep a preflight answer.
    pub max_age: Duration,
}

/// `[errors]`
#[derive(Clone, Copy, Debug)]
pub struct Errors {
    /// Which HTTP statuses errors carry.
    pub http_status: HttpStatus,
}

/// The statuses that go with JSON-RPC errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpStatus {
    /// The drop-in's.
    TxProxy,
    /// 200 whenever the call was understood.
    JsonRpc,
}

/// `[compat]`
#[derive(Clone, Copy, Debug)]
pub struct Compat {
    /// Status of `GET /`.
    pub root_status: u16,
    /// Which `jsonrpc` members are let through.
    pub version: VersionRule,
}

/// What a call's `jsonrpc` member must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionRule {
    /// Exactly `"2.0"`.
    Strict,
    /// Anything: the backend judges.
    Any,
}

mod logs;
