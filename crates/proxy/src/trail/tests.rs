//! Stories about ids and traces: what is taken from a request, and what is not.

use config::checked::Profile;

use super::*;
use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::node::Got;
use crate::harness::settings::config;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn written(trail: &Trail) -> String {
    let mut head = Vec::new();
    trail.write(&mut head);
    assert_eq!(head.len(), trail.bytes());
    String::from_utf8(head).unwrap()
}

#[test]
fn what_names_no_trace_leaves_none() {
    let usual = headers(&[
        ("host", "proxy"),
        ("user-agent", "curl/8"),
        ("cookie", "a=b"),
    ]);
    assert!(Trail::of(&usual, false).is_none());
    assert!(Trail::of(&HeaderMap::new(), false).is_none());
}

#[test]
fn what_came_is_kept_as_it_came() {
    let mut came = vec![("host", "proxy"), ("tracestate", "two=2")];
    came.extend(PAIRS);
    let trail = Trail::of(&headers(&came), false).unwrap();
    let lines = written(&trail);
    for (name, value) in came.iter().filter(|(name, _)| *name != "host") {
        assert!(lines.contains(&format!("{name}: {value}\r\n")), "{lines}");
    }
    assert!(!lines.contains("host"));
    assert_eq!(trail.given_id().unwrap(), "a1");
}

#[test]
fn an_id_that_is_not_sane_is_as_good_as_none() {
    let long = "a".repeat(ID_BYTES_MAX + 1);
    for id in ["", &long, "a\tb", "a b"] {
        assert!(
            Trail::of(&headers(&[("x-request-id", id)]), false).is_none(),
            "{id}"
        );
    }
    let raw = HeaderValue::from_bytes(b"caf\xe9").unwrap();
    assert!(Trail::of(&HeaderMap::from_iter([(X_REQUEST_ID, raw)]), false).is_none());
    let fits = "a".repeat(ID_BYTES_MAX);
    let twice = headers(&[("x-request-id", &fits), ("x-request-id", "second")]);
    let trail = Trail::of(&twice, false).unwrap();
    assert_eq!(written(&trail), format!("x-request-id: {fits}\r\n"));
}

#[test]
fn nobody_makes_a_head_long_by_traces() {
    let long = "a".repeat(TRACE_BYTES_MAX + 1);
    assert!(Trail::of(&headers(&[("traceparent", &long)]), false).is_none());
    let many = vec![("tracestate", "a=1"); 50];
    let trail = Trail::of(&headers(&many), false).unwrap();
    assert_eq!(trail.headers().len(), TRACES_MAX);
}

#[test]
fn a_log_that_wants_an_id_has_one_made() {
    let made = Trail::of(&HeaderMap::new(), true).unwrap();
    let other = Trail::of(&HeaderMap::new(), true).unwrap();
    let id = |trail: &Trail| {
        let lines = written(trail);
        let id = lines.strip_prefix("x-request-id: ").unwrap().trim_end();
        assert!(
            id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{id}"
        );
        id.to_owned()
    };
    assert_ne!(id(&made), id(&other));
    assert!(made.given_id().is_none(), "a client hears only its own");
}

#[test]
fn notes_are_kept_for_one_call_and_only_where_they_are_wanted() {
    let backend = BackendId::new("read-1");
    let trail = Trail::of(&HeaderMap::new(), true).unwrap();
    trail.called("eth_call");
    trail.asked(Pool::Read, &backend);
    let notes = Notes {
        method: Some("eth_call".to_owned()),
        calls: 1,
        asked: Some((Pool::Read, backend.clone())),
    };
    assert_eq!(trail.notes(), notes);
    let batch = Trail::of(&HeaderMap::new(), true).unwrap();
    batch.batched(2);
    batch.asked(Pool::Read, &backend);
    assert_eq!(
        batch.notes(),
        Notes {
            calls: 2,
            ..Notes::default()
        }
    );
    let unwanted = Trail::of(&headers(&[("x-request-id", "a1")]), false).unwrap();
    unwanted.called("eth_call");
    assert_eq!(unwanted.notes(), Notes::default());
}

const READ: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]}"#;
const PAIRS: [(&str, &str); 5] = [
    ("x-request-id", "a1"),
    (
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
    ("tracestate", "one=1"),
    (
        "x-amzn-trace-id",
        "Root=1-67891233-abcdef012345678912345678",
    ),
    (
        "x-cloud-trace-context",
        "105445aa7843bc8bf206b12000100000/1;o=1",
    ),
];

/// What a read node received of a traced call, and the id that the client heard.
async fn traced(cast: Cast) -> (Got, Option<String>) {
    let proxy = Proxy::start(config(Profile::Evm), vec![cast]);
    let request = http::Request::post("/").header("host", "proxy");
    let request = PAIRS.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let heard = proxy.ask(request.body(READ.to_owned()).unwrap()).await;
    assert_eq!(heard.status, 200);
    let got = proxy.got("read-1").remove(0);
    (got, heard.header("x-request-id").map(str::to_owned))
}

#[tokio::test(start_paused = true)]
async fn a_node_of_ours_gets_the_trace_and_the_client_its_id_back() {
    let (got, id) = traced(node("read-1", Pool::Read, [Act::Echo])).await;
    for (name, value) in PAIRS {
        assert_eq!(got.header(name), Some(value));
    }
    assert_eq!(got.body, READ);
    assert_eq!(id.as_deref(), Some("a1"));
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_node_gets_no_trace() {
    let (got, id) = traced(node("read-1", Pool::Read, [Act::Echo]).external()).await;
    for (name, _) in PAIRS {
        assert_eq!(got.header(name), None);
    }
    assert_eq!(
        id.as_deref(),
        Some("a1"),
        "that is between us and the client"
    );
}

#[tokio::test(start_paused = true)]
async fn the_handshake_of_a_web_socket_is_traced_in_the_same_way() {
    for external in [false, true] {
        let ws = node("ws-1", Pool::Ws, [Act::Say(400, "no")]);
        let ws = if external { ws.external() } else { ws };
        let proxy = Proxy::start(config(Profile::TxProxy), vec![ws]);
        let heard = proxy
            .raw(
                "GET / HTTP/1.1\r\nhost: proxy\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
                 x-request-id: a1\r\ntraceparent: 00-ab-cd-01\r\n\r\n",
            )
            .await;
        assert!(heard.starts_with("HTTP/1.1 400 "), "{heard}");
        let got = proxy.got("ws-1").remove(0);
        let wanted = (!external).then_some("a1");
        assert_eq!(got.header("x-request-id"), wanted);
        assert_eq!(got.header("traceparent").is_some(), !external);
    }
}
