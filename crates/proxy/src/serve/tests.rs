//! Stories about HTTP itself: methods, hosts, limits, pages, and how connections end.

use std::time::Duration;

use config::checked::Config;
use config::checked::Profile;
use futures_util::future::join;
use http::Request;
use rules::ids::Pool;
use tokio::io::AsyncWriteExt;

use crate::harness::Proxy;
use crate::harness::client::Heard;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

const PROFILES: [Profile; 2] = [Profile::TxProxy, Profile::Evm];

fn start(config: Config) -> Proxy {
    Proxy::start(config, vec![node("read-1", Pool::Read, [Act::Echo])])
}

fn drop_in() -> Proxy {
    start(config(Profile::TxProxy))
}

async fn ask(proxy: &Proxy, method: &str, path: &str) -> Heard {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "proxy");
    let heard = proxy.ask(request.body(String::new()).unwrap()).await;
    proxy.settle().await;
    heard
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_comes_by_sees_a_page() {
    for profile in PROFILES {
        for root_status in [200, 404] {
            let mut config = config(profile);
            config.compat.root_status = root_status;
            let proxy = start(config);
            for path in ["/", "/?a", "/favicon.ico"] {
                let page = ask(&proxy, "GET", path).await;
                assert_eq!(page.status, root_status);
                assert_eq!(
                    page.header("content-type"),
                    Some("text/html; charset=utf-8")
                );
                assert!(page.text().contains("JSON-RPC"));
                let head = ask(&proxy, "HEAD", path).await;
                assert_eq!((head.status, head.text()), (root_status, ""));
                assert_eq!(head.header("content-length"), page.header("content-length"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn browsers_may_call_from_pages_of_others() {
    for profile in PROFILES {
        for enabled in [true, false] {
            let mut config = config(profile);
            config.cors.enabled = enabled;
            let proxy = start(config);
            let heard = ask(&proxy, "OPTIONS", "/").await;
            assert_eq!((heard.status, heard.text()), (204, ""));
            let credentials = enabled && profile == Profile::TxProxy;
            for (name, value) in [
                ("access-control-allow-origin", enabled.then_some("*")),
                ("access-control-allow-headers", enabled.then_some("*")),
                (
                    "access-control-allow-methods",
                    enabled.then_some("GET, POST, OPTIONS"),
                ),
                ("access-control-max-age", enabled.then_some("86400")),
                (
                    "access-control-allow-credentials",
                    credentials.then_some("true"),
                ),
            ] {
                assert_eq!(heard.header(name), value, "{profile:?} {name}");
            }
            let answered = proxy.post(call("7", "eth_call")).await;
            let origin = answered.header("access-control-allow-origin");
            assert_eq!(origin, enabled.then_some("*"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn other_methods_are_not_allowed() {
    for profile in PROFILES {
        let proxy = start(config(profile));
        for method in ["PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
            let heard = ask(&proxy, method, "/").await;
            assert_eq!(heard.status, 405, "{method}");
            assert_eq!(heard.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
            assert_eq!(heard.json()["error"]["code"], -32600);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn health_is_told_to_load_balancers() {
    let proxy = drop_in();
    for (path, before) in [("/healthz", 200), ("/livez", 200), ("/readyz", 503)] {
        assert_eq!(ask(&proxy, "GET", path).await.status, before);
    }
    proxy.worker.live.readiness.set_serving(true);
    assert_eq!(ask(&proxy, "GET", "/readyz").await.status, 200);
    assert_eq!(ask(&proxy, "HEAD", "/readyz?x").await.status, 200);
    // A fleet that is lost later does not take every replica out at once.
    proxy.worker.live.readiness.set_serving(false);
    assert_eq!(ask(&proxy, "GET", "/readyz").await.status, 200);
    proxy.worker.live.readiness.drain();
    assert_eq!(ask(&proxy, "GET", "/readyz").await.status, 503);
    // Whoever still comes is asked not to come back.
    let heard = ask(&proxy, "GET", "/livez").await;
    assert_eq!(
        (heard.status, heard.header("connection")),
        (200, Some("close"))
    );
}

/// Raw bytes, and the statuses of all that comes back.
async fn statuses(proxy: &Proxy, text: &str) -> Vec<String> {
    let heard = proxy.raw(text).await;
    proxy.settle().await;
    let lines = heard.split("HTTP/1.").skip(1);
    lines.map(|rest| rest[2..5].to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_request_has_one_valid_host() {
    let proxy = drop_in();
    for (version, hosts, status) in [
        ("1.1", "host: proxy\r\n", "200"),
        ("1.1", "host: PROXY.example.org:8545\r\n", "200"),
        ("1.1", "host: 10.0.0.1\r\n", "200"),
        ("1.1", "host: [2001:db8::1]:8545\r\n", "200"),
        ("1.1", "", "400"),
        ("1.1", "host:\r\n", "400"),
        ("1.1", "host: proxy\r\nhost: proxy\r\n", "400"),
        ("1.1", "host: proxy\r\nHost: other\r\n", "400"),
        ("1.1", "host: a b\r\n", "400"),
        ("1.1", "host: a/b\r\n", "400"),
        ("1.1", "host: user@proxy\r\n", "400"),
        ("1.1", "host: proxy:x\r\n", "400"),
        ("1.0", "", "200"),
        ("1.0", "host: proxy\r\n", "200"),
        ("1.0", "host: proxy\r\nhost: proxy\r\n", "400"),
        ("1.0", "host: a b\r\n", "400"),
    ] {
        let text = format!("GET / HTTP/{version}\r\n{hosts}connection: close\r\n\r\n");
        assert_eq!(statuses(&proxy, &text).await, [status], "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn upgrades_that_nobody_serves_are_declined_or_ignored() {
    let proxy = drop_in();
    for (head, status) in [
        ("upgrade: websocket\r\nconnection: upgrade\r\n", "426"),
        (
            "upgrade: h2c, WebSocket\r\nconnection: keep-alive, Upgrade\r\n",
            "426",
        ),
        ("upgrade: websocket\r\n", "200"),
        ("connection: upgrade\r\n", "200"),
        ("upgrade: h2c\r\nconnection: upgrade\r\n", "200"),
        ("upgrade: websockets\r\nconnection: upgrade\r\n", "200"),
    ] {
        let text = format!("GET / HTTP/1.1\r\nhost: proxy\r\n{head}\r\n");
        assert_eq!(statuses(&proxy, &text).await, [status], "{head}");
        let body = call("7", "eth_call");
        let length = body.len();
        let text = format!(
            "POST / HTTP/1.1\r\nhost: proxy\r\n{head}content-length: {length}\r\n\r\n{body}"
        );
        assert_eq!(statuses(&proxy, &text).await, ["200"], "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_is_refused_as_soon_as_that_is_known() {
    let mut config = config(Profile::TxProxy);
    config.limits.body_bytes = 100;
    let proxy = start(config);
    let body = call("7", "eth_call");
    let length = body.len();
    let letters = "a".repeat(60);
    for (told, text, wanted) in [
        (
            "what is declared is not even asked for",
            "content-length: 101\r\nexpect: 100-continue\r\n\r\n".to_owned(),
            vec!["413"],
        ),
        (
            "what fits is asked for",
            format!("content-length: {length}\r\nexpect: 100-continue\r\n\r\n{body}"),
            vec!["100", "200"],
        ),
        (
            "chunks are counted",
            format!(
                "transfer-encoding: chunked\r\n\r\n3c\r\n{letters}\r\n3c\r\n{letters}\r\n0\r\n\r\n"
            ),
            vec!["413"],
        ),
        (
            "chunks that fit are put together",
            format!(
                "transfer-encoding: chunked\r\n\r\na\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                &body[..10],
                length - 10,
                &body[10..]
            ),
            vec!["200"],
        ),
        (
            "two lengths are none",
            format!("content-length: 1\r\ncontent-length: 2\r\n\r\n{body}"),
            vec!["400"],
        ),
    ] {
        let text = format!("POST / HTTP/1.1\r\nhost: proxy\r\n{text}");
        assert_eq!(statuses(&proxy, &text).await, wanted, "{told}");
    }
    assert_eq!(proxy.count("read-1"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_body_framed_twice_smuggles_nothing() {
    let proxy = drop_in();
    let body = call("7", "eth_call");
    let length = body.len();
    let smuggled = "GET /livez HTTP/1.1\r\nhost: proxy\r\n\r\n";
    // Of two framings the chunks count, and what follows on that connection is not heard
    // (RFC 9112, section 6.1).
    for (framing, status) in [
        (
            format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
            "200",
        ),
        (
            format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
            "200",
        ),
        ("transfer-encoding: chunked, identity\r\n".to_owned(), "400"),
        ("transfer-encoding: xchunked\r\n".to_owned(), "400"),
    ] {
        let text = format!(
            "POST / HTTP/1.1\r\nhost: proxy\r\n{framing}\r\n{length:x}\r\n{body}\r\n0\r\n\r\n{smuggled}"
        );
        let heard = statuses(&proxy, &text).await;
        assert_eq!(heard, [status], "{framing}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_large_is_refused() {
    let proxy = drop_in();
    let long = format!(
        "GET / HTTP/1.1\r\nhost: proxy\r\nx: {}\r\n\r\n",
        "a".repeat(70_000)
    );
    assert_eq!(statuses(&proxy, &long).await, ["431"]);
    let many = "x: 1\r\n".repeat(100);
    let many = format!("GET / HTTP/1.1\r\nhost: proxy\r\n{many}\r\n");
    assert_eq!(statuses(&proxy, &many).await, ["431"]);
}

#[tokio::test(start_paused = true)]
async fn a_large_body_of_many_lines_arrives_whole() {
    let proxy = drop_in();
    let lines = "\n   ".repeat(500_000);
    let body = format!("{{\"jsonrpc\":\"2.0\",{lines}\"id\":7,\"method\":\"eth_call\"}}{lines}");
    assert_eq!(proxy.post(body.clone()).await.status, 200);
    assert_eq!(proxy.got("read-1")[0].body, body);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn bodies_of_all_clients_share_one_allowance() {
    let mut config = config(Profile::TxProxy);
    config.limits.buffered_bytes = 150;
    let proxy = start(config);
    let mut slow = proxy.connect();
    let begin = format!(
        "POST / HTTP/1.1\r\nhost: proxy\r\ncontent-length: 101\r\n\r\n{:100}",
        ""
    );
    slow.write_all(begin.as_bytes()).await.unwrap();
    proxy.pass(Duration::from_millis(1)).await;
    assert_eq!(proxy.worker.memory.used(), 100);
    let heard = proxy.post(call("7", "eth_call")).await;
    assert_eq!((heard.status, heard.reason().as_str()), (503, "overloaded"));
    drop(slow);
    proxy.settle().await;
    assert_eq!(proxy.post(call("7", "eth_call")).await.status, 200);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn requests_of_one_connection_are_answered_in_turn() {
    let proxy = drop_in();
    let one = |id: &str| {
        let body = call(id, "eth_call");
        format!(
            "POST / HTTP/1.1\r\nhost: proxy\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let heard = proxy.raw(&(one("1") + &one("2") + &one("3"))).await;
    let ids: Vec<_> = heard
        .split("\"id\":")
        .skip(1)
        .map(|rest| &rest[..1])
        .collect();
    assert_eq!(ids, ["1", "2", "3"]);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_while_they_last_and_by_status() {
    let slow = Act::After(Duration::from_secs(5), Box::new(Act::Echo));
    let cast = vec![node("read-1", Pool::Read, [slow])];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let look = async {
        proxy.pass(Duration::from_secs(1)).await;
        proxy.worker.metrics.front.in_flight.get()
    };
    let body = call("7", "eth_call");
    let (_, during) = join(proxy.post(body), look).await;
    assert_eq!(during, 1);
    for text in [
        "POST / HTTP/1.1\r\nhost: proxy\r\ncontent-length: 9\r\n\r\n{",
        "GET / HTTP/1.",
    ] {
        let mut gone = proxy.connect();
        gone.write_all(text.as_bytes()).await.unwrap();
        proxy.pass(Duration::from_millis(1)).await;
        drop(gone);
        proxy.settle().await;
    }
    let count = |code| proxy.metric(&format!("headway_http_requests_total{{code=\"{code}\"}}"));
    assert!((count("200") - 1.0).abs() < 0.1);
    let ended = count("400") + count("499");
    assert!((ended - 1.0).abs() < 0.1, "{ended}");
}

mod crowd;
