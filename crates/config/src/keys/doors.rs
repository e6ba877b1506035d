//! Keys of the profile and of the listeners.

use crate::key::Key;
use crate::key::Preset;
use crate::key::key;
use crate::kind::Kind;

/// In the order of `proxy.toml.example`.
pub(crate) const KEYS: &[Key] = &[
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
    )
    .at_start(),
    key(
        "server.health_listen",
        Kind::Addresses(1),
        Preset::Same("off"),
        "where load balancers ask whether reads can be served",
    )
    .at_start()
    .or("off"),
    key(
        "server.workers",
        Kind::Count(0, 1024),
        Preset::Same("0"),
        "worker threads; 0 is one per core",
    )
    .at_start(),
    key(
        "server.trusted_proxies",
        Kind::Networks,
        Preset::Same(""),
        "whose X-Forwarded-For is believed",
    ),
    key(
        "server.compression",
        Kind::Switch,
        Preset::Same("true"),
        "whether answers of 1 KiB and more are compressed for clients that ask for it",
    ),
    key(
        "admin.listen",
        Kind::Addresses(1),
        Preset::Same("127.0.0.1:9545"),
        "where operators find metrics and probes",
    )
    .at_start()
    .or("off"),
];
