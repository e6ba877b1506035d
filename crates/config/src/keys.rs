//! Every key there is, in one table.
//!
//! Checking, the nearest known key, the environment, `headway config` and the test of
//! `proxy.toml.example` all read it.

use crate::key::Key;
use crate::key::Preset;
use crate::key::each;
use crate::key::key;
use crate::kind::Kind;

const MS: u64 = 1;
const S: u64 = 1000;
const H: u64 = 3600 * S;
const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;

/// The whole table, in the order of `proxy.toml.example`.
pub static KEYS: &[Key] = &[
    key(
        "profile",
        Kind::Choice(&["tx_proxy", "evm"]),
        Preset::Derived("tx_proxy when an endpoint of that container is given, else evm"),
        "the bundle of defaults to start from",
    ),
    key(
        "server.listen",
        Kind::Addresses(64),
        Preset::Same("0.0.0.0:8545"),
        "where clients connect",
    ),
    key(
        "server.health_listen",
        Kind::Addresses(1),
        Preset::Same("off"),
        "where load balancers ask whether reads can be served",
    )
    .or("off"),
    key(
        "server.workers",
        Kind::Count(0, 1024),
        Preset::Same("0"),
        "worker threads; 0 is one per core",
    ),
    key(
        "admin.listen",
        Kind::Addresses(1),
        Preset::Same("127.0.0.1:9545"),
        "where operators find metrics and probes",
    )
    .or("off"),
    key(
        "health.interval",
        Kind::Time(100 * MS, 60 * S),
        Preset::Same("1s"),
        "time between two probes of a backend",
    ),
    key(
        "health.leader_interval",
        Kind::Time(100 * MS, 600 * S),
        Preset::Same("5s"),
        "time between two probes of an external leader, which may be paid by the call",
    ),
    key(
        "health.timeout",
        Kind::Time(10 * MS, 60 * S),
        Preset::Same("2s"),
        "how long a probe may take",
    ),
    key(
        "health.max_lag",
        Kind::Count(0, 1_000_000),
        Preset::Same("10"),
        "blocks behind the reference that are still healthy",
    ),
    key(
        "health.max_lag_at_once",
        Kind::Count(0, 1_000_000),
        Preset::Derived("30, or max_lag where that is more"),
        "blocks behind the reference that take a backend out without a second look",
    ),
    key(
        "health.fall",
        Kind::Count(1, 100),
        Preset::Same("3"),
        "failed probes in a row that take a backend down",
    ),
    key(
        "health.rise",
        Kind::Count(1, 100),
        Preset::Same("2"),
        "good probes in a row that bring it up",
    ),
    key(
        "health.max_head_age",
        Kind::Time(S, 24 * H),
        each("60s", "off"),
        "a newest block older than this sends calls to the leader and fails the health port",
    )
    .or("off"),
    key(
        "health.chain_id",
        Kind::Count(1, u64::MAX >> 1),
        Preset::Same("majority"),
        "the chain that every backend must be on",
    )
    .or("majority"),
    key(
        "health.block_time",
        Kind::Time(10 * MS, H),
        each("1s", "12s"),
        "expected time between two blocks; a head that rests for three of them counts as stuck",
    ),
    key(
        "health.stale",
        Kind::Choice(&["serve", "head_free"]),
        each("serve", "head_free"),
        "calls that the least bad backend gets when nobody is eligible",
    ),
    key(
        "health.leader_serves",
        Kind::Choices(&["read", "heavy", "write"]),
        Preset::Same("read, heavy"),
        "pools the leader serves when they have nobody",
    ),
    key(
        "methods.read",
        Kind::Patterns,
        Preset::Same(""),
        "more methods for the read pool",
    ),
    key(
        "methods.write",
        Kind::Patterns,
        Preset::Same(""),
        "more methods for the write pool",
    ),
    key(
        "methods.heavy",
        Kind::Patterns,
        Preset::Same(""),
        "more methods for the heavy pool",
    ),
    key(
        "methods.forbid",
        Kind::Patterns,
        Preset::Same(""),
        "more methods to refuse",
    ),
    key(
        "limits.body_bytes",
        Kind::Size(KIB, GIB),
        Preset::Same("10MiB"),
        "bytes of a request body",
    ),
    key(
        "limits.buffered_bytes",
        Kind::Size(0, 1024 * GIB),
        Preset::Same("0"),
        "bytes of bodies held at once; 0 is a quarter of the memory that the process may use",
    ),
    key(
        "limits.answer_bytes",
        Kind::Size(64 * KIB, 4 * GIB),
        Preset::Same("64MiB"),
        "bytes of one backend answer that is held whole",
    ),
    key(
        "limits.nesting",
        Kind::Count(4, 512),
        Preset::Same("64"),
        "arrays and objects inside each other in a request",
    ),
    key(
        "limits.leader_calls",
        Kind::Count(1, 1_000_000),
        Preset::Same("256"),
        "calls the leader takes at a time as a fallback",
    ),
    key(
        "timeouts.total",
        Kind::Time(100 * MS, H),
        Preset::Same("55s"),
        "from the whole request to the head of the answer",
    ),
    key(
        "timeouts.attempt",
        Kind::Time(10 * MS, H),
        Preset::Same("10s"),
        "one try of a plain read while another backend is left to try",
    ),
    key(
        "timeouts.connect",
        Kind::Time(10 * MS, 60 * S),
        Preset::Same("2s"),
        "opening a connection to a backend",
    ),
    key(
        "timeouts.keep_alive",
        Kind::Time(S, 24 * H),
        Preset::Same("620s"),
        "an idle client connection; longer than any load balancer in front keeps it",
    ),
    key(
        "timeouts.drain",
        Kind::Time(0, H),
        Preset::Same("8s"),
        "how long calls under way may go on once the process was asked to stop",
    ),
    key(
        "retry.tries",
        Kind::Count(1, 10),
        Preset::Same("2"),
        "tries of a read whose bytes may leave the process",
    ),
    key(
        "retry.budget_percent",
        Kind::Count(0, 100),
        Preset::Same("20"),
        "retries per hundred calls",
    ),
    key(
        "retry.budget_tokens",
        Kind::Count(0, 1_000_000),
        Preset::Same("200"),
        "retries that may be saved up",
    ),
    key(
        "batch.calls",
        Kind::Count(1, 100_000),
        each("1000", "100"),
        "calls in one batch",
    ),
    key(
        "batch.leg_calls",
        Kind::Count(1, 100_000),
        Preset::Same("100"),
        "calls of a batch sent to a backend in one request",
    ),
    key(
        "batch.sends",
        Kind::Choice(&["allow", "refuse"]),
        Preset::Same("allow"),
        "whether a batch may hold transactions to send",
    ),
    key(
        "cors.enabled",
        Kind::Switch,
        Preset::Same("true"),
        "whether browsers of other sites may call",
    ),
    key(
        "cors.credentials",
        Kind::Switch,
        each("true", "false"),
        "whether Access-Control-Allow-Credentials is sent",
    ),
    key(
        "cors.max_age",
        Kind::Time(0, 20 * 24 * H),
        each("480h", "2h"),
        "how long a browser may keep the answer to a preflight",
    ),
    key(
        "errors.http_status",
        Kind::Choice(&["tx_proxy", "jsonrpc"]),
        each("tx_proxy", "jsonrpc"),
        "the HTTP statuses that go with errors",
    ),
    key(
        "compat.root_status",
        Kind::Count(200, 499),
        Preset::Same("200"),
        "status of GET /",
    ),
    key(
        "compat.version",
        Kind::Choice(&["strict", "any"]),
        each("strict", "any"),
        "whether a call must say \"jsonrpc\": \"2.0\"",
    ),
    key(
        "logs.access",
        Kind::LogTarget,
        each("stdout", "off"),
        "where the line for every request goes",
    ),
    key(
        "logs.level",
        Kind::Choice(&["error", "warn", "info", "debug"]),
        Preset::Same("info"),
        "the least important line that is written",
    ),
    key(
        "logs.format",
        Kind::Choice(&["text", "json"]),
        Preset::Same("text"),
        "the shape of log lines",
    ),
    key(
        "backends.id",
        Kind::Id,
        Preset::Required,
        "what logs, metrics and everybody call the backend",
    ),
    key(
        "backends.url",
        Kind::Url,
        Preset::Required,
        "where it is; hidden wherever it is shown",
    ),
    key(
        "backends.pool",
        Kind::Choice(&["read", "write", "heavy", "antelope", "ws"]),
        Preset::Derived("none; only a leader may go without"),
        "the calls it serves",
    ),
    key(
        "backends.weight",
        Kind::Count(1, 1000),
        Preset::Same("1"),
        "its share of the pool's traffic",
    ),
    key(
        "backends.leader",
        Kind::Switch,
        Preset::Same("false"),
        "whether its head is the one the others are measured against",
    ),
    key(
        "backends.external",
        Kind::Switch,
        Preset::Derived("true for https and for a leader without a pool, else false"),
        "somebody else's node: it is probed rarely and told nothing about clients",
    ),
    key(
        "backends.keep_alive",
        Kind::Time(100 * MS, H),
        Preset::Derived("4s in the write pool, else 15s"),
        "an idle connection to it is closed after this; shorter than the backend's own limit",
    ),
];

/// The key with this dotted name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
