//! Every fault of the transport, as the other side of the connection sees it.

use std::cell::Cell;
use std::time::Duration;

use devnet::Fault;
use devnet::Node;
use serde_json::json;
use tokio::time::sleep;

use crate::client::End;
use crate::client::Line;
use crate::client::ask;
use crate::client::call;
use crate::client::post;
use crate::client::still;

const HEAD: &str = r#"{"id":1,"method":"eth_blockNumber"}"#;
const HEAD_ANSWER: &str = r#"{"jsonrpc":"2.0","id":1,"result":"0x12c"}"#;

/// What a request on a connection of its own comes to.
async fn outcome(node: &Node) -> Result<(u16, String), End> {
    let heard = post(node, HEAD).await?;
    Ok((heard.status, heard.body))
}

fn well() -> Result<(u16, String), End> {
    Ok((200, HEAD_ANSWER.to_owned()))
}

#[tokio::test]
async fn answers_that_are_none() {
    let net = still().await;
    let node = net.node("read-1").unwrap();
    let told = [
        ("status 429", 429, "text/plain", "Too Many Requests\n"),
        ("status 500", 500, "text/plain", "Internal Server Error\n"),
        ("status 503", 503, "text/plain", "Service Unavailable\n"),
        ("status 599", 599, "text/plain", "Error\n"),
        ("html", 200, "text/html", "<!DOCTYPE html>"),
        ("rubbish", 200, "application/json", "this is not JSON"),
    ];
    for (fault, status, kind, part) in told {
        node.set(fault.parse().unwrap());
        let heard = post(node, HEAD).await.unwrap();
        assert_eq!(heard.status, status, "{fault}");
        assert!(
            heard.head.contains(&format!("content-type: {kind}")),
            "{fault}: {}",
            heard.head
        );
        assert!(heard.body.contains(part), "{fault}: {}", heard.body);
        assert_eq!(heard.head.contains("retry-after: 1"), status == 429);
        node.clear();
        assert_eq!(outcome(node).await, well());
    }
    node.set(Fault::Html);
    node.set(Fault::Status(502));
    let (status, page) = outcome(node).await.unwrap();
    assert_eq!((status, page.contains("<html>")), (502, true));
    assert_eq!(node.calls_of("eth_blockNumber"), 2 * 6 + 1);
}

#[tokio::test]
async fn connections_that_end() {
    let net = still().await;
    let node = net.node("read-1").unwrap();
    let half = HEAD_ANSWER[..HEAD_ANSWER.len() / 2].to_owned();
    let told = [
        (Fault::Die, End::Refused, End::Reset),
        (Fault::ResetBefore, End::Reset, End::Reset),
        (Fault::ResetAfter, End::Reset, End::Reset),
        (
            Fault::Truncated,
            End::Closed(half.clone()),
            End::Closed(half),
        ),
    ];
    for (fault, fresh, kept) in told {
        let mut line = Line::open(node.addr()).await.unwrap();
        line.send("POST /", HEAD).await.unwrap();
        node.set(fault);
        assert_eq!(outcome(node).await, Err(fresh), "{fault}");
        assert_eq!(line.send("POST /", HEAD).await.err(), Some(kept), "{fault}");
        node.clear();
        assert_eq!(outcome(node).await, well(), "{fault}");
    }
}

#[tokio::test]
async fn a_node_that_refuses_keeps_the_connections_it_has() {
    let net = still().await;
    let node = net.node("read-1").unwrap();
    let mut line = Line::open(node.addr()).await.unwrap();
    line.send("POST /", HEAD).await.unwrap();
    for _ in 0..3 {
        node.set(Fault::Refuse);
        assert_eq!(outcome(node).await, Err(End::Refused));
        assert_eq!(line.send("POST /", HEAD).await.unwrap().body, HEAD_ANSWER);
        node.clear();
        assert_eq!(outcome(node).await, well());
    }
    node.set(Fault::Die);
    node.clear();
    assert_eq!(line.send("POST /", HEAD).await.err(), Some(End::Reset));
}

#[tokio::test]
async fn before_reading_nothing_is_delivered_and_after_it_everything() {
    let net = still().await;
    let miner = net.node("miner-1").unwrap();
    let read = net.node("read-1").unwrap();
    let told = [
        (Fault::ResetBefore, 0, 0),
        (Fault::ResetAfter, 1, 1),
        (Fault::Truncated, 1, 1),
        (Fault::Status(503), 1, 0),
        (Fault::Refuse, 0, 0),
    ];
    for (index, (fault, delivered, mined)) in told.into_iter().enumerate() {
        let before = (miner.delivered().len(), miner.received());
        let raw = format!("0xff{index:02}");
        let mut line = Line::open(miner.addr()).await.unwrap();
        line.send("POST /", &call("eth_gasPrice", &json!([])))
            .await
            .unwrap();
        miner.set(fault);
        let _ = post(miner, &call("eth_sendRawTransaction", &json!([raw]))).await;
        miner.clear();
        let after = (
            miner.delivered().len() - before.0,
            miner.received() - before.1,
        );
        assert_eq!(after, (delivered, delivered as u64 + 1), "{fault}");
        let again = ask(miner, "eth_sendRawTransaction", json!([raw])).await;
        let known = again["error"]["message"] == "already known";
        assert_eq!(known, mined == 1, "{fault}");
    }
    assert_eq!(read.received(), 0);
}

#[tokio::test]
async fn a_miner_that_is_not_ready_says_neither() {
    let net = still().await;
    let miner = net.node("miner-1").unwrap();
    miner.set(Fault::NotReady);
    let send = call("eth_sendRawTransaction", &json!(["0x07"]));
    assert_eq!(
        post(miner, &send).await.unwrap().body,
        r#"{"jsonrpc":"2.0","id":1}"#
    );
    assert_eq!(ask(miner, "eth_gasPrice", json!([])).await, "0x22ecb25c00");
    miner.clear();
    let hash = ask(miner, "eth_sendRawTransaction", json!(["0x07"])).await;
    assert_eq!(
        hash.as_str().map(str::len),
        Some(66),
        "the first one was dropped"
    );
    assert_eq!(miner.delivered(), ["0x07", "0x07"]);
}

#[tokio::test]
async fn a_hanging_node_answers_once_it_is_cleared() {
    let net = still().await;
    let node = net.node("read-1").unwrap();
    node.set(Fault::Hang);
    let cleared = Cell::new(false);
    let asking = async {
        let answer = outcome(node).await;
        assert!(cleared.get(), "no answer before");
        answer
    };
    let clearing = async {
        while node.calls_of("eth_blockNumber") == 0 {
            tokio::task::yield_now().await;
        }
        // Others are served meanwhile.
        assert_eq!(outcome(net.node("read-2").unwrap()).await, well());
        cleared.set(true);
        node.clear();
    };
    assert_eq!(tokio::join!(asking, clearing).0, well());
}

#[tokio::test(start_paused = true)]
async fn a_slow_node_takes_its_time() {
    let net = still().await;
    let node = net.node("read-1").unwrap();
    node.set("slow 3600s".parse().unwrap());
    let nearly = Cell::new(false);
    let asking = async {
        let answer = outcome(node).await;
        assert!(nearly.get(), "no answer before its time");
        answer
    };
    let waiting = async {
        sleep(Duration::from_secs(3590)).await;
        nearly.set(true);
    };
    assert_eq!(tokio::join!(asking, waiting).0, well());
}

#[tokio::test(start_paused = true)]
async fn a_miner_closes_an_idle_connection_as_announced() {
    let net = still().await;
    let miner = net.node("miner-1").unwrap();
    let mut line = Line::open(miner.addr()).await.unwrap();
    let price = call("eth_gasPrice", &json!([]));
    let heard = line.send("POST /", &price).await.unwrap();
    assert!(heard.head.contains("keep-alive: timeout=5"));
    // The clock runs ahead as soon as nobody has anything else to do.
    let silence = End::Closed(String::new());
    assert_eq!(line.hear().await.err(), Some(silence));
}

#[tokio::test]
async fn one_fault_of_a_kind_and_several_kinds() {
    let net = still().await;
    let node = net.node("read-1").unwrap();
    for fault in ["lag 3", "slow 0ms", "lag 7", "wrong-chain 5"] {
        node.set(fault.parse().unwrap());
    }
    let texts: Vec<String> = node.faults().iter().map(Fault::to_string).collect();
    assert_eq!(texts, ["slow 0ms", "lag 7", "wrong-chain 5"]);
    assert_eq!(ask(node, "eth_blockNumber", json!([])).await, "0x125");
    assert_eq!(ask(node, "eth_chainId", json!([])).await, "0x5");
}
