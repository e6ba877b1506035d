//! Keys of WebSocket connections that end here.

use crate::key::Key;
use crate::key::Preset;
use crate::key::key;
use crate::kind::GIB;
use crate::kind::H;
use crate::kind::KIB;
use crate::kind::Kind;
use crate::kind::S;

/// In the order of `proxy.toml.example`.
pub(crate) const KEYS: &[Key] = &[
    key(
        "ws.sockets_max",
        Kind::Count(1, 1_000_000),
        Preset::Same("10000"),
        "WebSocket connections at once; one more is told 503",
    ),
    key(
        "ws.sockets_per_client",
        Kind::Count(1, 1_000_000),
        Preset::Same("100"),
        "WebSocket connections of one client at once; only counted while no trusted proxies are named",
    )
    .or("off"),
    key(
        "ws.calls_max",
        Kind::Count(1, 10_000),
        Preset::Same("64"),
        "calls and batches of one WebSocket connection at once; then nothing more is read from it",
    ),
    key(
        "ws.message_bytes",
        Kind::Size(KIB, GIB),
        Preset::Same("10MiB"),
        "bytes of one message, all its fragments together",
    ),
    key(
        "ws.queue_bytes",
        Kind::Size(KIB, GIB),
        Preset::Same("4MiB"),
        "bytes of answers that wait for one client, beyond which nothing more is read from it",
    ),
    key(
        "ws.ping_interval",
        Kind::Time(S, H),
        Preset::Same("25s"),
        "between two pings; who misses two of them in a row is cut",
    ),
    key(
        "ws.origins",
        Kind::Origins,
        Preset::Same(""),
        "the pages that may open a WebSocket connection; all of them when empty",
    ),
];
