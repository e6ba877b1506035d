//! Every method of a node, a miner and a nodeos, called right and wrong.

use serde_json::Value;
use serde_json::json;

use crate::client::Line;
use crate::client::ask;
use crate::client::post;
use crate::client::still;

const ACCOUNT: &str = "0x00000000000000000000000000000000000000aa";

/// Asserts what each call comes to on a node whose head is 300.
async fn check(told: &[(&str, Value, Value)]) {
    let net = still().await;
    let read = net.node("read-1").unwrap();
    for (method, params, result) in told {
        let answer = ask(read, method, params.clone()).await;
        assert_eq!(answer, *result, "{method} {params}");
        assert!(read.calls_of(method) > 0);
    }
}

#[tokio::test]
async fn plain_answers() {
    check(&[
        ("eth_chainId", json!([]), json!("0x3cc5")),
        ("net_version", json!([]), json!("15557")),
        (
            "web3_clientVersion",
            json!([]),
            json!("headway-devnet/v0.1.0"),
        ),
        ("eth_blockNumber", json!([]), json!("0x12c")),
        ("eth_syncing", json!([]), json!(false)),
        ("eth_gasPrice", json!([]), json!("0x22ecb25c00")),
        ("eth_maxPriorityFeePerGas", json!([]), json!("0x22b1179200")),
        (
            "eth_getTransactionCount",
            json!([ACCOUNT, "latest"]),
            json!("0x12c"),
        ),
        (
            "eth_getTransactionCount",
            json!([ACCOUNT, "0x10"]),
            json!("0x10"),
        ),
        ("eth_getCode", json!([ACCOUNT, "latest"]), json!("0x")),
        ("eth_estimateGas", json!([{"to": ACCOUNT}]), json!("0xcb20")),
        (
            "eth_getBlockTransactionCountByNumber",
            json!(["0x0"]),
            json!("0x0"),
        ),
        ("eth_getBlockReceipts", json!(["earliest"]), json!([])),
    ])
    .await;
}

#[tokio::test]
async fn what_a_node_does_not_have_is_null_or_empty() {
    check(&[
        ("eth_getBlockByNumber", json!(["0x12d", false]), json!(null)),
        (
            "eth_getBlockByHash",
            json!([format!("0x{:064}", 1), false]),
            json!(null),
        ),
        (
            "eth_getTransactionByHash",
            json!([format!("0x{:064}", 1)]),
            json!(null),
        ),
        (
            "eth_getTransactionReceipt",
            json!([format!("0x{:064}", 1)]),
            json!(null),
        ),
        ("eth_getBlockReceipts", json!(["0x12d"]), json!(null)),
        (
            "eth_getBlockTransactionCountByNumber",
            json!(["0x12d"]),
            json!(null),
        ),
        (
            "eth_getLogs",
            json!([{"fromBlock": "0x12d", "toBlock": "0xfff"}]),
            json!([]),
        ),
    ])
    .await;
}

#[tokio::test]
async fn refusals() {
    let net = still().await;
    let above = json!([ACCOUNT, "0x12d"]);
    let told = [
        ("read-1", "eth_sendRawTransaction", json!(["0x01"]), -32601),
        ("read-1", "eth_foo", json!([]), -32601),
        ("leader", "debug_traceBlock", json!([]), -32601),
        ("miner-1", "eth_chainId", json!([]), -32601),
        ("miner-1", "eth_blockNumber", json!([]), -32601),
        ("miner-1", "eth_sendRawTransaction", json!([]), -32602),
        ("miner-1", "eth_sendRawTransaction", json!(["0x1"]), -32602),
        ("miner-1", "eth_sendRawTransaction", json!(["0x"]), -32602),
        ("read-1", "eth_getBalance", json!([]), -32602),
        ("read-1", "eth_getBalance", json!(["0x1"]), -32602),
        ("read-1", "eth_getBlockByHash", json!(["0x1"]), -32602),
        ("read-1", "eth_getBlockByNumber", json!(["newest"]), -32602),
        ("read-1", "eth_getLogs", json!([{"topics": 1}]), -32602),
        ("read-1", "eth_blockNumber", json!({"a": 1}), -32602),
        ("read-1", "eth_getBalance", above.clone(), -32000),
        ("read-1", "eth_getCode", above.clone(), -32000),
        ("read-1", "eth_getTransactionCount", above, -32000),
        ("read-1", "eth_call", json!([{}, "0x12d"]), -32000),
        (
            "read-1",
            "eth_getLogs",
            json!([{"blockHash": format!("0x{:064}", 1)}]),
            -32000,
        ),
        (
            "read-1",
            "eth_getLogs",
            json!([{"fromBlock": "0x9", "toBlock": "0x8"}]),
            -32000,
        ),
        (
            "read-1",
            "eth_call",
            json!([{"data": "0xdeadbeef"}, "latest"]),
            3,
        ),
    ];
    for (name, method, params, code) in told {
        let answer = ask(net.node(name).unwrap(), method, params.clone()).await;
        assert_eq!(answer["error"]["code"], code, "{method} {params}: {answer}");
    }
}

#[tokio::test]
async fn batches_notifications_and_other_http() {
    let net = still().await;
    let read = net.node("read-1").unwrap();
    let batch = r#"[{"id":"a","method":"eth_chainId"},{"method":"eth_chainId"}]"#;
    let heard = post(read, batch).await.unwrap();
    assert_eq!(
        heard.body,
        r#"[{"jsonrpc":"2.0","id":"a","result":"0x3cc5"}]"#
    );
    assert!(heard.head.contains("content-type: application/json"));
    assert_eq!(read.calls_of("eth_chainId"), 2);
    let mut line = Line::open(read.addr()).await.unwrap();
    let told = [
        ("POST /", r#"{"method":"eth_chainId"}"#, 204, ""),
        ("GET /", "", 200, ""),
        ("POST /any/path?x", "{", 200, "-32700"),
    ];
    for (what, body, status, part) in told {
        let heard = line.send(what, body).await.unwrap();
        assert_eq!(heard.status, status, "{what}");
        assert!(heard.body.contains(part));
    }
    assert_eq!((read.received(), read.connections()), (4, 2));
}

#[tokio::test]
async fn a_nodeos_knows_get_info() {
    let net = still().await;
    let nodeos = net.node("nodeos-1").unwrap();
    let mut line = Line::open(nodeos.addr()).await.unwrap();
    for what in ["GET /v1/chain/get_info", "POST /v1/chain/get_info"] {
        let heard = line.send(what, "").await.unwrap();
        let info: Value = serde_json::from_str(&heard.body).unwrap();
        assert_eq!((heard.status, &info["head_block_num"]), (200, &json!(300)));
        assert_eq!(info["chain_id"].as_str().unwrap().len(), 64);
        assert_eq!(info["head_block_time"].as_str().unwrap().len(), 23);
        assert_eq!(info["last_irreversible_block_num"], 298);
    }
    let heard = line.send("GET /v1/chain/get_foo", "").await.unwrap();
    assert_eq!(heard.status, 404);
    assert!(heard.body.contains("Unknown Endpoint"));
}
