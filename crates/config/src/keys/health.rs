//! Keys of how backends are judged.

use crate::key::Key;
use crate::key::Preset;
use crate::key::each;
use crate::key::key;
use crate::kind::H;
use crate::kind::Kind;
use crate::kind::MS;
use crate::kind::S;

/// In the order of `proxy.toml.example`.
pub(crate) const KEYS: &[Key] = &[
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
];
