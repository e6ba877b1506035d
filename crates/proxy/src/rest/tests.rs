//! Stories about long answers that stop on their way: they end, never look whole, and free their backend.

use std::time::Duration;

use config::checked::Profile;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use crate::clock::Clock;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

fn start(act: Act) -> Proxy {
    let cast = vec![node("read-1", Pool::Read, [act])];
    Proxy::start(config(Profile::TxProxy), cast)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn request(version: &str) -> String {
    let body = call("7", "eth_call");
    let length = body.len();
    format!("POST / HTTP/{version}\r\nhost: proxy\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// Everything a client heard until its connection ended, and when that was.
async fn hear(proxy: &Proxy, version: &str) -> (String, Duration) {
    let clock = Clock::start();
    let mut stream = proxy.connect();
    stream.write_all(request(version).as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let _broken = stream.read_to_end(&mut heard).await;
    let took = clock.now().since(rules::moment::Moment::ZERO);
    (String::from_utf8(heard).unwrap(), took)
}

fn looks_whole(heard: &str) -> bool {
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    let lower = head.to_ascii_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.ends_with("0\r\n\r\n")
        || body.ends_with('}')
        || length.is_some_and(|length| length == body.len().to_string())
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stalls_is_given_up_and_never_looks_whole() {
    for counted in [false, true] {
        for version in ["1.0", "1.1"] {
            for (times, when) in [(0, 30), (3, 3 * 29 + 30)] {
                let proxy = start(Act::Stalled(100_000, (times, seconds(29)), counted));
                let (heard, took) = hear(&proxy, version).await;
                let told = format!("counted {counted}, HTTP/{version}, {times} times");
                assert!(heard.contains(" 200 OK\r\n"), "{told}");
                assert!(heard.len() > 100_000 && !looks_whole(&heard), "{told}");
                assert_eq!(took, seconds(when), "{told}");
                proxy.settle().await;
                assert_eq!(proxy.left("read-1"), 1, "{told}");
                let broken = proxy.metric("headway_answers_broken_off_total");
                assert!((broken - 1.0).abs() < 0.1, "{told}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_never_looks_whole() {
    let letters = "a".repeat(100_000);
    let text = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n{{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":\"{letters}"
    );
    for act in [Act::Broken(100_000), Act::Cut(text.leak())] {
        for version in ["1.0", "1.1"] {
            let proxy = start(act.clone());
            let (heard, took) = hear(&proxy, version).await;
            assert!(
                heard.contains(" 200 OK\r\n") && !looks_whole(&heard),
                "{version}"
            );
            assert_eq!(took, Duration::ZERO);
            proxy.settle().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_lets_the_backend_go_at_once() {
    // While it waits for the head, and in the middle of the answer.
    for act in [Act::Hang, Act::Stalled(100_000, (0, seconds(0)), false)] {
        let proxy = start(act);
        let mut stream = proxy.connect();
        stream.write_all(request("1.1").as_bytes()).await.unwrap();
        let mut some = vec![0; 50_000];
        let _some = tokio::time::timeout(seconds(1), stream.read(&mut some)).await;
        proxy.pass(seconds(1)).await;
        assert_eq!(proxy.left("read-1"), 0);
        drop(stream);
        proxy.settle().await;
        assert_eq!(proxy.left("read-1"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_is_no_stall_of_the_backend() {
    let proxy = start(Act::LongCounted(3_000_000));
    let mut stream = proxy.connect();
    stream.write_all(request("1.1").as_bytes()).await.unwrap();
    let mut some = vec![0; 50_000];
    let mut heard = 0;
    while heard < 3_000_000 {
        proxy.pass(seconds(20)).await;
        heard += stream.read(&mut some).await.unwrap();
    }
    drop(stream);
    proxy.settle().await;
    assert_eq!(proxy.left("read-1"), 0);
}
