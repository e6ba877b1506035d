//! The control port: what it shows, what it does, and what it says to orders it does not know.

use std::net::SocketAddr;

use devnet::Devnet;
use devnet::Fault;
use devnet::Mining;
use devnet::Plan;
use serde_json::Value;
use serde_json::json;

use crate::client::Line;

async fn network() -> (Devnet, Line) {
    let plan = Plan {
        mining: Mining::Manual,
        control: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        ..Plan::default()
    };
    let net = Devnet::start(plan).await.unwrap();
    let line = Line::open(net.control_addr().unwrap()).await.unwrap();
    (net, line)
}

#[tokio::test]
async fn orders_are_shown_to_work() {
    let (net, mut line) = network().await;
    let told = [
        ("POST /nodes/read-1/faults", "lag 12", vec!["lag 12"]),
        (
            "POST /nodes/read-1/faults",
            "slow 1ms\n\nlag 3\n",
            vec!["slow 1ms", "lag 3"],
        ),
        ("GET /nodes/read-1/faults", "", vec!["slow 1ms", "lag 3"]),
        ("DELETE /nodes/read-1/faults", "", vec![]),
        ("POST /nodes/read-1/faults", r#""html""#, vec!["html"]),
        (
            "POST /nodes/read-1/faults",
            r#"["die", "lag 1"]"#,
            vec!["html", "die", "lag 1"],
        ),
    ];
    for (order, body, faults) in told {
        let heard = line.send(order, body).await.unwrap();
        let shown: Value = serde_json::from_str(&heard.body).unwrap();
        assert_eq!(
            (heard.status, &shown["faults"]),
            (200, &json!(faults)),
            "{order} {body}"
        );
    }
    line.send("POST /mine/2", "").await.unwrap();
    assert_eq!(net.head(), 302);
    assert_eq!(line.send("POST /reorg/3", "").await.unwrap().status, 200);
    let heard = line.send("GET /", "").await.unwrap();
    let shown: Value = serde_json::from_str(&heard.body).unwrap();
    assert_eq!(
        (&shown["head"], &shown["chain_id"]),
        (&json!(302), &json!(15557))
    );
    let first = json!({
        "name": "read-1",
        "kind": "read",
        "url": net.node("read-1").unwrap().url(),
        "head": 301,
        "faults": ["html", "die", "lag 1"],
        "received": 0,
    });
    assert_eq!(shown["nodes"][0], first);
    let kinds: Vec<_> = shown["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["kind"])
        .collect();
    assert_eq!(
        kinds,
        ["read", "read", "read", "miner", "miner", "nodeos", "leader"]
    );
}

#[tokio::test]
async fn what_is_not_understood_changes_nothing_and_is_explained() {
    let (net, mut line) = network().await;
    let told = [
        ("POST /nodes/read-9/faults", "lag 1", 404, "read-1, read-2"),
        ("POST /nodes/read-1/faults", "lag", 400, "reset-before"),
        (
            "POST /nodes/read-1/faults",
            "lag 1\nboo",
            400,
            "`boo` is no fault",
        ),
        ("POST /nodes/read-1/faults", "", 400, "names no fault"),
        ("POST /nodes/read-1/faults", "{}", 400, "a string or a list"),
        ("POST /nodes/read-1/faults", "[1]", 400, "holds strings"),
        ("PUT /nodes/read-1/faults", "lag 1", 405, "DELETE"),
        ("POST /reorg/x", "", 400, "a number of blocks"),
        ("POST /mine/100001", "", 400, "up to 100000"),
        ("GET /mine/1", "", 405, "POST /mine/BLOCKS"),
        ("POST /", "", 405, "GET /"),
        ("GET /nothing", "", 404, "GET /"),
    ];
    for (order, body, status, part) in told {
        let heard = line.send(order, body).await.unwrap();
        assert_eq!(heard.status, status, "{order} {body}");
        assert!(heard.body.contains(part), "{order} {body}: {}", heard.body);
    }
    assert_eq!(net.node("read-1").unwrap().faults(), [] as [Fault; 0]);
    assert_eq!(net.head(), 300);
}
