//! Stories about long answers: streamed whole, broken off, or left by their client.

use std::time::Duration;

use config::checked::Profile;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

const LETTERS: usize = 1_000_000;

fn start(acts: Vec<Act>) -> Proxy {
    let cast = vec![
        node("read-1", Pool::Read, acts),
        node("read-2", Pool::Read, [Act::Echo]).far(),
    ];
    Proxy::start(config(Profile::TxProxy), cast)
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_is_passed_on_as_it_comes() {
    for (act, counted) in [
        (Act::Long(LETTERS), false),
        (Act::LongCounted(LETTERS), true),
    ] {
        let proxy = start(vec![act]);
        for id in ["7", "\"a\"", "null"] {
            let heard = proxy.post(call(id, "eth_call")).await;
            let begin = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":\"a");
            assert!(heard.text().starts_with(&begin), "{}", &heard.text()[..99]);
            assert_eq!(heard.json()["result"].as_str().map(str::len), Some(LETTERS));
            let length = heard.text().len().to_string();
            assert_eq!(
                heard.header("content-length"),
                // Under a null id it is held whole, to have its id replaced.
                (counted || id == "null").then_some(length.as_str())
            );
            assert_eq!(heard.header("content-type"), Some("application/json"));
            proxy.settle().await;
        }
        let connections: Vec<_> = proxy
            .got("read-1")
            .iter()
            .map(|got| got.connection)
            .collect();
        assert_eq!(connections, [0, 0, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_never_looks_whole() {
    let proxy = start(vec![Act::Broken(LETTERS)]);
    let heard = proxy.post(call("7", "eth_call")).await;
    assert_eq!((heard.status, heard.body), (200, None));
    let body = call("7", "eth_call");
    let length = body.len();
    for version in ["1.0", "1.1"] {
        let raw = proxy
            .raw(&format!(
                "POST / HTTP/{version}\r\nhost: proxy\r\ncontent-length: {length}\r\n\r\n{body}"
            ))
            .await;
        let end = &raw[raw.len() - 10..];
        assert!(!end.contains("0\r\n\r\n") && !end.contains('}'), "{end:?}");
    }
    proxy.settle().await;
    assert_eq!((proxy.count("read-1"), proxy.count("read-2")), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_break_before_anything_was_passed_on_fails_over() {
    for letters in [0, 1, 1_000, 60_000] {
        let proxy = start(vec![Act::Broken(letters)]);
        let heard = proxy.post(call("7", "eth_call")).await;
        assert_eq!(heard.json()["result"], "read-2/eth_call");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_a_long_answer_frees_everything() {
    let proxy = start(vec![Act::Long(LETTERS), Act::Echo]);
    let mut client = proxy.connect();
    let body = call("7", "eth_call");
    let length = body.len();
    let request = format!("POST / HTTP/1.1\r\nhost: p\r\ncontent-length: {length}\r\n\r\n{body}");
    client.write_all(request.as_bytes()).await.unwrap();
    client.read_exact(&mut [0; 1000]).await.unwrap();
    proxy.pass(Duration::from_secs(1)).await;
    let snapshot = proxy.worker.live.snapshot();
    let at_node = snapshot.backends[0].vitals.load.in_flight();
    let at_door = proxy.worker.metrics.front.in_flight.get();
    assert_eq!(
        (at_node, at_door),
        (1, 1),
        "a client that does not read is still served"
    );
    drop(client);
    proxy.settle().await;
    // What is left of the answer is never read: the connection is gone.
    proxy.post(body).await;
    assert_eq!(proxy.got("read-1")[1].connection, 1);
    proxy.settle().await;
}
