//! How a network starts, grows and ends.

use std::collections::BTreeSet;
use std::time::Duration;

use devnet::Devnet;
use devnet::Kind;
use devnet::Mining;
use devnet::Plan;
use serde_json::json;
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::client::End;
use crate::client::ask;
use crate::client::post;
use crate::client::still;

#[tokio::test(start_paused = true)]
async fn a_timer_makes_a_block_each_block_time() {
    let net = Devnet::start(Plan::default()).await.unwrap();
    assert_eq!(net.head(), 300);
    sleep(Duration::from_millis(3500)).await;
    assert_eq!(net.head(), 303);
    net.mine(2);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(net.head(), 306);
}

#[tokio::test]
async fn nodes_have_names_kinds_and_ports_of_their_own() {
    let net = still().await;
    let named: Vec<_> = net
        .nodes()
        .iter()
        .map(|node| (node.name(), node.kind()))
        .collect();
    let expected = [
        ("read-1", Kind::Read),
        ("read-2", Kind::Read),
        ("read-3", Kind::Read),
        ("miner-1", Kind::Miner),
        ("miner-2", Kind::Miner),
        ("nodeos-1", Kind::Nodeos),
        ("leader", Kind::Leader),
    ];
    assert_eq!(named, expected);
    let ports: BTreeSet<u16> = net.nodes().iter().map(|node| node.addr().port()).collect();
    assert_eq!(ports.len(), 7);
    assert!(net.node("read-4").is_none() && net.control_addr().is_none());
    let read = net.node("read-1").unwrap();
    assert_eq!(
        read.url(),
        format!("http://127.0.0.1:{}", read.addr().port())
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_chain() {
    let mut hashes = Vec::new();
    for seed in [7, 7, 8] {
        let plan = Plan {
            seed,
            mining: Mining::Manual,
            ..Plan::default()
        };
        let net = Devnet::start(plan).await.unwrap();
        let node = net.node("leader").unwrap();
        let block = ask(node, "eth_getBlockByNumber", json!(["latest", true])).await;
        hashes.push(block["hash"].to_string());
    }
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
}

#[tokio::test]
async fn a_plan_that_cannot_be_is_refused() {
    let wrong = [
        Plan {
            block_time: Duration::ZERO,
            ..Plan::default()
        },
        Plan {
            first_port: Some(65_533),
            ..Plan::default()
        },
    ];
    for plan in wrong {
        assert!(Devnet::start(plan).await.is_err());
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let net = still().await;
    let addr = net.node("read-2").unwrap().addr();
    let first = Plan {
        first_port: Some(addr.port()),
        ..Plan::default()
    };
    let control = Plan {
        control: Some(addr),
        ..Plan::default()
    };
    for (plan, name) in [(first, "read-1"), (control, "the control port")] {
        let said = Devnet::start(plan).await.unwrap_err().to_string();
        assert!(
            said.starts_with(&format!("{name} cannot listen on {addr}: ")),
            "{said}"
        );
    }
}

#[tokio::test]
async fn dropping_a_network_closes_its_ports_at_once() {
    let net = still().await;
    let node = net.node("read-1").unwrap().clone();
    post(&node, "{}").await.unwrap();
    drop(net);
    assert_eq!(post(&node, "{}").await.err(), Some(End::Refused));
}

#[test]
fn a_network_runs_on_threads_as_well() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let net = still().await;
        for node in net.nodes() {
            post(node, "{}").await.unwrap();
        }
    });
}
