//! Every key there is, in one list.
//!
//! Checking, the nearest known key, the environment, `headway config` and the test of
//! `proxy.toml.example` all read it.

use std::sync::LazyLock;

use crate::key::Key;

mod answers;
mod backends;
mod calls;
mod clients;
mod consistency;
mod doors;
mod health;
mod sockets;
mod tls;

/// The whole list, in the order of `proxy.toml.example`.
pub static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    [
        doors::KEYS,
        tls::KEYS,
        health::KEYS,
        consistency::KEYS,
        calls::KEYS,
        clients::KEYS,
        sockets::KEYS,
        answers::KEYS,
        backends::KEYS,
    ]
    .concat()
});

/// The key with this dotted name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
