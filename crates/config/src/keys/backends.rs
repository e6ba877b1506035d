//! Keys of every backend.

use crate::key::Key;
use crate::key::Preset;
use crate::key::key;
use crate::kind::H;
use crate::kind::Kind;
use crate::kind::MS;

/// In the order of `proxy.toml.example`.
pub(crate) const KEYS: &[Key] = &[
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
    key(
        "backends.allow_link_local",
        Kind::Switch,
        Preset::Same("false"),
        "whether it may be at a link-local address, where clouds keep their secrets",
    ),
];
