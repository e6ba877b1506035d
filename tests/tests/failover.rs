//! Backends killed, frozen, lagged and broken under 64 busy connections: not one read is lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use devnet::Devnet;
use devnet::Fault;
use devnet::Kind;
use devnet::Node;
use devnet::Plan;
use headway_tests::load::Load;
use headway_tests::program::Program;
use serde_json::Value;

/// Busy connections.
const CONNECTIONS: u64 = 64;

fn addresses(network: &Devnet, kind: Kind) -> String {
    let nodes = network.nodes().iter().filter(|node| node.kind() == kind);
    nodes
        .map(|node| node.addr().to_string())
        .collect::<Vec<_>>()
        .join(",")
}

async fn headway(network: &Devnet, more: &[(&'static str, &str)]) -> Program {
    let mut environment = vec![
        ("WRITE_ENDPOINT", addresses(network, Kind::Miner)),
        ("READ_ENDPOINT", addresses(network, Kind::Read)),
        ("LEADER_ENDPOINT", addresses(network, Kind::Leader)),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "off".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "off".to_owned()),
    ];
    environment.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    Program::start(&environment, &["run"]).await
}

fn is_quantity(result: &Value) -> bool {
    result
        .as_str()
        .is_some_and(|text| text.starts_with("0x") && text.len() > 2)
}

/// Waits until the log has a line that holds all these words.
async fn said(program: &Program, words: &[&str]) {
    let mut every = tokio::time::interval(Duration::from_millis(20));
    loop {
        every.tick().await;
        let log = program.log();
        if log
            .iter()
            .any(|line| words.iter().all(|word| line.contains(word)))
        {
            return;
        }
    }
}

/// A fault strikes one of three nodes under load; no call may fail. Where the table must notice, it
/// must also notice that the node is well again, and the node must get its share again.
async fn check(fault: Fault, becomes: Option<&str>, more: &[(&'static str, &str)]) {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let program = headway(&network, more).await;
    let load = Load::start(
        program.address(),
        CONNECTIONS,
        ("eth_getBalance", PARAMS),
        is_quantity,
    );
    load.more(500).await;
    let victim: &Node = network.node("read-2").unwrap();
    victim.set(fault);
    load.more(500).await;
    let story = async {
        if let Some(becomes) = becomes {
            said(&program, &["read-2", &format!("to=\"{becomes}\"")]).await;
        }
        let before = victim.calls_of("eth_getBalance");
        load.more(500).await;
        victim.clear();
        if becomes.is_some() {
            said(&program, &["read-2", "to=\"eligible\""]).await;
        }
        load.more(2000).await;
        let after = victim.calls_of("eth_getBalance");
        assert!(
            after > before,
            "{fault}: the node that came back gets calls again"
        );
    };
    tokio::time::timeout(Duration::from_secs(60), story)
        .await
        .unwrap();
    let lost = load.stop().await;
    assert!(
        lost.is_empty(),
        "{fault}: lost {} calls, such as {:?}",
        lost.len(),
        lost.first()
    );
}

const PARAMS: &str = r#"["0x00000000000000000000000000000000000000aa","latest"]"#;
/// A frozen node holds its calls until their try is over; that must not take the test as long.
const SHORT_TRY: &[(&str, &str)] = &[("HEADWAY_TIMEOUTS__ATTEMPT", "1s")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_is_not_noticed() {
    check(Fault::Die, Some("down"), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_refuses_new_connections_is_not_noticed() {
    // Those it has go on, probes included, so it stays in the table.
    check(Fault::Refuse, None, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_resets_what_it_has_read_is_not_noticed() {
    check(Fault::ResetAfter, Some("down"), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hangs_is_not_noticed() {
    check(Fault::Hang, Some("down"), SHORT_TRY).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_falls_behind_is_not_noticed() {
    check(Fault::Lag(40), Some("lagging"), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_answers_pages_is_not_noticed() {
    check(Fault::Html, Some("down"), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_breaks_off_its_answers_is_not_noticed() {
    check(Fault::Truncated, Some("down"), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_every_node_is_down_the_leader_serves() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let program = headway(&network, &[]).await;
    for node in network
        .nodes()
        .iter()
        .filter(|node| node.kind() == Kind::Read)
    {
        node.set(Fault::Die);
    }
    let load = Load::start(
        program.address(),
        8,
        ("eth_getBalance", PARAMS),
        is_quantity,
    );
    load.more(200).await;
    let leader = network.node("leader").unwrap();
    assert!(leader.calls_of("eth_getBalance") >= 200);
    let story = async {
        // Calls are quicker than verdicts: who is well again before the next one was never out.
        said(&program, &["read-1", "to=\"down\""]).await;
        said(&program, &["read-2", "to=\"down\""]).await;
        network.nodes().iter().for_each(Node::clear);
        said(&program, &["read-1", "to=\"eligible\""]).await;
        said(&program, &["read-2", "to=\"eligible\""]).await;
        load.more(500).await;
        let served = leader.calls_of("eth_getBalance");
        load.more(500).await;
        assert_eq!(
            leader.calls_of("eth_getBalance"),
            served,
            "the leader rests again"
        );
    };
    tokio::time::timeout(Duration::from_secs(60), story)
        .await
        .unwrap();
    assert_eq!(load.stop().await, Vec::<String>::new());
}
