//! Keys of what clients and logs hear.

use crate::key::Key;
use crate::key::Preset;
use crate::key::each;
use crate::key::key;
use crate::kind::GIB;
use crate::kind::H;
use crate::kind::KIB;
use crate::kind::Kind;

/// In the order of `proxy.toml.example`.
pub(crate) const KEYS: &[Key] = &[
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
        Preset::Derived("access.log in logs.directory, else stdout in tx_proxy and off in evm"),
        "where the line for every request goes",
    )
    .at_start(),
    key(
        "logs.access_format",
        Kind::Choice(&["main", "json"]),
        Preset::Same("main"),
        "the shape of that line",
    )
    .at_start(),
    key(
        "logs.directory",
        Kind::Directory,
        Preset::Same("off"),
        "where the files of tx_proxy's logs are kept",
    )
    .at_start()
    .or("off"),
    key(
        "logs.raw_transactions",
        Kind::Switch,
        Preset::Same("false"),
        "whether these files show signed transactions rather than their hashes",
    )
    .at_start(),
    key(
        "logs.level",
        Kind::Choice(&["error", "warn", "info", "debug"]),
        Preset::Same("info"),
        "the least important line that is written",
    )
    .at_start(),
    key(
        "logs.format",
        Kind::Choice(&["text", "json"]),
        Preset::Same("text"),
        "the shape of log lines",
    )
    .at_start(),
    key(
        "logs.rotate_bytes",
        Kind::Size(64 * KIB, 1024 * GIB),
        Preset::Same("100MiB"),
        "a log file that would grow beyond this gives way to the next",
    )
    .at_start()
    .or("off"),
    key(
        "logs.rotate_keep",
        Kind::Count(1, 1000),
        Preset::Same("3"),
        "files of one log that are kept, the newest included",
    )
    .at_start(),
];
