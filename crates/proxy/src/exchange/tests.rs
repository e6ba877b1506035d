//! Stories about what clients hear: refusals, ids, notifications and batches.

use std::time::Duration;

use config::checked::HttpStatus;
use config::checked::Profile;
use rules::ids::Pool;
use serde_json::json;

use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::client::notification;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

mod random;
mod refusals;

const READ: &str = r#"{"jsonrpc":"2.0","id":7,"method":"eth_call"}"#;

fn good() -> Vec<Cast> {
    vec![
        node("read-1", Pool::Read, [Act::Echo]),
        node("heavy-1", Pool::Heavy, [Act::Echo]),
        node("miner-1", Pool::Write, [Act::Echo]),
    ]
}

/// Every id a client may write.
const IDS: [&str; 17] = [
    "0",
    "7",
    "-1",
    "-0",
    "1.0",
    "1e2",
    "0.5000",
    "9007199254740993",
    "18446744073709551616",
    "1E400",
    "null",
    r#""""#,
    r#""7""#,
    r#""a\u0062\/""#,
    r#""\ud800""#,
    r#""é 𝄞""#,
    r#""\"},{\"id\":1""#,
];

fn said(id: &str, by: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":\"{by}/eth_call\"}}")
}

#[tokio::test(start_paused = true)]
async fn ids_come_back_byte_for_byte() {
    let proxy = Proxy::start(config(Profile::TxProxy), good());
    for id in IDS {
        let heard = proxy.post(call(id, "eth_call")).await;
        assert_eq!(heard.text(), said(id, "read-1"));
        let heard = proxy.post(call(id, "not_listed")).await;
        let begin = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":");
        assert!(heard.text().starts_with(&begin), "{heard:?}");
    }
    // Twice each: ids of our own keep equal ids of the client's apart.
    let ids = || IDS.iter().chain(&IDS);
    let calls: Vec<_> = ids().map(|id| call(id, "eth_call")).collect();
    let answers: Vec<_> = ids().map(|id| said(id, "read-1")).collect();
    assert_eq!(proxy.post(batch(&calls)).await.text(), batch(&answers));
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn the_id_of_an_answer_is_the_clients_whatever_the_node_wrote() {
    for (act, heard) in [
        (
            Act::Say(200, r#"{"jsonrpc":"2.0","id":"7","result":1.0}"#),
            r#"{"jsonrpc":"2.0","id":7,"result":1.0}"#,
        ),
        (
            Act::Say(200, r#"{"jsonrpc":"2.0","result":{"b":1e21,"a":"\u0041"}}"#),
            r#"{"jsonrpc":"2.0","id":7,"result":{"b":1e21,"a":"\u0041"}}"#,
        ),
        (
            Act::Say(
                200,
                r#"{"id":null,"error":{"code":3,"message":"x","data":"0x08"}}"#,
            ),
            r#"{"jsonrpc":"2.0","id":7,"error":{"code":3,"message":"x","data":"0x08"}}"#,
        ),
        (
            // The id is right: not a byte is changed, whatever else stands there.
            Act::Say(200, r#" {"result" : null, "id":7, "extra":[1.00] } "#),
            r#" {"result" : null, "id":7, "extra":[1.00] } "#,
        ),
    ] {
        let proxy = Proxy::start(
            config(Profile::Evm),
            vec![node("read-1", Pool::Read, [act.clone()])],
        );
        assert_eq!(proxy.post(READ).await.text(), heard, "{act:?}");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_null_id_is_no_notification_to_the_node() {
    let proxy = Proxy::start(config(Profile::TxProxy), good());
    let heard = proxy.post(call("null", "eth_call")).await;
    assert_eq!(heard.text(), said("null", "read-1"));
    let sent: serde_json::Value = serde_json::from_str(&proxy.got("read-1")[0].body).unwrap();
    assert_eq!(sent["id"], 1);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_single_call_goes_on_as_the_client_wrote_it() {
    let proxy = Proxy::start(config(Profile::Evm), good());
    for body in [
        " {\"params\" : {\"a\":1.50},\"method\":\"eth\\u005fcall\",\"id\":7 }\r\n",
        r#"{"id":7,"method":"eth_call","params":null,"jsonrpc":"1.0","extra":1}"#,
    ] {
        assert_eq!(proxy.post(body).await.status, 200);
        assert_eq!(proxy.got("read-1").last().unwrap().body, body);
    }
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn lists_hold_however_a_method_is_written() {
    let (refused, read) = ("method_not_allowed", "read-1");
    for (profile, method, wanted) in [
        (Profile::TxProxy, "eth_call", read),
        (Profile::TxProxy, "eth\\u005fcall", read),
        (Profile::TxProxy, "Eth_call", refused),
        (Profile::TxProxy, "eth_call ", refused),
        (Profile::TxProxy, "eth_unknown", refused),
        (Profile::Evm, "eth_unknown", read),
        (Profile::Evm, "admin_peers", refused),
        (Profile::Evm, "ADMIN_peers", refused),
        (Profile::Evm, "admin\\u005fpeers", refused),
        (Profile::Evm, "\\u0061dmin_peers", refused),
    ] {
        let proxy = Proxy::start(config(profile), good());
        let heard = proxy.post(call("7", method)).await;
        let by = heard.json()["result"]
            .as_str()
            .map(|text| text[..6].to_owned());
        assert_eq!(
            by.unwrap_or_else(|| heard.reason()),
            wanted,
            "{profile:?} {method}"
        );
        // A batch is no way around the list.
        let heard = proxy.post(batch(&[call("7", method)])).await;
        assert_eq!(
            heard.json()[0].get("result").is_some(),
            wanted == read,
            "{method}"
        );
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn errors_of_nodes_pass_with_their_status_only_in_the_drop_in() {
    const TEXT: &str =
        r#"{"jsonrpc":"2.0","id":7,"error":{"code":3,"message":"execution reverted"}}"#;
    for status in [200, 400, 401, 403, 404, 500] {
        for (profile, heard_status) in [(Profile::TxProxy, status), (Profile::Evm, 200)] {
            let cast = vec![node("read-1", Pool::Read, [Act::Say(status, TEXT)])];
            let proxy = Proxy::start(config(profile), cast);
            let heard = proxy.post(READ).await;
            assert_eq!((heard.status, heard.text()), (heard_status, TEXT));
            assert_eq!(proxy.count("read-1"), 1);
            proxy.settle().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn notifications_are_done_once_and_nothing_is_said() {
    let note = notification("eth_call");
    let refused = notification("not_listed");
    let broken = || vec![Act::Say(500, "broken")];
    let echo = || vec![Act::Echo];
    for (body, acts, drop_in, json_rpc, reached) in [
        (note.clone(), echo(), 204, 204, 1),
        (batch(&[&note]), echo(), 204, 204, 1),
        (batch(&[&note, &note]), echo(), 204, 204, 1),
        (batch(&[&note, &refused]), echo(), 204, 204, 1),
        (refused, echo(), 403, 204, 0),
        (note.clone(), broken(), 502, 204, 1),
        (note.clone(), vec![Act::Reset], 502, 204, 1),
        (note, vec![Act::Say(200, "whatever")], 204, 204, 1),
    ] {
        for (style, status) in [
            (HttpStatus::TxProxy, drop_in),
            (HttpStatus::JsonRpc, json_rpc),
        ] {
            let mut config = config(Profile::TxProxy);
            config.errors.http_status = style;
            let cast = vec![
                node("read-1", Pool::Read, acts.clone()),
                node("read-2", Pool::Read, acts.clone()),
            ];
            let proxy = Proxy::start(config, cast);
            let heard = proxy.post(body.clone()).await;
            assert_eq!(heard.status, status, "{style:?} {body} {acts:?}");
            assert_eq!(heard.text().is_empty(), status == 204, "{body}");
            let reached_nodes = proxy.count("read-1") + proxy.count("read-2");
            assert_eq!(reached_nodes, reached, "{body} {acts:?}");
            proxy.settle().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_is_counted_once_by_what_became_of_it() {
    let proxy = Proxy::start(config(Profile::TxProxy), good());
    let note = notification("eth_call");
    let one = call("7", "eth_call");
    for body in [
        note.clone(),
        one.clone(),
        batch(&[&note]),
        batch(&[&note, &note]),
        batch(&[&one, &note, &one]),
    ] {
        proxy.post(body).await;
    }
    let count = |outcome| {
        let labels = format!("{{method=\"eth_call\",outcome=\"{outcome}\"}}");
        proxy.metric(&format!("headway_rpc_requests_total{labels}"))
    };
    let counts = ["result", "error", "refusal"].map(count);
    assert_eq!(
        counts.map(|count| count.round().to_string()),
        ["8", "0", "0"]
    );
    proxy.kill("read-1");
    proxy.settle().await;
    proxy.post(one).await;
    assert!((count("refusal") - 1.0).abs() < 0.1);
    // There was nobody to try again.
    assert!(proxy.metric("headway_retries_total{reason=\"not_sent\"}") < 0.1);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_answered_in_its_own_order_element_by_element() {
    let proxy = Proxy::start(config(Profile::TxProxy), good());
    let heard = proxy
        .post(batch(&[
            call("1", "eth_getLogs"),
            "1".to_owned(),
            call("2", "eth_gasPrice"),
            notification("eth_call"),
            call("3", "eth_call"),
            call("4", "not_listed"),
            r#"{"jsonrpc":"2.0","id":5,"method":9}"#.to_owned(),
            r#"{"jsonrpc":"2.0","id":true,"method":"eth_call"}"#.to_owned(),
            call("6", "eth_sendRawTransaction"),
            r#"{"id":8,"jsonrpc":"2.0","result":1}"#.to_owned(),
        ]))
        .await;
    assert_eq!(heard.status, 200);
    let told: Vec<_> = heard
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| {
            let result = answer["result"].as_str().map(str::to_owned);
            let reason = || {
                answer["error"]["data"]["reason"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            format!("{} {}", answer["id"], result.unwrap_or_else(reason))
        })
        .collect();
    let wanted = [
        "1 heavy-1/eth_getLogs",
        "null invalid_request",
        "2 miner-1/eth_gasPrice",
        "3 read-1/eth_call",
        "4 method_not_allowed",
        "5 invalid_request",
        "null invalid_request",
        "6 miner-1/eth_sendRawTransaction",
    ];
    assert_eq!(told, wanted);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_one_is_answered_with_an_array() {
    let proxy = Proxy::start(config(Profile::TxProxy), good());
    let one = |element: &str| batch(&[element]);
    let heard = proxy.post(one(&call("1", "eth_call"))).await;
    assert_eq!(heard.text(), one(&said("1", "read-1")));
    let heard = proxy.post("[1]").await;
    assert_eq!(heard.json()[0]["error"]["code"], -32600);
    let heard = proxy
        .post(one(r#"{"jsonrpc":"2.0","id":7,"result":1}"#))
        .await;
    assert_eq!(
        (heard.status, heard.text()),
        (204, ""),
        "an answer is not answered"
    );
}

#[tokio::test(start_paused = true)]
async fn legs_run_side_by_side() {
    let slow = || [Act::After(Duration::from_secs(5), Box::new(Act::Echo))];
    let cast = vec![
        node("read-1", Pool::Read, slow()),
        node("heavy-1", Pool::Heavy, slow()),
        node("miner-1", Pool::Write, slow()),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let methods = [
        "eth_call",
        "eth_getLogs",
        "eth_gasPrice",
        "eth_sendRawTransaction",
    ];
    let calls: Vec<_> = methods.iter().map(|method| call("1", method)).collect();
    let heard = proxy.post(batch(&calls)).await;
    assert_eq!(heard.took, Duration::from_secs(5));
    let answers = heard.json();
    assert!(
        answers
            .as_array()
            .unwrap()
            .iter()
            .all(|a| a["result"].is_string())
    );
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn an_overfull_batch_hears_so_for_every_id() {
    let mut config = config(Profile::Evm);
    config.batch.calls = 2;
    let proxy = Proxy::start(config, good());
    let element = call("\"x\"", "eth_call");
    let heard = proxy
        .post(batch(&[&element, &notification("eth_call"), "1", &element]))
        .await;
    let answers = heard.json();
    let ids: Vec<_> = answers
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["id"].clone())
        .collect();
    assert_eq!(
        (heard.status, ids),
        (200, vec![json!("x"), json!(null), json!("x")])
    );
    assert!(answers.as_array().unwrap().iter().all(|answer| {
        answer["error"]["code"] == -32600 && answer["error"]["data"]["reason"] == "too_large"
    }));
    let heard = proxy.post(batch(&vec![element; 21])).await;
    assert_eq!((heard.status, heard.reason().as_str()), (200, "too_large"));
    assert_eq!(proxy.count("read-1"), 0);
    proxy.settle().await;
}
