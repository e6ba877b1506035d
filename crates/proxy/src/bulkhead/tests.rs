//! Stories about kinds of work that fill up, and others that go on beside them.

use std::time::Duration;

use config::checked::Config;
use config::checked::Profile;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::harness::Proxy;
use crate::harness::client::Heard;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

const HEAVY: &str = "eth_getLogs";
const SEND: &str = "eth_sendRawTransaction";

fn start(config: Config, heavy: Act) -> Proxy {
    let cast = [
        ("read-1", Pool::Read, Act::Echo),
        ("heavy-1", Pool::Heavy, heavy),
        ("miner-1", Pool::Write, Act::Hang),
    ];
    let cast = cast.map(|(id, pool, act)| node(id, pool, [act]));
    Proxy::start(config, cast.into())
}

fn small(profile: Profile) -> Config {
    let mut config = config(profile);
    config.limits.heavy_calls = 3;
    config
}

/// Asks for logs so often at once, and then for what `beside` asks while those hang.
async fn beside<T>(
    proxy: &Proxy,
    heavy: usize,
    beside: impl Future<Output = T>,
) -> (Vec<Heard>, T) {
    let asked = (0..heavy).map(|_| proxy.post(call("7", HEAVY)));
    let beside = async {
        proxy.pass(Duration::from_secs(1)).await;
        beside.await
    };
    tokio::join!(futures_util::future::join_all(asked), beside)
}

#[tokio::test(start_paused = true)]
async fn heavy_calls_that_hang_keep_no_plain_read_from_being_served() {
    for profile in [Profile::TxProxy, Profile::Evm] {
        let mut config = small(profile);
        // Without the bulkhead the heavy calls would take all of this.
        config.limits.in_flight = 5;
        let proxy = start(config, Act::Hang);
        for _ in 0..2 {
            let (heavy, read) = beside(&proxy, 3, async {
                for _ in 0..20 {
                    let heard = proxy.post(call("7", HEAVY)).await;
                    assert_eq!((heard.status, heard.reason().as_str()), (503, "overloaded"));
                    assert!((1..=2).contains(&heard.retry_after()));
                    assert_eq!(heard.took, Duration::ZERO);
                }
                proxy.post(call("7", "eth_call")).await
            })
            .await;
            assert_eq!((read.status, read.took), (200, Duration::ZERO));
            // When they have ended, there is room again.
            assert!(
                heavy
                    .iter()
                    .all(|heard| heard.reason() == "upstream_timeout")
            );
        }
        let counter = "headway_capped_total{limit=\"heavy_calls\"}";
        assert_eq!(proxy.metric(counter) as u64, 40);
        assert_eq!(proxy.count("heavy-1"), 6);
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_batch_only_the_kind_that_is_full_is_refused() {
    let proxy = start(small(Profile::TxProxy), Act::Hang);
    let (_, heard) = beside(&proxy, 3, async {
        let calls = [
            call("1", "eth_call"),
            call("2", HEAVY),
            call("3", "eth_call"),
        ];
        proxy.post(batch(&calls)).await
    })
    .await;
    let json = heard.json();
    assert_eq!(heard.status, 200);
    assert!(
        json[0]["result"].is_string() && json[2]["result"].is_string(),
        "{json}"
    );
    assert_eq!(json[1]["error"]["data"]["reason"], "overloaded");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_takes_room_until_its_last_byte() {
    let proxy = start(small(Profile::Evm), Act::Long(4_000_000));
    let busy = || proxy.worker.live.bulkheads.busy(Work::Heavy);
    let body = call("7", HEAVY);
    let length = body.len();
    let request = format!("POST / HTTP/1.1\r\nhost: p\r\ncontent-length: {length}\r\n\r\n{body}");
    let mut slow = proxy.connect();
    slow.write_all(request.as_bytes()).await.unwrap();
    slow.read_exact(&mut [0; 100]).await.unwrap();
    proxy.pass(Duration::from_secs(1)).await;
    assert_eq!(busy(), 1);
    drop(slow);
    proxy.settle().await;
    let heard = proxy.post(body).await;
    assert!(heard.text().len() > 4_000_000);
    assert_eq!(busy(), 0);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_send_takes_room_until_it_ends_whoever_leaves() {
    let proxy = start(small(Profile::TxProxy), Act::Hang);
    let busy = || proxy.worker.live.bulkheads.busy(Work::Write);
    proxy
        .post_and_leave(call("7", SEND), Duration::from_secs(1))
        .await;
    assert_eq!(busy(), 1);
    proxy.pass(Duration::from_secs(60)).await;
    assert_eq!(busy(), 0);
    proxy.settle().await;
}

#[test]
fn heavy_calls_are_apart_whoever_serves_them() {
    for (pool, duty, work) in [
        (Pool::Read, Duty::Read, Work::Read),
        (Pool::Read, Duty::Heavy, Work::Heavy),
        (Pool::Heavy, Duty::Heavy, Work::Heavy),
        (Pool::Read, Duty::Send, Work::Write),
        (Pool::Write, Duty::Send, Work::Write),
        (Pool::Write, Duty::Read, Work::Write),
    ] {
        assert_eq!(Work::of(pool, duty), work);
    }
}
