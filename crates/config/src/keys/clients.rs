//! Keys of what one client may ask for.

use crate::key::Key;
use crate::key::Preset;
use crate::key::each;
use crate::key::key;
use crate::kind::Kind;

/// In the order of `proxy.toml.example`.
pub(crate) const KEYS: &[Key] = &[
    key(
        "rate_limit.mode",
        Kind::Choice(&["off", "dry-run", "enforce"]),
        each("dry-run", "off"),
        "whether clients that ask too much are counted, and whether they are refused",
    ),
    key(
        "rate_limit.per_second",
        Kind::Count(1, 1_000_000),
        Preset::Same("5"),
        "calls a client may make a second, on and on",
    ),
    key(
        "rate_limit.burst",
        Kind::Count(1, 1_000_000),
        Preset::Same("25"),
        "calls a client may make at once after a rest",
    ),
    key(
        "rate_limit.heavy_weight",
        Kind::Count(1, 1000),
        each("1", "10"),
        "for how many calls one of a heavy method counts",
    ),
];
