//! One table of policies, held on all four ways in: HTTP and WebSocket, alone and in a batch.

use std::time::Duration;

use config::checked::Config;
use config::checked::Profile;
use config::checked::RateMode;
use rules::ids::Pool;
use rules::rate::Rate;
use serde_json::Value;

use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::client::call_with;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;

/// A policy: what is set, who is there, what is called, and what the client hears of it.
struct Policy {
    profile: Profile,
    set: fn(&mut Config),
    cast: fn() -> Vec<Cast>,
    call: String,
    /// What happens on each way: a node's name and method, or a word and a code.
    heard: Heard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    From(&'static str),
    Refused(&'static str, i64),
    Error(i64),
}

fn as_it_is(_: &mut Config) {}

fn fleet() -> Vec<Cast> {
    vec![
        node("read-1", Pool::Read, [Act::Echo]),
        node("heavy-1", Pool::Heavy, [Act::Echo]),
        node("miner-1", Pool::Write, [Act::Echo]),
    ]
}

fn policy(call: String, heard: Heard) -> Policy {
    Policy {
        profile: Profile::TxProxy,
        set: as_it_is,
        cast: fleet,
        call,
        heard,
    }
}

fn routes() -> Vec<Policy> {
    let send = call_with("7", "eth_sendRawTransaction", "[\"0xc0\"]");
    let refused = Heard::Refused("method_not_allowed", -32601);
    vec![
        policy(call("7", "eth_call"), Heard::From("read-1/eth_call")),
        policy(
            call("\"x\"", "eth_getLogs"),
            Heard::From("heavy-1/eth_getLogs"),
        ),
        policy(
            call("7", "eth_gasPrice"),
            Heard::From("miner-1/eth_gasPrice"),
        ),
        policy(send, Heard::From("miner-1/eth_sendRawTransaction")),
        policy(call("null", "eth_call"), Heard::From("read-1/eth_call")),
        policy(call("7", "debug_setHead"), refused),
        policy(call("7", "eth_subscribe"), refused),
        policy(call("7", "ETH_CALL"), refused),
        Policy {
            profile: Profile::Evm,
            ..policy(call("7", "admin_peers"), refused)
        },
        Policy {
            profile: Profile::Evm,
            ..policy(call("7", "eth_other"), Heard::From("read-1/eth_other"))
        },
        policy(
            r#"{"jsonrpc":"1.0","id":7,"method":"eth_call"}"#.to_owned(),
            Heard::Refused("invalid_request", -32600),
        ),
        policy(
            r#"{"jsonrpc":"2.0","id":7,"method":"eth_call","METHOD":"x"}"#.to_owned(),
            Heard::Refused("invalid_request", -32600),
        ),
        policy(
            r#"{"jsonrpc":"2.0","id":[],"method":"eth_call"}"#.to_owned(),
            Heard::Refused("invalid_request", -32600),
        ),
        policy(
            r#"{"jsonrpc":"2.0","id":7,"method":5}"#.to_owned(),
            Heard::Refused("invalid_request", -32600),
        ),
    ]
}

fn limits() -> Vec<Policy> {
    let read = || call("7", "eth_call");
    vec![
        Policy {
            set: |config| {
                config.rate_limit.mode = RateMode::Enforce;
                config.rate_limit.rate = Rate::new(1, 1);
                config.rate_limit.heavy_weight = 2;
            },
            ..policy(
                call("7", "eth_getLogs"),
                Heard::Refused("rate_limited", -32005),
            )
        },
        Policy {
            set: |config| config.limits.log_range = Some(10),
            ..policy(
                call_with(
                    "7",
                    "eth_getLogs",
                    "[{\"fromBlock\":\"0x1\",\"toBlock\":\"0x99\"}]",
                ),
                Heard::Refused("log_range", -32602),
            )
        },
        Policy {
            set: |config| config.limits.read_calls = 0,
            ..policy(read(), Heard::Refused("overloaded", -32603))
        },
        Policy {
            cast: || vec![refusing("read-1", Pool::Read)],
            ..policy(read(), Heard::Refused("upstream_failed", -32603))
        },
        Policy {
            cast: || vec![node("miner-1", Pool::Write, [Act::Echo])],
            ..policy(read(), Heard::Refused("no_backend", -32603))
        },
        Policy {
            set: |config| config.timeouts.total = Duration::from_secs(3),
            cast: || vec![node("read-1", Pool::Read, [Act::Hang])],
            ..policy(read(), Heard::Refused("upstream_timeout", -32603))
        },
    ]
}

fn one(answer: &Value) -> (String, Heard) {
    let heard = match (&answer["result"], &answer["error"]) {
        (Value::String(said), _) => Heard::From(said.clone().leak()),
        (_, error) => match error["data"]["reason"].as_str() {
            Some(reason) => {
                let code = error["code"].as_i64().unwrap();
                Heard::Refused(reason.to_owned().leak(), code)
            }
            None => Heard::Error(error["code"].as_i64().unwrap()),
        },
    };
    (answer["id"].to_string(), heard)
}

async fn heard(policy: &Policy, socket: bool, batch: bool) -> (String, Heard) {
    let mut config = config(policy.profile);
    (policy.set)(&mut config);
    let proxy = Proxy::start(config, (policy.cast)());
    let text = match batch {
        true => format!("[{}]", policy.call),
        false => policy.call.clone(),
    };
    if proxy.worker.live.snapshot().settings.config.rate_limit.mode == RateMode::Enforce {
        // The first call takes what there is.
        proxy.post(call("0", "eth_call")).await;
    }
    let said = match socket {
        true => proxy.open().await.ask(&text).await,
        false => proxy.post(text).await.text().to_owned(),
    };
    let said: Value = serde_json::from_str(&said).unwrap();
    proxy.pass(Duration::from_secs(1)).await;
    proxy.settle().await;
    one(if batch { &said[0] } else { &said })
}

#[tokio::test(start_paused = true)]
async fn every_policy_holds_on_every_way_in() {
    for policy in routes().iter().chain(&limits()) {
        let alone = heard(policy, false, false).await;
        assert_eq!(alone.1, policy.heard, "{}", policy.call);
        for (socket, batch) in [(false, true), (true, false), (true, true)] {
            let other = heard(policy, socket, batch).await;
            assert_eq!(other, alone, "{} {socket} {batch}", policy.call);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_node_is_the_same_on_every_way_in() {
    let policy = Policy {
        cast: || vec![node("read-1", Pool::Read, [Act::Say(200, REVERTED)])],
        ..policy(call("7", "eth_call"), Heard::Error(3))
    };
    for (socket, batch) in [(false, false), (false, true), (true, false), (true, true)] {
        let said = ("7".to_owned(), Heard::Error(3));
        assert_eq!(
            heard(&policy, socket, batch).await,
            said,
            "{socket} {batch}"
        );
    }
}

const REVERTED: &str =
    r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":3,"message":"execution reverted"}}"#;
