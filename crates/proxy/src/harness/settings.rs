//! Checked configurations made by hand: what a story needs of both profiles.

use std::time::Duration;

use config::checked;
use config::checked::AccessLog;
use config::checked::BatchSends;
use config::checked::Config;
use config::checked::HttpStatus;
use config::checked::Profile;
use config::checked::RateMode;
use config::checked::VersionRule;
use config::url::BackendUrl;
use rules::address::Trust;
use rules::ids::BackendId;
use rules::ids::Pool;
use rules::method::Methods;
use rules::method::Rule;
use rules::method::Verdict;
use rules::phrases::Phrases;
use rules::rate::Rate;
use rules::served::Advance;
use rules::table::Stale;

use crate::harness::Cast;

const fn to(pool: Pool) -> Verdict {
    Verdict::To {
        pool,
        heavy: matches!(pool, Pool::Heavy),
    }
}

/// Some methods of each pool; what is not named is refused by `tx_proxy` and read by `evm`.
fn methods(profile: Profile) -> Methods {
    let named = [
        ("eth_blockNumber", to(Pool::Read)),
        ("eth_chainId", to(Pool::Read)),
        ("eth_call", to(Pool::Read)),
        ("eth_getLogs", to(Pool::Heavy)),
        ("eth_gasPrice", to(Pool::Write)),
        ("eth_sendRawTransaction", to(Pool::Write)),
        ("eth_sendRawTransactionSync", to(Pool::Write)),
        ("eth_sendTransaction", to(Pool::Write)),
        ("admin_*", Verdict::Forbid),
    ];
    let rules = named.map(|(pattern, verdict)| Rule {
        pattern: pattern.to_owned(),
        verdict,
    });
    let unknown = match profile {
        Profile::TxProxy => Verdict::Forbid,
        Profile::Evm => to(Pool::Read),
    };
    Methods::new(&rules, unknown)
}

/// The defaults of a profile, with no backends yet.
pub(crate) fn config(profile: Profile) -> Config {
    let drop_in = profile == Profile::TxProxy;
    Config {
        profile,
        server: checked::Server {
            listen: Vec::new(),
            health_listen: None,
            workers: 1,
            trusted_proxies: Trust::default(),
            compression: true,
        },
        admin: checked::Admin { listen: None },
        tls: checked::Tls {
            authorities: Vec::new(),
        },
        health: health(drop_in),
        consistency: consistency(),
        methods: methods(profile),
        backends: Vec::new(),
        limits: limits(),
        timeouts: timeouts(),
        retry: checked::Retry {
            tries: 2,
            budget_percent: 20,
            budget_tokens: 200,
            phrases: Phrases::default(),
        },
        batch: checked::Batch {
            calls: if drop_in { 1000 } else { 100 },
            leg_calls: 100,
            sends: BatchSends::Allow,
        },
        rate_limit: checked::RateLimit {
            mode: RateMode::Off,
            rate: Rate::new(5, 25),
            heavy_weight: 10,
        },
        ws: ws(),
        cors: checked::Cors {
            enabled: true,
            credentials: drop_in,
            max_age: Duration::from_secs(86_400),
        },
        errors: checked::Errors {
            http_status: if drop_in {
                HttpStatus::TxProxy
            } else {
                HttpStatus::JsonRpc
            },
        },
        compat: checked::Compat {
            root_status: 200,
            version: if drop_in {
                VersionRule::Strict
            } else {
                VersionRule::Any
            },
        },
        logs: logs(),
    }
}

/// As by default.
fn consistency() -> checked::Consistency {
    checked::Consistency {
        served_head: true,
        advance: Advance::Two,
    }
}

/// No access log.
pub(crate) fn logs() -> checked::Logs {
    checked::Logs {
        access: AccessLog::Off,
        access_format: checked::AccessFormat::Main,
        directory: None,
        raw_transactions: false,
        level: checked::Level::Info,
        format: checked::Format::Text,
        rotation: None,
    }
}

fn ws() -> checked::Ws {
    checked::Ws {
        sockets_max: 10_000,
        sockets_per_client: Some(100),
        calls_max: 64,
        message_bytes: 10 << 20,
        queue_bytes: 4 << 20,
        ping_interval: Duration::from_secs(25),
        origins: Vec::new(),
    }
}

fn limits() -> checked::Limits {
    checked::Limits {
        body_bytes: 10 << 20,
        buffered_bytes: 64 << 20,
        answer_bytes: 32 << 20,
        nesting: 64,
        leader_calls: 256,
        connections: 20_000,
        in_flight: 10_000,
        connections_per_client: None,
        read_calls: 5000,
        heavy_calls: 256,
        write_calls: 1000,
        log_range: None,
    }
}

fn timeouts() -> checked::Timeouts {
    checked::Timeouts {
        total: Duration::from_secs(55),
        attempt: Duration::from_secs(10),
        connect: Duration::from_secs(2),
        answer_idle: Duration::from_secs(30),
        first_byte: Duration::from_secs(10),
        head: Duration::from_secs(10),
        body_idle: Duration::from_secs(10),
        body: Duration::from_secs(30),
        write: Duration::from_secs(30),
        keep_alive: Duration::from_secs(620),
        lame_duck: Duration::ZERO,
        drain: Duration::from_secs(8),
    }
}

fn health(drop_in: bool) -> checked::Health {
    checked::Health {
        interval: Duration::from_secs(1),
        leader_interval: Duration::from_secs(5),
        timeout: Duration::from_secs(2),
        max_lag: 10,
        max_lag_at_once: 30,
        fall: 3,
        rise: 2,
        max_head_age: None,
        chain_id: None,
        block_time: Duration::from_secs(1),
        stale: if drop_in {
            Stale::Serve
        } else {
            Stale::HeadFree
        },
        leader_serves: vec![Pool::Read, Pool::Heavy],
    }
}

/// A backend as the configuration would hold it; its URL holds a key that must not be seen.
pub(crate) fn backend(cast: &Cast) -> checked::Backend {
    checked::Backend {
        id: BackendId::new(cast.id),
        url: BackendUrl {
            tls: cast.tls,
            host: cast.id.to_owned(),
            port: 8545,
            path: "/v3/KEY?a=b".to_owned(),
            user: cast.user.map(str::to_owned),
        },
        pool: cast.pool,
        weight: 1,
        leader: cast.leader,
        external: cast.external,
        keep_alive: cast.keep_alive,
        allow_link_local: false,
    }
}
