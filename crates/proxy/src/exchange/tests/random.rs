//! Batches of anything: every call is answered exactly once, in its place.

use std::time::Duration;

use config::checked::Profile;
use proptest::prelude::*;
use rules::ids::Pool;
use serde_json::Value;

use crate::harness::Proxy;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::client::notification;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;

/// An element, and what its answer begins with; nothing when it must not be answered.
type Asked = (String, Option<Value>);

fn element() -> impl Strategy<Value = Asked> {
    let methods = prop_oneof![
        Just("eth_call"),
        Just("eth_getLogs"),
        Just("eth_gasPrice"),
        Just("eth_sendRawTransaction"),
        Just("not_listed"),
    ];
    // Few different ids, so that they meet.
    let ids = prop_oneof![
        Just("1"),
        Just("\"1\""),
        Just("null"),
        Just("2.5"),
        Just("\"b\"")
    ];
    let value = |id: &str| serde_json::from_str::<Value>(id).unwrap();
    prop_oneof![
        6 => (ids.clone(), methods.clone()).prop_map(move |(id, method)| (
            call(id, method),
            Some(value(id)),
        )),
        1 => methods.prop_map(|method| (notification(method), None)),
        1 => ids.prop_map(move |id| (
            format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":[]}}"),
            Some(value(id)),
        )),
        1 => Just(("[]".to_owned(), Some(Value::Null))),
        1 => Just(("{\"id\":3,\"error\":{}}".to_owned(), None)),
    ]
}

/// What a node does; the last act is a good one now and then.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => Just(Act::Echo),
        1 => Just(Act::Reset),
        1 => Just(Act::Slam),
        1 => Just(Act::Hang),
        1 => Just(Act::Say(500, "<html>")),
        1 => Just(Act::Say(429, "")),
        1 => Just(Act::Say(200, "[]")),
        1 => Just(Act::Say(200, r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}}"#)),
        1 => Just(Act::Cut("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n[{")),
        1 => Just(Act::EchoThenClose(Duration::ZERO)),
    ];
    prop::collection::vec(act, 1..6)
}

async fn answered_once(elements: &[Asked], scripts: &[Vec<Act>]) {
    let script = |place: usize| scripts[place].clone();
    let cast = vec![
        node("read-1", Pool::Read, script(0)),
        node("read-2", Pool::Read, script(1)),
        refusing("read-3", Pool::Read),
        node("heavy-1", Pool::Heavy, script(2)),
        node("miner-1", Pool::Write, script(3)),
        node("miner-2", Pool::Write, script(4)),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let bodies: Vec<_> = elements.iter().map(|(body, _)| body).collect();
    let heard = proxy.post(batch(&bodies)).await;
    let wanted: Vec<_> = elements.iter().filter_map(|(_, id)| id.clone()).collect();
    if wanted.is_empty() {
        assert_eq!((heard.status, heard.text()), (204, ""));
    } else {
        let answers = heard.json();
        let answers = answers.as_array().unwrap();
        let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
        assert_eq!((heard.status, &ids), (200, &wanted));
        for answer in answers {
            let said = [answer.get("result"), answer.get("error")];
            assert_eq!(said.iter().flatten().count(), 1, "{answer}");
        }
    }
    let sends = bodies
        .iter()
        .filter(|body| body.contains("eth_sendRaw"))
        .count();
    let reached: usize = ["miner-1", "miner-2"]
        .map(|miner| {
            let got = proxy.got(miner);
            got.iter()
                .filter(|got| got.body.contains("eth_sendRaw"))
                .count()
        })
        .iter()
        .sum();
    assert!(
        reached <= sends,
        "{sends} sends reached miners {reached} times"
    );
    proxy.settle().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_call_of_a_batch_is_answered_exactly_once(
        elements in prop::collection::vec(element(), 1..24),
        scripts in prop::collection::vec(acts(), 5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(answered_once(&elements, &scripts));
    }
}
