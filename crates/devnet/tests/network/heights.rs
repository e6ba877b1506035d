//! A node answers everything as of its own height and branch, also when the chain is reorganised.

use devnet::Devnet;
use devnet::Fault;
use devnet::Node;
use serde_json::Value;
use serde_json::json;

use crate::client::ask;
use crate::client::still;

const ACCOUNT: &str = "0x00000000000000000000000000000000000000aa";

async fn hash_at(node: &Node, number: u64) -> Value {
    let params = json!([format!("{number:#x}"), false]);
    ask(node, "eth_getBlockByNumber", params).await["hash"].take()
}

/// Asserts that two nodes agree below `first` and disagree from there on up to the head.
async fn check_parts_at(net: &Devnet, odd: &Node, first: u64) {
    let even = net.node("leader").unwrap();
    for number in first - 2..=net.head() {
        let same = hash_at(even, number).await == hash_at(odd, number).await;
        assert_eq!(same, number < first, "block {number}");
    }
}

#[tokio::test]
async fn a_lagging_node_is_a_consistent_older_node() {
    let net = still().await;
    let [late, whole] = ["read-1", "read-2"].map(|name| net.node(name).unwrap());
    let sent = ask(
        net.node("miner-1").unwrap(),
        "eth_sendRawTransaction",
        json!(["0x07"]),
    )
    .await;
    net.mine(1);
    late.set(Fault::Lag(12));
    assert_eq!((late.head(), whole.head()), (289, 301));
    assert_eq!(ask(late, "eth_blockNumber", json!([])).await, "0x121");
    for tag in ["latest", "pending"] {
        assert_eq!(
            ask(late, "eth_getBlockByNumber", json!([tag, false])).await["number"],
            "0x121"
        );
    }
    let balance = |node, at| ask(node, "eth_getBalance", json!([ACCOUNT, at]));
    assert_eq!(balance(late, "latest").await, balance(whole, "0x121").await);
    assert_ne!(
        balance(late, "latest").await,
        balance(whole, "latest").await
    );
    assert_eq!(
        balance(late, "0x122").await["error"]["message"],
        "header not found"
    );
    assert_eq!(hash_at(late, 289).await, hash_at(whole, 289).await);
    let head = hash_at(whole, 301).await;
    let unknown = [
        ("eth_getBlockByNumber", json!(["0x122", false])),
        ("eth_getBlockByHash", json!([head, false])),
        ("eth_getBlockReceipts", json!([head])),
        ("eth_getTransactionByHash", json!([sent])),
        ("eth_getTransactionReceipt", json!([sent])),
    ];
    for (method, params) in unknown {
        assert_ne!(
            ask(whole, method, params.clone()).await,
            Value::Null,
            "{method}"
        );
        assert_eq!(ask(late, method, params).await, Value::Null, "{method}");
    }
    let logs = ask(
        late,
        "eth_getLogs",
        json!([{"fromBlock": "0x100", "toBlock": "0x12d"}]),
    )
    .await;
    let until = json!([{"fromBlock": "0x100", "toBlock": "0x121"}]);
    assert_eq!(logs, ask(whole, "eth_getLogs", until).await);
    net.mine(12);
    assert_ne!(
        ask(late, "eth_getTransactionReceipt", json!([sent])).await,
        Value::Null
    );
    late.set(Fault::Lag(1000));
    assert_eq!(late.head(), 0, "nobody is below the first block");
}

#[tokio::test]
async fn a_frozen_node_stays_and_a_reorg_passes_it_by() {
    let net = still().await;
    let frozen = net.node("read-1").unwrap();
    frozen.set(Fault::Freeze);
    let hash = hash_at(frozen, 300).await;
    net.mine(5);
    frozen.set(Fault::Freeze);
    net.reorg(8);
    assert_eq!((frozen.head(), net.head()), (300, 305));
    assert_eq!(hash_at(frozen, 300).await, hash);
    assert_ne!(hash_at(net.node("leader").unwrap(), 300).await, hash);
    frozen.clear();
    assert_eq!(frozen.head(), 305);
}

#[tokio::test]
async fn a_reorg_replaces_the_last_blocks_for_everybody() {
    let net = still().await;
    let read = net.node("read-1").unwrap();
    let before = [hash_at(read, 297).await, hash_at(read, 298).await];
    let sent = ask(
        net.node("miner-1").unwrap(),
        "eth_sendRawTransaction",
        json!(["0x07"]),
    )
    .await;
    net.mine(2);
    net.reorg(5);
    let after = [hash_at(read, 297).await, hash_at(read, 298).await];
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
    assert_eq!(
        after,
        [
            hash_at(net.node("leader").unwrap(), 297).await,
            after[1].clone()
        ]
    );
    let gone = ask(read, "eth_getBlockByHash", json!([before[1], false])).await;
    assert_eq!(gone, Value::Null);
    for number in 297..=302 {
        let block = ask(
            read,
            "eth_getBlockByNumber",
            json!([format!("{number:#x}"), false]),
        )
        .await;
        assert_eq!(block["parentHash"], hash_at(read, number - 1).await);
    }
    assert_eq!(net.head(), 302);
    assert_eq!(
        ask(read, "eth_getTransactionReceipt", json!([sent])).await,
        Value::Null
    );
    net.mine(1);
    let receipt = ask(read, "eth_getTransactionReceipt", json!([sent])).await;
    assert_eq!(receipt["blockNumber"], "0x12f");
}

#[tokio::test]
async fn a_forked_node_is_alone_from_its_fork_on() {
    let net = still().await;
    let odd = net.node("read-1").unwrap();
    odd.set(Fault::Fork(3));
    check_parts_at(&net, odd, 298).await;
    net.mine(4);
    check_parts_at(&net, odd, 298).await;
    assert_eq!(odd.head(), 304);
    odd.clear();
    assert_eq!(
        hash_at(odd, 298).await,
        hash_at(net.node("leader").unwrap(), 298).await
    );
}

#[tokio::test]
async fn a_mad_node_invents_blocks_above_the_head() {
    let net = still().await;
    let mad = net.node("read-1").unwrap();
    let newest = ask(mad, "eth_getBlockByNumber", json!(["latest", false])).await;
    mad.set(Fault::MadHead(1000));
    let block = ask(mad, "eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!((&block["number"], mad.head()), (&json!("0x514"), 1300));
    assert_eq!(
        block["timestamp"], newest["timestamp"],
        "it claims to be made just now"
    );
    assert_eq!(block["parentHash"], hash_at(mad, 1299).await);
    assert_eq!(hash_at(mad, 300).await, newest["hash"]);
    let again = ask(mad, "eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!(again, block);
    let invented = hash_at(mad, 301).await;
    net.mine(1);
    assert_ne!(hash_at(net.node("leader").unwrap(), 301).await, invented);
    assert_eq!(mad.head(), 1301);
}

#[tokio::test]
async fn a_node_on_another_chain_shares_nothing() {
    let net = still().await;
    let odd = net.node("read-1").unwrap();
    let sent = ask(
        net.node("miner-1").unwrap(),
        "eth_sendRawTransaction",
        json!(["0x07"]),
    )
    .await;
    net.mine(1);
    odd.set(Fault::WrongChain(1));
    assert_eq!(ask(odd, "eth_chainId", json!([])).await, "0x1");
    assert_eq!(ask(odd, "net_version", json!([])).await, "1");
    assert_eq!(
        ask(odd, "eth_getTransactionByHash", json!([sent])).await,
        Value::Null
    );
    assert_eq!(odd.head(), net.head());
    assert_ne!(
        hash_at(odd, 0).await,
        hash_at(net.node("leader").unwrap(), 0).await
    );
    let height = ask(odd, "eth_getBlockByNumber", json!(["earliest", false])).await;
    assert_eq!(height["number"], "0x0");
}

#[tokio::test]
async fn the_logs_of_the_head_come_late() {
    let net = still().await;
    let node = net.node("read-1").unwrap();
    ask(
        net.node("miner-1").unwrap(),
        "eth_sendRawTransaction",
        json!(["0x07"]),
    )
    .await;
    net.mine(1);
    let head = json!([{"fromBlock": "0x12d", "toBlock": "0x12d"}]);
    let logs = ask(node, "eth_getLogs", head.clone()).await;
    assert_ne!(logs, json!([]));
    node.set(Fault::EmptyLogs);
    assert_eq!(ask(node, "eth_getLogs", head.clone()).await, json!([]));
    let receipts = ask(node, "eth_getBlockReceipts", json!(["latest"])).await;
    assert_ne!(receipts[0]["logs"], json!([]));
    net.mine(1);
    assert_eq!(ask(node, "eth_getLogs", head).await, logs);
}
