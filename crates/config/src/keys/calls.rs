//! Keys of what calls may be, take and cost.

use rules::phrases::preset;

use crate::key::Key;
use crate::key::Preset;
use crate::key::each;
use crate::key::key;
use crate::kind::GIB;
use crate::kind::H;
use crate::kind::KIB;
use crate::kind::Kind;
use crate::kind::MS;
use crate::kind::S;

/// In the order of `proxy.toml.example`.
pub(crate) const KEYS: &[Key] = &[
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
    )
    .at_start(),
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
        "limits.connections",
        Kind::Count(1, 1_000_000),
        Preset::Same("20000"),
        "client connections at once; one more is told 503 and closed",
    ),
    key(
        "limits.in_flight",
        Kind::Count(1, 1_000_000),
        Preset::Same("10000"),
        "HTTP requests served at once; one more is told 503, but for health",
    ),
    key(
        "limits.connections_per_client",
        Kind::Count(1, 1_000_000),
        Preset::Same("off"),
        "connections of one address, or of a /64 of IPv6, at once",
    )
    .or("off"),
    key(
        "limits.read_calls",
        Kind::Count(1, 1_000_000),
        Preset::Same("5000"),
        "requests to the read pool at once; a call or a part of a batch is one",
    ),
    key(
        "limits.heavy_calls",
        Kind::Count(1, 1_000_000),
        Preset::Same("256"),
        "the same for heavy methods, whichever pool serves them",
    ),
    key(
        "limits.write_calls",
        Kind::Count(1, 1_000_000),
        Preset::Same("1000"),
        "the same for the write pool and for sends",
    ),
    key(
        "limits.log_range",
        Kind::Count(1, u64::MAX >> 1),
        Preset::Same("off"),
        "blocks that a call of eth_getLogs may span",
    )
    .or("off"),
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
        "timeouts.answer_idle",
        Kind::Time(10 * MS, H),
        Preset::Same("30s"),
        "between two pieces of a long answer on its way through",
    ),
    key(
        "timeouts.first_byte",
        Kind::Time(10 * MS, 24 * H),
        Preset::Same("10s"),
        "from a client's connection to its first byte",
    ),
    key(
        "timeouts.head",
        Kind::Time(10 * MS, H),
        Preset::Same("10s"),
        "from the first byte of a request to the end of its head",
    ),
    key(
        "timeouts.body_idle",
        Kind::Time(10 * MS, H),
        Preset::Same("10s"),
        "between two pieces of a request's body",
    ),
    key(
        "timeouts.body",
        Kind::Time(10 * MS, H),
        Preset::Same("30s"),
        "from the head of a request to the end of its body",
    ),
    key(
        "timeouts.write",
        Kind::Time(10 * MS, H),
        Preset::Same("30s"),
        "how long a client may take nothing of an answer",
    ),
    key(
        "timeouts.keep_alive",
        Kind::Time(S, 24 * H),
        Preset::Same("620s"),
        "an idle client connection; longer than any load balancer in front keeps it",
    ),
    key(
        "timeouts.lame_duck",
        Kind::Time(0, H),
        Preset::Derived("5s in Kubernetes and on ECS, else 0s"),
        "how long new connections are accepted once the process was asked to stop",
    ),
    key(
        "timeouts.drain",
        Kind::Time(0, H),
        Preset::Same("8s"),
        "how long calls under way may go on after that",
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
    )
    .at_start(),
    key(
        "retry.budget_tokens",
        Kind::Count(0, 1_000_000),
        Preset::Same("200"),
        "retries that may be saved up",
    )
    .at_start(),
    key(
        "retry.missing_phrases",
        Kind::Phrases,
        Preset::Same(preset::MISSING),
        "what nodes say that lack a block, header or state",
    ),
    key(
        "retry.busy_phrases",
        Kind::Phrases,
        Preset::Same(preset::BUSY),
        "what nodes say to callers that are too fast",
    ),
    key(
        "retry.method_phrases",
        Kind::Phrases,
        Preset::Same(preset::METHOD),
        "what nodes say that do not have a method",
    ),
    key(
        "retry.known_phrases",
        Kind::Phrases,
        Preset::Same(preset::KNOWN),
        "what miners say to a transaction that they have already",
    ),
    key(
        "retry.nonce_phrases",
        Kind::Phrases,
        Preset::Same(preset::NONCE),
        "what miners say to a nonce that was used already",
    ),
    key(
        "retry.not_ready_phrases",
        Kind::Phrases,
        Preset::Same(preset::NOT_READY),
        "what nodes say that cannot do their work for now",
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
];
