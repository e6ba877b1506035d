//! Stories about clients that ask too often, or for too much at once.

use std::time::Duration;

use config::checked::Config;
use config::checked::Profile;
use rules::address::Network;
use rules::address::Trust;
use rules::ids::Pool;
use rules::rate::Rate;
use rules::table::Table;

use super::*;
use crate::harness::Proxy;
use crate::harness::client::Heard;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::client::call_with;
use crate::harness::client::notification;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;
use crate::live::Snapshot;

const PROFILES: [Profile; 2] = [Profile::TxProxy, Profile::Evm];

fn limited(profile: Profile, mode: RateMode, rate: Rate) -> Config {
    let mut config = config(profile);
    config.rate_limit.mode = mode;
    config.rate_limit.rate = rate;
    config
}

fn start(config: Config) -> Proxy {
    let pools = [
        ("read-1", Pool::Read),
        ("heavy-1", Pool::Heavy),
        ("miner-1", Pool::Write),
    ];
    let cast = pools.map(|(id, pool)| node(id, pool, [Act::Echo]));
    Proxy::start(config, cast.into())
}

fn read() -> String {
    call("7", "eth_call")
}

/// What each element of a batch's answer is: a result, or the word of a refusal.
fn elements(heard: &Heard) -> Vec<String> {
    assert_eq!(heard.status, 200, "{heard:?}");
    let element = |element: &serde_json::Value| {
        let id = &element["id"];
        match element["error"]["data"]["reason"].as_str() {
            Some(reason) => format!("{id} {} {reason}", element["error"]["code"]),
            None => format!("{id} {}", element["result"].is_string()),
        }
    };
    heard
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(element)
        .collect()
}

fn over_rate(proxy: &Proxy, mode: &str) -> u64 {
    proxy.metric(&format!("headway_rate_limited_total{{mode=\"{mode}\"}}")) as u64
}

#[tokio::test(start_paused = true)]
async fn a_call_too_many_hears_when_to_come_back() {
    for profile in PROFILES {
        let proxy = start(limited(profile, RateMode::Enforce, Rate::new(1, 3)));
        for _ in 0..3 {
            assert_eq!(proxy.post(read()).await.status, 200);
        }
        for (wait, status) in [(0, 429), (999, 429), (1, 200)] {
            proxy.pass(Duration::from_millis(wait)).await;
            let heard = proxy.post(read()).await;
            if status == 200 {
                assert_eq!(heard.status, 200);
                continue;
            }
            assert_eq!(
                (heard.status, heard.reason().as_str()),
                (429, "rate_limited")
            );
            assert_eq!(heard.json()["error"]["code"], -32005);
            assert_eq!(heard.json()["id"], 7);
            assert!((1..=2).contains(&heard.retry_after()));
        }
        assert_eq!(
            (over_rate(&proxy, "enforce"), over_rate(&proxy, "dry-run")),
            (2, 0)
        );
        assert_eq!(proxy.count("read-1"), 4);
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_of_a_batch_counts_and_the_refused_ones_hear_it_in_their_place() {
    for profile in PROFILES {
        let proxy = start(limited(profile, RateMode::Enforce, Rate::new(1, 3)));
        let body = batch(&[
            call("1", "eth_call"),
            call("2", "admin_x"),
            "5".to_owned(),
            notification("eth_call"),
            call("3", "eth_sendRawTransaction"),
            call("4", "eth_call"),
            notification("eth_call"),
            call("5", "eth_sendRawTransaction"),
        ]);
        let heard = proxy.post(body).await;
        assert_eq!(
            elements(&heard),
            [
                "1 true",
                "2 -32601 method_not_allowed",
                "null -32600 invalid_request",
                "3 true",
                "4 -32005 rate_limited",
                "5 -32005 rate_limited",
            ]
        );
        assert_eq!(over_rate(&proxy, "enforce"), 3);
        assert_eq!(proxy.count("miner-1"), 1);
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_counts_and_refuses_nobody() {
    let proxy = start(limited(
        Profile::TxProxy,
        RateMode::DryRun,
        Rate::new(5, 25),
    ));
    for _ in 0..60 {
        assert_eq!(proxy.post(read()).await.status, 200);
    }
    assert_eq!(
        (over_rate(&proxy, "dry-run"), over_rate(&proxy, "enforce")),
        (35, 0)
    );
    let proxy = start(limited(Profile::TxProxy, RateMode::Off, Rate::new(1, 1)));
    for _ in 0..10 {
        assert_eq!(proxy.post(read()).await.status, 200);
    }
    assert_eq!(
        (over_rate(&proxy, "dry-run"), over_rate(&proxy, "enforce")),
        (0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_heavy_call_weighs_more() {
    let proxy = start(limited(Profile::Evm, RateMode::Enforce, Rate::new(2, 25)));
    let logs = || call("7", "eth_getLogs");
    let mut statuses = Vec::new();
    for body in [logs(), logs(), logs(), read()] {
        let heard = proxy.post(body).await;
        if heard.status == 429 {
            // Of 25 two take 20, a third would need 5 more, which come in 2.5 s.
            assert!((3..=5).contains(&heard.retry_after()));
        }
        statuses.push(heard.status);
    }
    assert_eq!(statuses, [200, 200, 429, 200]);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn what_goes_nowhere_costs_nothing() {
    let proxy = start(limited(
        Profile::TxProxy,
        RateMode::Enforce,
        Rate::new(1, 1),
    ));
    for body in ["{", "{}", &call("7", "admin_x"), "[]"] {
        assert_ne!(proxy.post(body).await.status, 429);
    }
    assert_eq!(proxy.post(read()).await.status, 200);
    assert_eq!(proxy.post(read()).await.status, 429);
    // Who wants no answer gets as little as before, and nothing is delivered.
    assert_eq!(proxy.post(notification("eth_call")).await.status, 429);
    assert_eq!(proxy.count("read-1"), 1);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn clients_are_counted_by_their_verified_address() {
    let mut config = limited(Profile::Evm, RateMode::Enforce, Rate::new(1, 2));
    let balancer = Network::parse("192.0.2.7").unwrap();
    config.server.trusted_proxies = Trust::new(vec![balancer]);
    let proxy = start(config);
    for (client, passes) in [
        ("203.0.113.1", true),
        ("203.0.113.1:4711", true),
        // Another address in front makes nobody another client.
        ("198.51.100.1, 203.0.113.1", false),
        ("203.0.113.1", false),
        ("203.0.113.2", true),
        // A network of IPv6 is one client.
        ("2001:db8:1:2::1", true),
        ("[2001:db8:1:2:ffff::9]:1", true),
        ("2001:db8:1:2::2", false),
        ("2001:db8:1:3::1", true),
    ] {
        let heard = proxy.post_for(client, read()).await;
        assert_eq!(heard.status == 200, passes, "{client}");
    }
    proxy.settle().await;
    // Where nobody is trusted, a header makes nobody another client either.
    let proxy = start(limited(Profile::Evm, RateMode::Enforce, Rate::new(1, 2)));
    for (client, status) in [
        ("203.0.113.1", 200),
        ("203.0.113.2", 200),
        ("203.0.113.3", 429),
    ] {
        assert_eq!(proxy.post_for(client, read()).await.status, status);
    }
    proxy.settle().await;
}

/// The same proxy, whose reference is at this block.
fn at(proxy: &Proxy, head: Option<u64>) {
    let now = proxy.worker.live.snapshot();
    let table = Table::new(now.table.places().to_vec(), now.table.ladder().clone());
    proxy.worker.live.publish(Snapshot {
        table: table.measured_against(head),
        backends: now.backends.clone(),
        settings: std::sync::Arc::clone(&now.settings),
    });
}

#[tokio::test(start_paused = true)]
async fn logs_of_too_many_blocks_are_refused_by_name_of_the_limit() {
    for profile in PROFILES {
        let mut config = config(profile);
        config.limits.log_range = Some(1000);
        let proxy = start(config);
        at(&proxy, Some(5000));
        let status = if profile == Profile::TxProxy {
            400
        } else {
            200
        };
        let range = |from: &str, to: &str| {
            call_with(
                "7",
                "eth_getLogs",
                &format!("[{{\"fromBlock\":{from},\"toBlock\":{to}}}]"),
            )
        };
        for (body, passes) in [
            (range("\"0x1\"", "\"0x3e8\""), true),
            (range("\"0x1\"", "\"0x3e9\""), false),
            (range("\"earliest\"", "\"latest\""), false),
            (range("\"0xfa1\"", "\"latest\""), true),
            (range("\"0xfa0\"", "null"), false),
            (
                call_with("7", "eth_getLogs", "[{\"blockHash\":\"0x1\"}]"),
                true,
            ),
            (call("7", "eth_getLogs"), true),
            (
                call_with("7", "eth_call", "[{\"fromBlock\":\"0x0\"}]"),
                true,
            ),
        ] {
            let heard = proxy.post(body.clone()).await;
            if passes {
                assert_eq!((heard.status, heard.reason().as_str()), (200, ""), "{body}");
                continue;
            }
            assert_eq!(
                (heard.status, heard.reason().as_str()),
                (status, "log_range"),
                "{body}"
            );
            assert_eq!(heard.json()["error"]["code"], -32602);
            let message = heard.json()["error"]["message"].to_string();
            assert!(message.contains("1000"), "{message}");
        }
        let heard = proxy
            .post(batch(&[range("\"0x0\"", "\"0xfff\""), read()]))
            .await;
        assert_eq!(elements(&heard), ["7 -32602 log_range", "7 true"]);
        // While nobody knows the head, the node judges.
        at(&proxy, None);
        assert_eq!(
            proxy.post(range("\"0x0\"", "\"latest\"")).await.reason(),
            ""
        );
        proxy.settle().await;
    }
}
