//! Stories about looking for a transaction: what it finds, where, and what clients that send again hear.

use std::time::Duration;

use config::checked::HttpStatus;
use config::checked::Profile;
use rules::ids::Pool;
use serde_json::Value;

use super::NOW;
use super::gist;
use super::miners::HASH;
use super::miners::IN_CHAIN;
use super::miners::NULL;
use super::miners::SEND;
use super::miners::error;
use super::miners::home;
use super::miners::reached;
use super::miners::sending;
use super::miners::start;
use super::seconds;
use crate::harness::Proxy;
use crate::harness::client::batch;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

const SYNC: &str = "eth_sendRawTransactionSync";

const RECEIPT: Act = Act::Say(
    200,
    r#"{"jsonrpc":"2.0","id":$ID,"result":{"status":"0x1","transactionHash":"0x33469B22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788"}}"#,
);

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_again_after_an_unclear_try_hears_of_success() {
    let known = error!(200, "-32000", "already known");
    let used = error!(200, "-32010", "OldNonce, Current nonce: 5");
    let story = [
        (known.clone(), vec![NULL], HASH, NOW),
        (used.clone(), vec![IN_CHAIN], HASH, NOW),
        (used, vec![NULL], "OldNonce, Current nonce: 5", seconds(5)),
        (
            error!(200, "-32000", "insufficient funds"),
            vec![NULL],
            "insufficient funds",
            NOW,
        ),
    ];
    for (then, reader, hears, wait) in story {
        let proxy = start(Some(&Act::Reset), Some(&Act::Echo), &[NULL]);
        assert_eq!(
            gist(&proxy.post(sending("7", SEND)).await),
            "outcome_unknown"
        );
        proxy.script(home()[0], [then]);
        proxy.script("reader", reader);
        let heard = proxy.post(sending("8", SEND)).await;
        assert_eq!((gist(&heard).as_str(), heard.took), (hears, wait));
        assert_eq!(heard.json()["id"], 8);
        proxy.settle().await;
    }
    // Who never met an unclear try hears what the miner says, and so does everybody ten minutes later.
    let proxy = start(Some(&Act::Reset), Some(&Act::Echo), &[NULL]);
    proxy.post(sending("7", SEND)).await;
    proxy.script(home()[0], [known]);
    let other = sending("7", SEND).replace("6d83\"", "6d84\"");
    assert_eq!(gist(&proxy.post(other).await), "already known");
    proxy.pass(seconds(600)).await;
    assert_eq!(gist(&proxy.post(sending("7", SEND)).await), "already known");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_send_that_waits_for_its_receipt_gets_the_receipt() {
    let proxy = start(Some(&Act::Reset), Some(&Act::Echo), &[NULL, NULL, RECEIPT]);
    let heard = proxy.post(sending("7", SYNC)).await;
    assert_eq!(heard.json()["result"]["status"], "0x1");
    assert_eq!(heard.took, Duration::from_millis(500));
    proxy.settle().await;

    // Known all the time, but never in a block.
    let asked = vec![[NULL, IN_CHAIN]; 10].concat();
    let proxy = start(Some(&Act::Reset), Some(&Act::Echo), &asked);
    let heard = proxy.post(sending("7", SYNC)).await;
    let data = &heard.json()["error"]["data"];
    assert_eq!(data["reason"], "outcome_unknown");
    assert_eq!(
        (data["known"].as_str(), data["txHash"].as_str()),
        (Some("true"), Some(HASH))
    );
    assert_eq!(heard.took, seconds(5));
    proxy.settle().await;

    // Already known after an unclear try: not the hash, which this client did not ask for.
    proxy.script(home()[0], [error!(200, "-32000", "already known")]);
    proxy.script("reader", [RECEIPT]);
    let heard = proxy.post(sending("7", SYNC)).await;
    assert_eq!(heard.json()["result"]["status"], "0x1");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn the_freshest_nodes_are_asked_two_at_a_time() {
    let [first, _] = home();
    let reader = |id, acts: Vec<Act>| node(id, Pool::Read, acts);
    let cast = vec![
        node(first, Pool::Write, [Act::Reset]),
        reader("behind", vec![IN_CHAIN]).far(),
        reader("hangs", vec![Act::Hang]),
        reader("knows", vec![NULL, IN_CHAIN]),
        node("leader", Pool::Read, [IN_CHAIN]).leader(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let heard = proxy.post(sending("7", SEND)).await;
    assert_eq!(
        (gist(&heard).as_str(), heard.took),
        (HASH, Duration::from_millis(500))
    );
    let asked = ["behind", "hangs", "knows", "leader"].map(|id| proxy.count(id));
    assert_eq!(asked, [0, 1, 2, 0], "each row has its own nodes");
    let body = &proxy.got("knows")[0].body;
    assert_eq!(
        *body,
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getTransactionByHash\",\"params\":[\"{HASH}\"]}}"
        )
    );
    let found = proxy.metric("headway_send_lookups_total{result=\"found\"}");
    assert!((found - 1.0).abs() < 0.1, "{found}");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn without_readers_the_leader_is_asked_and_without_him_nobody() {
    let [first, _] = home();
    for (leader, hears, wait) in [(true, HASH, NOW), (false, "outcome_unknown", NOW)] {
        let mut cast = vec![node(first, Pool::Write, [Act::Reset])];
        if leader {
            cast.push(node("leader", Pool::Read, [IN_CHAIN]).leader());
        }
        let proxy = Proxy::start(config(Profile::TxProxy), cast);
        let heard = proxy.post(sending("7", SEND)).await;
        assert_eq!((gist(&heard).as_str(), heard.took), (hears, wait));
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_no_hash_is_not_looked_up() {
    let odd = sending("7", SEND).replace("0xf86c", "0xf86");
    let by_name = sending("7", SEND)
        .replace('[', "{\"data\":")
        .replace(']', "}");
    for body in [odd, by_name, sending("7", "eth_sendTransaction")] {
        let mut config = config(Profile::Evm);
        config.errors.http_status = HttpStatus::TxProxy;
        let [first, _] = home();
        let cast = vec![
            node(first, Pool::Write, [Act::Reset]),
            node("reader", Pool::Read, [Act::Reset]),
        ];
        let proxy = Proxy::start(config, cast);
        let heard = proxy.post(body).await;
        let data = &heard.json()["error"]["data"];
        assert_eq!(
            (gist(&heard).as_str(), heard.took),
            ("outcome_unknown", NOW)
        );
        assert_eq!(data["txHash"], Value::Null);
        assert!(data["submittedTo"].is_string());
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn looking_goes_on_without_the_client() {
    let proxy = start(Some(&Act::Reset), Some(&Act::Echo), &[NULL]);
    proxy.post_and_leave(sending("7", SEND), seconds(1)).await;
    proxy.pass(seconds(5)).await;
    assert_eq!(proxy.count("reader"), 10);
    proxy.settle().await;
    // The client comes back: the miner had taken it.
    proxy.script(home()[0], [error!(200, "-32000", "already known")]);
    assert_eq!(gist(&proxy.post(sending("7", SEND)).await), HASH);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn in_a_batch_each_send_is_looked_up_once_the_row_is_through() {
    let [first, second] = home();
    let ok = Act::Say(200, r#"{"jsonrpc":"2.0","id":$ID,"result":"0xok"}"#);
    let cast = vec![
        node(first, Pool::Write, [Act::Reset, ok, Act::Reset]),
        node(second, Pool::Write, [Act::Echo]),
        node("reader", Pool::Read, [NULL, NULL, IN_CHAIN]),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let lost = sending("8", SEND).replace("6d83\"", "6d84\"");
    let body = batch(&[sending("5", SEND), sending("6", SEND), lost]);
    let heard = proxy.post(body).await;
    let json = heard.json();
    assert_eq!(json[0]["result"], HASH);
    assert_eq!(json[1]["result"], "0xok");
    let data = &json[2]["error"]["data"];
    assert_eq!(
        (data["reason"].as_str(), data["submittedTo"].as_str()),
        (Some("outcome_unknown"), Some(first))
    );
    assert!(data["txHash"].as_str().unwrap() != HASH);
    assert_eq!(
        (heard.status, heard.took),
        (200, seconds(5)),
        "side by side"
    );
    assert_eq!(reached(&proxy), [3, 0]);
    proxy.settle().await;
}
