//! Stories about the prober: who is asked what and when, and what the table becomes.

use devnet::Fault;
use rules::ids::Pool;
use rules::table::Standing;

use super::*;
use crate::harness::Stage;
use crate::harness::until;

/// Waits until a backend stands so in the table.
async fn becomes(stage: &Stage, id: &str, standing: Standing) {
    until(&format!("{id} is {standing:?}"), || {
        stage.place(id).standing == standing
    })
    .await;
}

/// A fault strikes a read node; its backend stands otherwise then, which one line of the log tells
/// in these words, and so does another when the node is well again.
async fn check(fault: Fault, standing: Standing, out: &[&str], back: &[&str]) {
    let stage = Stage::set(&[]).await;
    stage.probe().await.unwrap();
    assert_eq!(stage.place("read-2").standing, Standing::Eligible);
    stage.node("read-2").set(fault);
    becomes(&stage, "read-2", standing).await;
    let snapshot = stage.worker.live.snapshot();
    assert_eq!(snapshot.table.line(Pool::Read).eligible.len(), 1, "{fault}");
    stage.node("read-2").clear();
    becomes(&stage, "read-2", Standing::Eligible).await;
    stage.rounds(3).await;
    let lines = stage.log.lines(&["table backend="]);
    assert_eq!(lines.len(), 2, "a line for each change: {lines:#?}");
    for (line, words) in lines.iter().zip([out, back]) {
        let always = ["backend=\"read-2\"", "pool=\"read\"", "reference=300"];
        for word in always.iter().chain(words) {
            assert!(line.contains(word), "{fault}: no {word} in {line}");
        }
    }
}

#[tokio::test]
async fn a_node_that_is_gone_is_down() {
    let out = &[
        "WARN",
        "from=\"eligible\" to=\"down\"",
        "probes in a row failed",
        "eligible=1",
    ];
    let back = &[
        "INFO",
        "from=\"down\" to=\"eligible\"",
        "probes in a row were answered",
    ];
    check(Fault::Die, Standing::Down, out, back).await;
}

#[tokio::test]
async fn a_node_far_behind_lags() {
    let out = &[
        "WARN",
        "to=\"lagging\" why=\"40 blocks behind, 40 s older\" head=260",
        "eligible=1",
    ];
    let back = &[
        "INFO",
        "to=\"eligible\" why=\"caught up, 0 blocks behind\" head=300",
    ];
    check(Fault::Lag(40), Standing::Lagging, out, back).await;
}

#[tokio::test]
async fn a_node_somewhat_behind_lags_at_a_second_look() {
    let out = &["to=\"lagging\" why=\"11 blocks behind, 11 s older\" head=289"];
    check(Fault::Lag(11), Standing::Lagging, out, &["caught up"]).await;
}

#[tokio::test]
async fn a_node_on_a_branch_of_its_own_is_forked() {
    let out = &[
        "WARN",
        "to=\"forked\" why=\"its block 292 is not the majority's\"",
    ];
    let back = &[
        "INFO",
        "to=\"eligible\" why=\"its blocks are the majority's again\"",
    ];
    check(Fault::Fork(20), Standing::Forked, out, back).await;
}

#[tokio::test]
async fn ten_blocks_behind_is_healthy() {
    let stage = Stage::set(&[]).await;
    stage.node("read-2").set(Fault::Lag(10));
    stage.probe().await.unwrap();
    stage.rounds(5).await;
    assert_eq!(stage.place("read-2").standing, Standing::Eligible);
    assert_eq!(
        stage.gauges.lag_blocks.with_label_values(&["read-2"]).get(),
        10
    );
    assert_eq!(stage.gauges.reference.get(), 300);
}

#[tokio::test]
async fn a_node_on_another_chain_is_never_served() {
    let stage = Stage::with_faults(&[("read-2", Fault::WrongChain(1))], &[]).await;
    stage.probe().await.unwrap();
    becomes(&stage, "read-2", Standing::WrongChain).await;
    assert_eq!(stage.served_by(Pool::Read), ["read-1"]);
    let told = [
        "backend=\"read-2\"",
        "to=\"wrong_chain\"",
        "on chain 1, expected 15557",
    ];
    assert_eq!(stage.log.lines(&told).len(), 1);
    // Not even when it is the last one that answers.
    stage.node("read-1").set(Fault::Die);
    becomes(&stage, "read-1", Standing::Down).await;
    assert_eq!(stage.served_by(Pool::Read), ["read-1"]);
}

#[tokio::test]
async fn a_node_falls_after_three_probes_and_rises_after_two() {
    let stage = Stage::set(&[]).await;
    stage.probe().await.unwrap();
    let failed = stage.gauges.probe_failures.with_label_values(&["write-1"]);
    let up = stage.gauges.backend_up.with_label_values(&["write-1"]);
    stage.node("miner-1").set(Fault::Status(500));
    // Looked at on every change: as long as there were two failures, the miner is up.
    until("the miner is down", || {
        assert!(failed.get() >= 3 || up.get() == 1);
        up.get() == 0
    })
    .await;
    let before = stage.node("miner-1").received();
    stage.node("miner-1").clear();
    until("the miner is up", || up.get() == 1).await;
    assert!(stage.node("miner-1").received() >= before + 2);
    let why = stage.log.lines(&["backend=\"write-1\"", "probes in a row"]);
    assert_eq!(why.len(), 2, "{why:#?}");
}

#[tokio::test]
async fn each_pool_is_asked_in_its_own_way() {
    let stage = Stage::set(&[]).await;
    stage.probe().await.unwrap();
    stage.rounds(4).await;
    for node in stage.network.nodes() {
        let calls = |method| node.calls_of(method);
        let (blocks, prices) = (calls("eth_getBlockByNumber"), calls("eth_gasPrice"));
        let ids = calls("eth_chainId");
        let name = node.name();
        match name {
            "miner-1" | "miner-2" => {
                assert!(prices >= 4, "{name}");
                assert_eq!(prices, node.received(), "{name}");
            }
            "nodeos-1" => assert_eq!((blocks, prices, ids), (0, 0, 0), "{name}"),
            _ => {
                assert!(blocks >= 4, "{name}");
                // At first contact, and then not for ten minutes.
                assert_eq!((prices, ids), (0, 1), "{name}");
            }
        }
        // A probe, a chain id and a hash may be asked for at the same time.
        assert!(node.connections() <= 3, "{name}: connections are kept");
    }
    for place in stage.worker.live.snapshot().table.places() {
        let id = place.id.as_str();
        let failures = stage.gauges.probe_failures.with_label_values(&[id]);
        assert_eq!(
            (place.standing, failures.get()),
            (Standing::Eligible, 0),
            "{id}"
        );
    }
}

#[tokio::test]
async fn the_first_round_is_over_when_everybody_was_heard_of() {
    let stage = Stage::with_faults(&[("read-2", Fault::Hang)], &[]).await;
    stage.probe().await.unwrap();
    // The others were heard of several times while one was waited for.
    let failed = stage.gauges.probe_failures.with_label_values(&["read-2"]);
    assert_eq!(failed.get(), 1);
    assert!(stage.node("read-1").received() > 2);
}

#[tokio::test]
async fn nobody_is_ready_before_somebody_answered() {
    let dead = ["read-1", "read-2", "leader"].map(|node| (node, Fault::Die));
    let stage = Stage::with_faults(&dead, &[]).await;
    let readiness = &stage.worker.live.readiness;
    stage.probe().await.unwrap();
    becomes(&stage, "read-1", Standing::Down).await;
    assert!(!readiness.is_ready() && !readiness.is_serving());
    stage.node("leader").clear();
    until("the leader serves", || readiness.is_serving()).await;
    stage.node("leader").set(Fault::Die);
    until("nobody serves", || !readiness.is_serving()).await;
    assert!(readiness.is_ready(), "somebody was there once");
}

#[tokio::test]
async fn clients_trouble_leads_to_a_probe_at_once() {
    let rare = [
        ("health.interval", "60s"),
        ("health.leader_interval", "60s"),
    ];
    let stage = Stage::set(&rare).await;
    stage.probe().await.unwrap();
    let node = stage.node("read-2");
    let before = node.calls_of("eth_getBlockByNumber");
    let vitals = Arc::clone(&stage.backend("read-2").vitals);
    // The bell is not heard again right after it was heard.
    until("a further probe", || {
        vitals.connection_dropped();
        stage.worker.live.trouble.notify_one();
        node.calls_of("eth_getBlockByNumber") > before + 1
    })
    .await;
    // The others are at most asked for the one block that all are compared by.
    let other = stage.node("read-1").calls_of("eth_getBlockByNumber");
    assert!(other <= before + 1, "nobody else is asked more often");
    assert_eq!(stage.place("read-2").standing, Standing::Eligible);
}

#[tokio::test]
async fn who_comes_back_from_down_is_forgiven() {
    let stage = Stage::set(&[]).await;
    stage.probe().await.unwrap();
    let vitals = Arc::clone(&stage.backend("read-2").vitals);
    let now = || stage.worker.clock.now();
    vitals.ejection.eject(now());
    vitals.load.answered(Duration::from_secs(9), now());
    stage.rounds(3).await;
    assert!(
        vitals.ejection.is_out(now()),
        "good probes alone forgive nothing"
    );
    stage.node("read-2").set(Fault::Die);
    becomes(&stage, "read-2", Standing::Down).await;
    stage.node("read-2").clear();
    becomes(&stage, "read-2", Standing::Eligible).await;
    until("the ejection is forgiven", || {
        !vitals.ejection.is_out(now())
    })
    .await;
    assert_eq!(vitals.load.latency_micros(), None);
}
