//! Stories about one question: what each pool is asked, and what an answer means.

use chain::head::Head;
use devnet::Fault;

use super::*;
use crate::harness::Stage;

const WAIT: Duration = Duration::from_secs(2);
/// For those who will never answer.
const SHORT: Duration = Duration::from_millis(50);

/// How a probe ended, in a word.
fn word(probe: Probe) -> String {
    match probe {
        Probe::Head(Head { number, .. }) => format!("head {number}"),
        Probe::Alive => "alive".to_owned(),
        Probe::Failed => "failed".to_owned(),
    }
}

/// Asks a backend of a pool while its node has a fault.
async fn check(stage: &Stage, (id, node): (&str, &str), fault: Option<Fault>, expected: &str) {
    let node = stage.node(node);
    if let Some(fault) = fault {
        node.set(fault);
    }
    let pool = stage.place(id).pool;
    let wait = match fault {
        Some(Fault::Hang) => SHORT,
        Some(_) | None => WAIT,
    };
    let probe = ask(&stage.worker, &stage.backend(id), pool, wait).await;
    assert_eq!(word(probe), expected, "{id} with {fault:?}");
    node.clear();
}

#[tokio::test]
async fn what_a_node_that_shows_heads_may_answer() {
    let stage = Stage::set(&[]).await;
    for node in [
        ("read-1", "read-1"),
        ("test-1", "read-3"),
        ("leader", "leader"),
    ] {
        check(&stage, node, None, "head 300").await;
        check(&stage, node, Some(Fault::Lag(7)), "head 293").await;
        for fault in [
            Fault::Html,
            Fault::Rubbish,
            Fault::Truncated,
            Fault::Status(429),
            Fault::Status(503),
            Fault::ResetBefore,
            Fault::ResetAfter,
            Fault::Die,
            Fault::Hang,
        ] {
            check(&stage, node, Some(fault), "failed").await;
        }
        check(&stage, node, None, "head 300").await;
    }
}

#[tokio::test]
async fn miners_and_nodeos_need_only_be_there() {
    let stage = Stage::set(&[]).await;
    for node in [("write-1", "miner-1"), ("nodeos-1", "nodeos-1")] {
        check(&stage, node, None, "alive").await;
        for fault in [Fault::Html, Fault::Status(502), Fault::Die, Fault::Hang] {
            check(&stage, node, Some(fault), "failed").await;
        }
    }
}

#[tokio::test]
async fn an_error_shows_that_a_miner_is_there_but_not_that_a_reader_is_well() {
    let stage = Stage::set(&[]).await;
    // Neither node has the method it is asked for here.
    for (pool, expected) in [(Pool::Read, "failed"), (Pool::Heavy, "failed")] {
        let miner = stage.backend("write-1");
        let probe = ask(&stage.worker, &miner, Some(pool), WAIT).await;
        assert_eq!(word(probe), expected);
    }
    let nodeos = stage.backend("nodeos-1");
    let probe = ask(&stage.worker, &nodeos, Some(Pool::Write), WAIT).await;
    assert_eq!(word(probe), "failed", "an error that is not JSON-RPC");
}

#[tokio::test]
async fn a_tunnel_is_not_asked() {
    let stage = Stage::set(&[]).await;
    let probe = ask(
        &stage.worker,
        &stage.backend("read-1"),
        Some(Pool::Ws),
        WAIT,
    )
    .await;
    assert_eq!(word(probe), "alive");
    assert_eq!(stage.node("read-1").received(), 0);
}

#[tokio::test]
async fn a_pooled_connection_that_is_gone_says_nothing_of_the_node() {
    let stage = Stage::set(&[]).await;
    let node = ("read-1", "read-1");
    check(&stage, node, None, "head 300").await;
    // The node starts anew: its old connections are reset, its port is open.
    stage.node("read-1").set(Fault::Die);
    stage.node("read-1").clear();
    check(&stage, node, None, "head 300").await;
    assert_eq!(stage.node("read-1").connections(), 2);
}

#[tokio::test]
async fn a_chain_id_is_said_or_lacking_or_not_answered() {
    let stage = Stage::set(&[]).await;
    let told = async |id| chain_id(&stage.worker, &stage.backend(id), SHORT * 20).await;
    assert_eq!(told("read-1").await, Some(Some(15_557)));
    assert_eq!(told("write-1").await, Some(None));
    stage.node("read-1").set(Fault::WrongChain(1));
    assert_eq!(told("read-1").await, Some(Some(1)));
    stage.node("read-1").set(Fault::Die);
    assert_eq!(told("read-1").await, None);
}

#[tokio::test]
async fn a_hash_is_shown_for_blocks_that_exist() {
    let stage = Stage::set(&[]).await;
    let shown = async |id, height| hash_at(&stage.worker, &stage.backend(id), height, WAIT).await;
    let hash = shown("read-1", 290).await;
    assert!(hash.is_some());
    assert_eq!(hash, shown("leader", 290).await);
    assert_ne!(hash, shown("read-1", 291).await);
    assert_eq!(shown("read-1", 301).await, None);
    assert_eq!(shown("write-1", 290).await, None);
    stage.node("read-2").set(Fault::Fork(20));
    assert_ne!(shown("read-2", 290).await, hash);
}
