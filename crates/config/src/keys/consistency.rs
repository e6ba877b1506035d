//! Keys of what clients are told of the chain's progress.

use crate::key::Key;
use crate::key::Preset;
use crate::key::key;
use crate::kind::Kind;

/// In the order of `proxy.toml.example`.
pub(crate) const KEYS: &[Key] = &[
    key(
        "consistency.served_head",
        Kind::Switch,
        Preset::Same("true"),
        "whether eth_blockNumber is answered from the served head, and by no backend",
    ),
    key(
        "consistency.advance",
        Kind::Choice(&["two", "half", "any"]),
        Preset::Same("two"),
        "eligible read backends that must have a block before it counts as served",
    ),
];
