//! One section after another: the answers become the checked configuration.

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rules::address::Trust;
use rules::ids::Pool;
use rules::phrases::Phrases;
use rules::rate::Rate;
use rules::served::Advance;
use rules::table::Stale;

use crate::asked::Asked;
use crate::checked::AccessFormat;
use crate::checked::AccessLog;
use crate::checked::Admin;
use crate::checked::Batch;
use crate::checked::BatchSends;
use crate::checked::Compat;
use crate::checked::Config;
use crate::checked::Consistency;
use crate::checked::Cors;
use crate::checked::Errors;
use crate::checked::Format;
use crate::checked::Health;
use crate::checked::HttpStatus;
use crate::checked::Level;
use crate::checked::Limits;
use crate::checked::Logs;
use crate::checked::Profile;
use crate::checked::RateLimit;
use crate::checked::RateMode;
use crate::checked::Retry;
use crate::checked::Rotation;
use crate::checked::Server;
use crate::checked::Timeouts;
use crate::checked::Tls;
use crate::checked::VersionRule;
use crate::checked::Ws;
use crate::fleet;
use crate::kind::Setting;
use crate::memory;
use crate::methods;
use crate::networks::networks;
use crate::problem::Problem;

/// Blocks behind that need no second look, unless more are healthy.
const MAX_LAG_AT_ONCE: u64 = 30;
/// The least that bodies and held answers may take together, however small the machine is.
const BUFFERED_BYTES_MIN: u64 = 4 * MIB;
const MIB: u64 = 1 << 20;
/// How long Kubernetes and ECS may take to stop sending.
const LAME_DUCK: Duration = Duration::from_secs(5);

/// Asks for every key. What comes out is a configuration only if no problem was found.
pub(crate) fn config(asked: &mut Asked<'_>) -> Config {
    asked.given("profile");
    let server = server(asked);
    let admin = admin(asked, &server);
    let tls = Tls {
        authorities: asked.authorities("tls.ca_file"),
    };
    let health = health(asked);
    let consistency = consistency(asked);
    let limits = limits(asked, &server);
    let timeouts = timeouts(asked);
    let retry = Retry {
        tries: asked.count32("retry.tries"),
        budget_percent: asked.count32("retry.budget_percent"),
        budget_tokens: asked.count32("retry.budget_tokens"),
        phrases: Phrases {
            missing: asked.words("retry.missing_phrases"),
            busy: asked.words("retry.busy_phrases"),
            method: asked.words("retry.method_phrases"),
            known: asked.words("retry.known_phrases"),
            nonce: asked.words("retry.nonce_phrases"),
            not_ready: asked.words("retry.not_ready_phrases"),
        },
    };
    let batch = batch(asked);
    let rate_limit = rate_limit(asked, &server);
    let ws = ws(asked);
    let cors = Cors {
        enabled: asked.switch("cors.enabled"),
        credentials: asked.switch("cors.credentials"),
        max_age: asked.time("cors.max_age"),
    };
    let errors = Errors {
        http_status: match asked.text("errors.http_status").as_str() {
            "tx_proxy" => HttpStatus::TxProxy,
            _ => HttpStatus::JsonRpc,
        },
    };
    let compat = compat(asked);
    let logs = logs(asked);
    let backends = fleet::backends(asked);
    Config {
        profile: asked.profile(),
        server,
        admin,
        tls,
        health,
        consistency,
        methods: methods::methods(asked, &backends),
        backends,
        limits,
        timeouts,
        retry,
        batch,
        rate_limit,
        ws,
        cors,
        errors,
        compat,
        logs,
    }
}

fn server(asked: &mut Asked<'_>) -> Server {
    let listen = asked.addresses("server.listen");
    let health_listen = asked.addresses("server.health_listen").first().copied();
    if let Some(taken) = health_listen.filter(|address| collides(*address, &listen)) {
        taken_twice(asked, "server.health_listen", taken);
    }
    Server {
        listen,
        health_listen,
        workers: asked.size("server.workers"),
        trusted_proxies: trust(asked),
        compression: asked.switch("server.compression"),
    }
}

fn trust(asked: &mut Asked<'_>) -> Trust {
    let named = asked.words("server.trusted_proxies");
    Trust::new(
        named
            .iter()
            .filter_map(|item| networks(item))
            .flatten()
            .collect(),
    )
}

fn admin(asked: &mut Asked<'_>, server: &Server) -> Admin {
    let listen = asked.addresses("admin.listen").first().copied();
    let mut others = server.listen.clone();
    others.extend(server.health_listen);
    if let Some(taken) = listen.filter(|address| collides(*address, &others)) {
        taken_twice(asked, "admin.listen", taken);
    }
    Admin { listen }
}

/// Port 0 asks for any free port, so it collides with nothing.
fn collides(address: SocketAddr, others: &[SocketAddr]) -> bool {
    address.port() != 0 && others.contains(&address)
}

fn taken_twice(asked: &mut Asked<'_>, key: &str, address: SocketAddr) {
    let wrong = format!("another listener has {address}");
    let problem = Problem::new(key, wrong, "an address of its own is right");
    asked.problems.push(problem);
}

fn health(asked: &mut Asked<'_>) -> Health {
    let max_lag = asked.count("health.max_lag");
    Health {
        interval: asked.time("health.interval"),
        leader_interval: asked.time("health.leader_interval"),
        timeout: asked.time("health.timeout"),
        max_lag,
        max_lag_at_once: max_lag_at_once(asked, max_lag),
        fall: asked.count32("health.fall"),
        rise: asked.count32("health.rise"),
        max_head_age: asked.time_or_off("health.max_head_age"),
        chain_id: asked.count_or_word("health.chain_id"),
        block_time: asked.time("health.block_time"),
        stale: match asked.text("health.stale").as_str() {
            "serve" => Stale::Serve,
            _ => Stale::HeadFree,
        },
        leader_serves: asked
            .words("health.leader_serves")
            .iter()
            .filter_map(|name| Pool::named(name))
            .collect(),
    }
}

fn consistency(asked: &mut Asked<'_>) -> Consistency {
    Consistency {
        served_head: asked.switch("consistency.served_head"),
        advance: match asked.text("consistency.advance").as_str() {
            "any" => Advance::Any,
            "half" => Advance::Half,
            _ => Advance::Two,
        },
    }
}

fn max_lag_at_once(asked: &mut Asked<'_>, max_lag: u64) -> u64 {
    let name = "health.max_lag_at_once";
    if let Some(Setting::Count(at_once)) = asked.given(name) {
        if at_once < max_lag {
            let right = format!("{max_lag} or more is right");
            let problem = Problem::new(name, "less than health.max_lag", right);
            asked.problems.push(problem.with_value(at_once.to_string()));
        }
        return at_once;
    }
    let at_once = MAX_LAG_AT_ONCE.max(max_lag);
    asked.derived(name, &Setting::Count(at_once));
    at_once
}

fn limits(asked: &mut Asked<'_>, server: &Server) -> Limits {
    Limits {
        body_bytes: asked.size("limits.body_bytes"),
        buffered_bytes: buffered_bytes(asked),
        answer_bytes: asked.size("limits.answer_bytes"),
        nesting: asked.size("limits.nesting"),
        leader_calls: asked.count32("limits.leader_calls"),
        connections: asked.size("limits.connections"),
        connections_per_client: connections_per_client(asked, server),
        in_flight: asked.size("limits.in_flight"),
        read_calls: asked.count32("limits.read_calls"),
        heavy_calls: asked.count32("limits.heavy_calls"),
        write_calls: asked.count32("limits.write_calls"),
        log_range: asked.count_or_word("limits.log_range"),
    }
}

fn buffered_bytes(asked: &mut Asked<'_>) -> usize {
    let name = "limits.buffered_bytes";
    let given = asked.size(name);
    if given > 0 {
        return given;
    }
    // Whole mebibytes read better, and nobody counts on the last one.
    let quarter = memory::allowed_bytes() / 4 / MIB * MIB;
    let quarter = quarter.max(BUFFERED_BYTES_MIN);
    asked.values.retain(|value| value.key != name);
    asked.derived(name, &Setting::Size(quarter));
    usize::try_from(quarter).unwrap_or(usize::MAX)
}

fn timeouts(asked: &mut Asked<'_>) -> Timeouts {
    Timeouts {
        total: asked.time("timeouts.total"),
        attempt: asked.time("timeouts.attempt"),
        connect: asked.time("timeouts.connect"),
        answer_idle: asked.time("timeouts.answer_idle"),
        first_byte: asked.time("timeouts.first_byte"),
        head: asked.time("timeouts.head"),
        body_idle: asked.time("timeouts.body_idle"),
        body: asked.time("timeouts.body"),
        write: asked.time("timeouts.write"),
        keep_alive: asked.time("timeouts.keep_alive"),
        lame_duck: lame_duck(asked),
        drain: asked.time("timeouts.drain"),
    }
}

/// Kubernetes and ECS go on sending for some seconds to whoever they stop.
fn lame_duck(asked: &mut Asked<'_>) -> Duration {
    let name = "timeouts.lame_duck";
    if let Some(Setting::Time(time)) = asked.given(name) {
        return time;
    }
    let orchestrated = ["KUBERNETES_SERVICE_HOST", "ECS_CONTAINER_METADATA_URI_V4"];
    let time = match orchestrated.iter().any(|variable| asked.is_set(variable)) {
        true => LAME_DUCK,
        false => Duration::ZERO,
    };
    asked.derived(name, &Setting::Time(time));
    time
}

fn batch(asked: &mut Asked<'_>) -> Batch {
    Batch {
        calls: asked.size("batch.calls"),
        leg_calls: asked.size("batch.leg_calls"),
        sends: match asked.text("batch.sends").as_str() {
            "refuse" => BatchSends::Refuse,
            _ => BatchSends::Allow,
        },
    }
}

fn connections_per_client(asked: &mut Asked<'_>, server: &Server) -> Option<u32> {
    let name = "limits.connections_per_client";
    let most = asked.count_or_word(name)?;
    remind(asked, name, server);
    Some(u32::try_from(most).unwrap_or(u32::MAX))
}

/// Clients are limited one by one: a load balancer that nobody named would be taken for one.
fn remind(asked: &mut Asked<'_>, key: &str, server: &Server) {
    if server.trusted_proxies.is_empty() {
        let wrong = "clients are told apart by their connections alone";
        let right = "behind a load balancer, which makes all of them one client, \
            server.trusted_proxies has to name it";
        asked.warnings.push(Problem::new(key, wrong, right));
    }
}

fn rate_limit(asked: &mut Asked<'_>, server: &Server) -> RateLimit {
    let mode = match asked.text("rate_limit.mode").as_str() {
        "off" => RateMode::Off,
        "dry-run" => RateMode::DryRun,
        _ => RateMode::Enforce,
    };
    if mode == RateMode::Enforce {
        remind(asked, "rate_limit.mode", server);
    }
    let per_second = asked.count32("rate_limit.per_second");
    RateLimit {
        mode,
        rate: Rate::new(per_second, asked.count32("rate_limit.burst")),
        heavy_weight: asked.count32("rate_limit.heavy_weight"),
    }
}

fn ws(asked: &mut Asked<'_>) -> Ws {
    let per_client = asked.count_or_word("ws.sockets_per_client");
    Ws {
        sockets_max: asked.size("ws.sockets_max"),
        sockets_per_client: per_client.map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
        calls_max: asked.size("ws.calls_max"),
        message_bytes: asked.size("ws.message_bytes"),
        queue_bytes: asked.size("ws.queue_bytes"),
        ping_interval: asked.time("ws.ping_interval"),
        origins: asked.words("ws.origins"),
    }
}

fn compat(asked: &mut Asked<'_>) -> Compat {
    Compat {
        root_status: u16::try_from(asked.count("compat.root_status")).unwrap_or(200),
        version: match asked.text("compat.version").as_str() {
            "any" => VersionRule::Any,
            _ => VersionRule::Strict,
        },
    }
}

/// Where the directory of the original's logs is kept, its access log belongs there too.
fn access(asked: &mut Asked<'_>, directory: Option<&Path>) -> AccessLog {
    let name = "logs.access";
    let target = match (asked.given(name), directory, asked.profile()) {
        (Some(Setting::Text(target)), _, _) => target,
        (_, directory, profile) => {
            let target = match (directory, profile) {
                (Some(directory), _) => directory.join("access.log").display().to_string(),
                (None, Profile::TxProxy) => "stdout".to_owned(),
                (None, Profile::Evm) => "off".to_owned(),
            };
            asked.derived(name, &Setting::Text(target.clone()));
            target
        }
    };
    match target.as_str() {
        "off" => AccessLog::Off,
        "stdout" => AccessLog::Stdout,
        path => AccessLog::File(PathBuf::from(path)),
    }
}

fn logs(asked: &mut Asked<'_>) -> Logs {
    let bytes = asked.count_or_word("logs.rotate_bytes");
    let keep = asked.count32("logs.rotate_keep");
    let directory = match asked.setting("logs.directory") {
        Some(Setting::Text(path)) => Some(PathBuf::from(path)),
        _ => None,
    };
    Logs {
        access: access(asked, directory.as_deref()),
        access_format: match asked.text("logs.access_format").as_str() {
            "json" => AccessFormat::Json,
            _ => AccessFormat::Main,
        },
        directory,
        raw_transactions: asked.switch("logs.raw_transactions"),
        level: match asked.text("logs.level").as_str() {
            "error" => Level::Error,
            "warn" => Level::Warn,
            "debug" => Level::Debug,
            _ => Level::Info,
        },
        format: match asked.text("logs.format").as_str() {
            "json" => Format::Json,
            _ => Format::Text,
        },
        rotation: bytes.map(|bytes| Rotation { bytes, keep }),
    }
}
