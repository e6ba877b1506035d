//! What blocks hold: transactions, receipts, logs and state that agree with each other.

use devnet::Bloom;
use devnet::Devnet;
use devnet::Mining;
use devnet::Node;
use devnet::Plan;
use serde_json::Value;
use serde_json::json;

use crate::client::ask;
use crate::client::still;

const ACCOUNT: &str = "0x00000000000000000000000000000000000000aa";
const BLOCK: [&str; 20] = [
    "number",
    "hash",
    "parentHash",
    "timestamp",
    "logsBloom",
    "transactionsRoot",
    "receiptsRoot",
    "stateRoot",
    "sha3Uncles",
    "uncles",
    "miner",
    "mixHash",
    "nonce",
    "difficulty",
    "extraData",
    "size",
    "gasLimit",
    "gasUsed",
    "baseFeePerGas",
    "transactions",
];
const TRANSACTION: [&str; 17] = [
    "blockHash",
    "blockNumber",
    "transactionIndex",
    "hash",
    "from",
    "to",
    "nonce",
    "value",
    "input",
    "type",
    "chainId",
    "gas",
    "gasPrice",
    "v",
    "r",
    "s",
    "gas",
];
const RECEIPT: [&str; 14] = [
    "blockHash",
    "blockNumber",
    "transactionIndex",
    "transactionHash",
    "from",
    "to",
    "contractAddress",
    "status",
    "type",
    "gasUsed",
    "cumulativeGasUsed",
    "effectiveGasPrice",
    "logsBloom",
    "logs",
];
const LOG: [&str; 9] = [
    "address",
    "topics",
    "data",
    "blockNumber",
    "blockHash",
    "transactionHash",
    "transactionIndex",
    "logIndex",
    "removed",
];

/// A block with transactions of which the first has a log.
async fn busy_block(node: &Node) -> Value {
    for number in 200..300 {
        let params = json!([format!("{number:#x}"), true]);
        let block = ask(node, "eth_getBlockByNumber", params).await;
        if block["transactions"].as_array().unwrap().len() > 1 {
            return block;
        }
    }
    unreachable!("one block in a hundred is busy");
}

fn check_keys(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some(), "no {key} in {value}");
    }
}

#[tokio::test]
async fn a_block_and_all_that_is_in_it_agree() {
    let net = still().await;
    let read = net.node("read-1").unwrap();
    let whole = busy_block(read).await;
    let (number, hash) = (&whole["number"], &whole["hash"]);
    check_keys(&whole, &BLOCK);
    let parent = u64::from_str_radix(&number.as_str().unwrap()[2..], 16).unwrap() - 1;
    let parent = ask(
        read,
        "eth_getBlockByNumber",
        json!([format!("{parent:#x}"), false]),
    )
    .await;
    assert_eq!(parent["hash"], whole["parentHash"]);
    assert_eq!(
        ask(read, "eth_getBlockByHash", json!([hash, true])).await,
        whole
    );
    let short = ask(read, "eth_getBlockByHash", json!([hash, false])).await;
    let receipts = ask(read, "eth_getBlockReceipts", json!([hash])).await;
    assert_eq!(
        ask(read, "eth_getBlockReceipts", json!([number])).await,
        receipts
    );
    let logs = ask(read, "eth_getLogs", json!([{"blockHash": hash}])).await;
    let range = json!([{"fromBlock": number, "toBlock": number}]);
    assert_eq!(ask(read, "eth_getLogs", range).await, logs);
    let transactions = whole["transactions"].as_array().unwrap();
    let count = format!("{:#x}", transactions.len());
    for (method, at) in [("Number", number), ("Hash", hash)] {
        let method = format!("eth_getBlockTransactionCountBy{method}");
        assert_eq!(ask(read, &method, json!([at])).await, count);
    }
    for (index, one) in transactions.iter().enumerate() {
        check_keys(one, &TRANSACTION);
        assert_eq!(short["transactions"][index], one["hash"]);
        assert_eq!(
            ask(read, "eth_getTransactionByHash", json!([one["hash"]])).await,
            *one
        );
        let receipt = ask(read, "eth_getTransactionReceipt", json!([one["hash"]])).await;
        check_keys(&receipt, &RECEIPT);
        assert_eq!(receipts[index], receipt);
        assert_eq!(
            (&receipt["blockHash"], &receipt["blockNumber"]),
            (hash, number)
        );
    }
    let in_receipts = receipts.as_array().unwrap().iter();
    let in_receipts = in_receipts.flat_map(|receipt| receipt["logs"].as_array().unwrap().clone());
    assert_eq!(Value::Array(in_receipts.collect()), logs);
    for (index, log) in logs.as_array().unwrap().iter().enumerate() {
        check_keys(log, &LOG);
        assert_eq!(log["logIndex"], format!("{index:#x}"));
    }
}

#[tokio::test]
async fn logs_are_found_by_emitter_and_topic() {
    let net = still().await;
    let read = net.node("read-1").unwrap();
    let all = ask(read, "eth_getLogs", json!([{"fromBlock": "0x0"}])).await;
    let all = all.as_array().unwrap();
    let (one, other) = (
        &all[0],
        all.iter().find(|log| log["address"] != all[0]["address"]),
    );
    let filters = [
        json!({"address": one["address"]}),
        json!({"address": [one["address"], other.unwrap()["address"]]}),
        json!({"topics": [one["topics"][0]]}),
        json!({"topics": [null, [one["topics"][1]]]}),
    ];
    for mut filter in filters {
        let wanted = |log: &&Value| {
            let any = |wanted: &Value, is: &Value| {
                let list = wanted.as_array();
                wanted.is_null() || wanted == is || list.is_some_and(|list| list.contains(is))
            };
            any(&filter["address"], &log["address"])
                && any(&filter["topics"][0], &log["topics"][0])
                && any(&filter["topics"][1], &log["topics"][1])
        };
        let expected: Vec<Value> = all.iter().filter(wanted).cloned().collect();
        assert!(
            !expected.is_empty() && expected.len() < all.len(),
            "{filter}"
        );
        filter["fromBlock"] = json!("0x0");
        assert_eq!(
            ask(read, "eth_getLogs", json!([filter])).await,
            json!(expected)
        );
    }
}

#[tokio::test]
async fn state_is_the_same_on_all_nodes_and_changes_with_the_block() {
    let net = still().await;
    let nodes = [net.node("read-1").unwrap(), net.node("leader").unwrap()];
    let latest = ask(nodes[0], "eth_getBlockByNumber", json!(["latest", false])).await;
    let asked = [
        ("eth_getBalance", vec![json!(ACCOUNT)]),
        ("eth_getStorageAt", vec![json!(ACCOUNT), json!("0x0")]),
        ("eth_call", vec![json!({"to": ACCOUNT, "data": "0x01"})]),
    ];
    for (method, params) in asked {
        let at = |block: Value| {
            let mut params = params.clone();
            params.push(block);
            Value::Array(params)
        };
        let now = ask(nodes[0], method, at(json!("latest"))).await;
        assert_eq!(ask(nodes[1], method, at(json!("0x12c"))).await, now);
        let by_hash = at(json!({"blockHash": latest["hash"]}));
        assert_eq!(ask(nodes[1], method, by_hash).await, now);
        assert_eq!(
            ask(nodes[1], method, json!(params)).await,
            now,
            "latest is meant"
        );
        assert_ne!(ask(nodes[1], method, at(json!("0x12b"))).await, now);
    }
    let logs = ask(nodes[0], "eth_getLogs", json!([{"fromBlock": "0x100"}])).await;
    let code = ask(
        nodes[0],
        "eth_getCode",
        json!([logs[0]["address"], "latest"]),
    )
    .await;
    assert_ne!(code, "0x", "a contract emitted this");
    let fees = ask(nodes[0], "eth_feeHistory", json!(["0x3", "latest", [50]])).await;
    assert_eq!(fees["oldestBlock"], "0x12a");
    let lengths = ["baseFeePerGas", "gasUsedRatio", "reward"];
    assert_eq!(
        lengths.map(|key| fees[key].as_array().unwrap().len()),
        [4, 3, 3]
    );
}

#[tokio::test]
async fn blooms_are_full_or_all_zero() {
    for bloom in [Bloom::Full, Bloom::Zero] {
        let plan = Plan {
            bloom,
            mining: Mining::Manual,
            ..Plan::default()
        };
        let net = Devnet::start(plan).await.unwrap();
        let read = net.node("read-1").unwrap();
        let block = busy_block(read).await;
        let zero = format!("0x{}", "0".repeat(512));
        assert_eq!(block["logsBloom"] == zero, bloom == Bloom::Zero);
        let hash = &block["transactions"][0]["hash"];
        let receipt = ask(read, "eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(receipt["logsBloom"] == zero, bloom == Bloom::Zero);
        assert_ne!(receipt["logs"], json!([]));
    }
}

#[tokio::test]
async fn what_a_miner_takes_is_in_the_next_block_everywhere() {
    let net = still().await;
    let [first, second] = ["miner-1", "miner-2"].map(|name| net.node(name).unwrap());
    let hash = ask(first, "eth_sendRawTransaction", json!(["0xc0ffee"])).await;
    assert_eq!(hash.as_str().unwrap().len(), 66);
    let again = ask(second, "eth_sendRawTransaction", json!(["0xc0ffee"])).await;
    assert_eq!(again["error"]["message"], "already known");
    assert_eq!(
        [first.delivered(), second.delivered()],
        [["0xc0ffee"], ["0xc0ffee"]]
    );
    let read = net.node("read-1").unwrap();
    let receipt = || ask(read, "eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt().await, Value::Null);
    net.mine(1);
    assert_eq!(receipt().await["blockNumber"], "0x12d");
    assert_eq!(receipt().await["logs"].as_array().unwrap().len(), 1);
    let transaction = ask(read, "eth_getTransactionByHash", json!([hash])).await;
    let block = ask(read, "eth_getBlockByNumber", json!(["0x12d", true])).await;
    assert!(
        block["transactions"]
            .as_array()
            .unwrap()
            .contains(&transaction)
    );
}
