//! Stories about answers and the memory they may take together.

use std::time::Duration;

use config::checked::Profile;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::harness::Proxy;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

fn start(buffered_bytes: usize, act: Act) -> Proxy {
    let mut config = config(Profile::TxProxy);
    config.limits.buffered_bytes = buffered_bytes;
    let cast = vec![
        node("read-1", Pool::Read, [act]),
        node("read-2", Pool::Read, [Act::Echo]).far(),
    ];
    Proxy::start(config, cast)
}

fn capped(proxy: &Proxy) -> u64 {
    proxy
        .metric("headway_capped_total{limit=\"buffered_bytes\"}")
        .round() as u64
}

#[test]
fn only_what_is_long_is_counted_and_only_as_long_as_it_is_there() {
    let memory = Memory::new(10_000);
    let piece = |bytes| Bytes::from(vec![b'a'; bytes]);
    let mut small = Held::new(Some(&memory));
    assert!(small.push(piece(SMALL_BYTES)));
    assert_eq!(memory.used(), 0);
    let mut large = Held::new(Some(&memory));
    assert!(large.push(piece(3_000)) && large.push(piece(3_000)));
    assert_eq!(memory.used(), 6_000);
    assert!(!small.push(piece(3_000)), "both together are too much");
    assert!(
        Held::new(None).push(piece(20_000)),
        "probes are not counted"
    );
    let bytes = large.into_bytes();
    let part = bytes.slice(10..20);
    drop(bytes);
    assert_eq!(memory.used(), 6_000);
    drop(part);
    assert_eq!(memory.used(), 0);
    assert_eq!(small.len(), SMALL_BYTES);
}

#[tokio::test(start_paused = true)]
async fn an_answer_for_which_there_is_no_room_is_refused_and_its_backend_not_blamed() {
    for (bytes, status) in [(100_000, 200), (50_000, 503)] {
        let proxy = start(bytes, Act::LongCounted(60_000));
        let heard = proxy.post(call("7", "eth_call")).await;
        assert_eq!(heard.status, status);
        if status == 503 {
            assert_eq!(heard.reason(), "overloaded");
            assert_eq!(heard.json()["id"], 7);
            assert!((1..=2).contains(&heard.retry_after()));
        }
        assert_eq!(capped(&proxy), u64::from(status == 503));
        proxy.settle().await;
        // Nobody else was asked for the same.
        assert_eq!((proxy.count("read-1"), proxy.count("read-2")), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_put_together_is_counted_beside_its_parts() {
    for (bytes, status) in [(200_000, 200), (100_000, 503), (50_000, 503)] {
        // Under a null id an answer is written anew.
        let proxy = start(bytes, Act::LongCounted(60_000));
        let heard = proxy.post(call("null", "eth_call")).await;
        assert_eq!(heard.status, status, "{bytes}");
        proxy.settle().await;
    }
    let two = batch(&[call("1", "eth_call"), call("2", "eth_call")]);
    let long: fn(Vec<String>) -> String = |answers| {
        let long = answers.join(",").replace("read-1/", &"a".repeat(30_000));
        format!("[{long}]")
    };
    for (bytes, status) in [(200_000, 200), (100_000, 503)] {
        let proxy = start(bytes, Act::Parts(long));
        let heard = proxy.post(two.clone()).await;
        assert_eq!(heard.status, status, "{bytes}");
        assert_eq!(heard.reason() == "overloaded", status == 503);
        proxy.settle().await;
    }
    // No room for the leg: each of its calls hears so.
    let proxy = start(50_000, Act::Parts(long));
    let heard = proxy.post(two).await;
    assert_eq!(heard.status, 200);
    for (place, id) in [(0, 1), (1, 2)] {
        let answer = &heard.json()[place];
        assert_eq!(answer["id"], id);
        assert_eq!(answer["error"]["data"]["reason"], "overloaded");
    }
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_client_takes_room_until_the_client_has_it() {
    let proxy = start(400_000, Act::Long(1_000_000));
    let body = call("7", "eth_call");
    let length = body.len();
    let request =
        format!("POST / HTTP/1.1\r\nhost: proxy\r\ncontent-length: {length}\r\n\r\n{body}");
    let mut crowd = Vec::new();
    while crowd.len() < 9 {
        let mut slow = proxy.connect();
        slow.write_all(request.as_bytes()).await.unwrap();
        let mut heard = [0; 12];
        slow.read_exact(&mut heard).await.unwrap();
        proxy.pass(Duration::from_secs(1)).await;
        if heard.ends_with(b"503") {
            break;
        }
        crowd.push(slow);
    }
    // What is held of a long answer is its beginning, however long it will be.
    assert!((2..7).contains(&crowd.len()), "{}", crowd.len());
    assert!((130_000..400_000).contains(&proxy.worker.memory.used()));
    drop(crowd);
    proxy.settle().await;
    assert_eq!(proxy.post(body).await.status, 200);
    proxy.settle().await;
}
