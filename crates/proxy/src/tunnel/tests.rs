//! Stories about WebSocket pass-through: who is asked, and that bytes go both ways.

use std::time::Duration;

use config::checked::Profile;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::DuplexStream;
use tokio::time::timeout;

use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;
use crate::log_writer::LogWriter;
use crate::log_writer::Word;
use crate::post_data::PostData;

const HANDSHAKE: &str = "GET /client/path HTTP/1.1\r\nhost: proxy\r\n\
    upgrade: websocket\r\nconnection: Upgrade\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\
    sec-websocket-protocol: a, b\r\nsec-websocket-extensions: permessage-deflate\r\n\
    origin: https://dapp.example.org\r\ncookie: session=1\r\nauthorization: x\r\n\r\n";

const ACCEPTED: Act = Act::Tunnel(
    "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
     sec-websocket-protocol: a\r\nserver: secret/1.0\r\n",
    "hello",
);

fn start(cast: Vec<Cast>) -> Proxy {
    Proxy::start(config(Profile::TxProxy), cast)
}

async fn until(stream: &mut DuplexStream, end: &str) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let read = timeout(Duration::from_secs(60), stream.read_buf(&mut heard)).await;
        assert!(read.unwrap().unwrap() > 0, "{heard:?}");
    }
    String::from_utf8(heard).unwrap()
}

/// An open tunnel to the only node that serves sockets, and the head it was answered with.
async fn tunnel(proxy: &Proxy) -> (DuplexStream, String) {
    let mut client = proxy.connect();
    // The first frame may follow the handshake at once.
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    client.write_all(b"first").await.unwrap();
    let heard = until(&mut client, "hellofirst").await;
    (client, heard)
}

#[tokio::test(start_paused = true)]
async fn bytes_go_both_ways_after_the_handshake() {
    let proxy = start(vec![node("ws-1", Pool::Ws, [ACCEPTED])]);
    let (mut client, head) = tunnel(&proxy).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert!(head.contains("sec-websocket-protocol: a\r\n"));
    assert!(!head.contains("secret"), "{head}");
    let long = "x".repeat(300_000) + "!";
    let (mut reads, mut writes) = tokio::io::split(client);
    let write = async { writes.write_all(long.as_bytes()).await.unwrap() };
    let read = async {
        let mut heard = vec![0; long.len()];
        reads.read_exact(&mut heard).await.unwrap();
        heard
    };
    let ((), heard) = futures_util::future::join(write, read).await;
    assert_eq!(heard, long.as_bytes());
    client = reads.unsplit(writes);
    assert_eq!(proxy.worker.metrics.front.tunnels.get(), 1);
    drop(client);
    proxy.settle().await;
    assert_eq!(
        (proxy.worker.metrics.front.tunnels.get(), proxy.left("ws-1")),
        (0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_tunnel_opened_while_the_process_leaves_is_a_tunnel() {
    let proxy = start(vec![node("ws-1", Pool::Ws, [ACCEPTED])]);
    proxy.worker.live.readiness.drain();
    let (_open, head) = tunnel(&proxy).await;
    assert!(head.contains("connection: Upgrade\r\n"), "{head}");
}

#[tokio::test(start_paused = true)]
async fn a_node_gets_the_handshake_and_nothing_else_of_the_clients() {
    for external in [false, true] {
        let cast = node("ws-1", Pool::Ws, [ACCEPTED]);
        let proxy = start(vec![if external { cast.external() } else { cast }]);
        let _open = tunnel(&proxy).await;
        let got = proxy.got("ws-1").remove(0);
        assert_eq!(got.line, "GET /v3/KEY?a=b HTTP/1.1");
        let mut names: Vec<_> = got.headers.iter().map(|(name, _)| name.as_str()).collect();
        if external {
            assert_eq!(got.header("x-forwarded-for"), None);
        } else {
            assert_eq!(got.header("x-forwarded-for"), Some("192.0.2.7"));
            assert_eq!(got.header("x-real-ip"), Some("192.0.2.7"));
        }
        names.retain(|name| !name.starts_with("x-"));
        let handshake = [
            "connection",
            "host",
            "origin",
            "sec-websocket-extensions",
            "sec-websocket-key",
            "sec-websocket-protocol",
            "sec-websocket-version",
            "upgrade",
        ];
        assert_eq!(names, handshake);
        assert_eq!(got.header("host"), Some("ws-1:8545"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_ends_the_tunnel_ends_the_clients_connection() {
    let proxy = start(vec![node("ws-1", Pool::Ws, [ACCEPTED])]);
    let (mut client, _) = tunnel(&proxy).await;
    client.write_all(b"bye").await.unwrap();
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    drop(client);
    proxy.settle().await;
    assert_eq!(proxy.worker.metrics.front.tunnels.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_next_node_is_asked_when_one_cannot_be_reached() {
    let good = || node("good", Pool::Ws, [ACCEPTED]);
    for other in [
        refusing("other", Pool::Ws),
        node("other", Pool::Ws, [Act::Reset]),
        node("other", Pool::Ws, [Act::Hang]),
        node(
            "other",
            Pool::Ws,
            [Act::Headed(302, "location: http://h/KEY\r\n", "KEY")],
        ),
    ] {
        let proxy = start(vec![other, good().far()]);
        let (client, _) = tunnel(&proxy).await;
        drop(client);
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_declines_is_heard_by_the_client() {
    let no = Act::Headed(
        403,
        "content-type: text/plain\r\nserver: secret\r\n",
        "not from there",
    );
    let proxy = start(vec![node("ws-1", Pool::Ws, [no])]);
    let heard = proxy.raw(HANDSHAKE).await;
    assert!(heard.starts_with("HTTP/1.1 403 "), "{heard}");
    assert!(heard.ends_with("\r\n\r\nnot from there"), "{heard}");
    assert!(!heard.contains("secret"), "{heard}");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn nobody_left_to_ask_is_said() {
    let proxy = start(vec![refusing("one", Pool::Ws), refusing("two", Pool::Ws)]);
    let heard = proxy.raw(HANDSHAKE).await;
    assert!(heard.starts_with("HTTP/1.1 502 "), "{heard}");
    assert!(heard.contains("upstream_failed"), "{heard}");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_not_answered_is_known_as_what_it_is() {
    for (last, status, reason) in [
        (Act::Hang, "504", "upstream_timeout"),
        (Act::Reset, "502", "upstream_failed"),
    ] {
        let mut proxy = start(vec![node("ws-1", Pool::Ws, [last])]);
        let dropped = proxy.worker.metrics.front.log_lines_dropped.clone();
        let (writer, waiting) = LogWriter::waiting(10, dropped);
        proxy.keeps(PostData::new([(Pool::Ws, writer)], false));
        let heard = proxy.raw(HANDSHAKE).await;
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
        assert!(heard.contains(reason), "{heard}");
        let Ok(Word::Line(line)) = waiting.try_recv() else {
            panic!("nothing was written down");
        };
        assert!(line.contains(&format!("] {status} ")), "{line}");
        proxy.settle().await;
    }
}
