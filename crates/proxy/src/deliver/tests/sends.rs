//! Stories about transactions: never twice, and never forgotten.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use config::checked::Profile;
use rules::ids::Pool;

use super::Story;
use super::check;
use super::failures;
use super::gist;
use super::seconds;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;

const SEND: &str = "eth_sendRawTransaction";

#[tokio::test(start_paused = true)]
async fn a_send_whose_bytes_left_is_never_repeated() {
    for act in failures()
        .into_iter()
        .chain([Act::Hang, Act::Say(500, "<html>")])
    {
        let miners = ["miner-1", "miner-2", "miner-3"];
        let cast = miners.map(|id| node(id, Pool::Write, [act.clone()]));
        let proxy = Proxy::start(config(Profile::TxProxy), cast.into());
        let heard = proxy.post(call("7", SEND)).await;
        let heard = gist(&heard);
        let reached: usize = miners.iter().map(|id| proxy.count(id)).sum();
        assert_eq!(reached, 1, "{act:?}");
        // A refusal of the miner is its own word; after anything else nobody knows.
        let word = [
            "header not found",
            "rate limit",
            "x",
            "rate_limited",
            "outcome_unknown",
        ];
        assert!(word.contains(&heard.as_str()), "{act:?}: {heard}");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_anything_but_an_answer_the_outcome_is_unknown() {
    for act in [
        Act::Reset,
        Act::Slam,
        Act::Say(200, "<html>"),
        Act::Say(500, ""),
        Act::Say(502, "x"),
        // Something between here and the miner may say this after the miner took the send.
        Act::Say(503, "x"),
        Act::Say(200, "{\"id\":7"),
        Act::Cut("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
    ] {
        let story = Story {
            cast: vec![node("miner", Pool::Write, [act.clone()])],
            method: SEND,
            hears: "outcome_unknown",
            reached: &[("miner", 1)],
            ..Story::default()
        };
        check(&format!("{act:?}"), story).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_that_reached_nobody_goes_to_the_next_miner() {
    for (off, on) in [("miner-1", "miner-2"), ("miner-2", "miner-1")] {
        let story = Story {
            cast: vec![
                refusing(off, Pool::Write),
                node(on, Pool::Write, [Act::Echo]),
            ],
            method: SEND,
            hears: &format!("{on}/{SEND}"),
            reached: &[(on, 1)],
            ..Story::default()
        };
        check(off, story).await;
    }
    let story = Story {
        cast: vec![refusing("one", Pool::Write), refusing("two", Pool::Write)],
        method: SEND,
        hears: "upstream_failed",
        ..Story::default()
    };
    check("nobody", story).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_miner_says_stands() {
    const KNOWN: &str =
        r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"already known"}}"#;
    for status in [200, 400, 500] {
        let story = Story {
            cast: vec![node("miner", Pool::Write, [Act::Say(status, KNOWN)])],
            method: SEND,
            hears: "already known",
            reached: &[("miner", 1)],
            ..Story::default()
        };
        check(&status.to_string(), story).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_client_meets_one_miner_on_fresh_connections() {
    let miners = ["miner-1", "miner-2", "miner-3"];
    let cast = miners.map(|id| node(id, Pool::Write, [Act::Echo]));
    let proxy = Proxy::start(config(Profile::TxProxy), cast.into());
    for _ in 0..5 {
        proxy.post(call("7", SEND)).await;
    }
    let got: Vec<_> = miners.iter().flat_map(|id| proxy.got(id)).collect();
    let connections: Vec<_> = got.iter().map(|got| got.connection).collect();
    assert_eq!(connections, [0, 1, 2, 3, 4]);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn clients_are_spread_over_the_miners_by_their_address() {
    let miners = ["miner-1", "miner-2", "miner-3"];
    let body = call("7", SEND);
    let length = body.len();
    let text = format!("POST / HTTP/1.0\r\ncontent-length: {length}\r\n\r\n{body}");
    let networks: [fn(u8) -> IpAddr; 3] = [
        |last| Ipv4Addr::new(192, 0, 2, last).into(),
        |last| Ipv4Addr::new(192, 0, 2, last).to_ipv6_mapped().into(),
        |last| Ipv6Addr::new(0x2001, 0xdb8, 0, last.into(), 1, 2, 3, 4).into(),
    ];
    for network in networks {
        let cast = miners.map(|id| node(id, Pool::Write, [Act::Echo]));
        let proxy = Proxy::start(config(Profile::TxProxy), cast.into());
        for last in 0..60 {
            // The same client twice: both meet the same miner.
            let before = miners.map(|id| proxy.count(id));
            proxy.raw_from(network(last), &text).await;
            proxy.raw_from(network(last), &text).await;
            let after = miners.map(|id| proxy.count(id));
            let met = before
                .iter()
                .zip(after)
                .filter(|(before, after)| *before != after);
            assert_eq!(met.count(), 1, "{}", network(last));
        }
        let reached = miners.map(|id| proxy.count(id));
        assert!(reached.iter().all(|reached| *reached > 10), "{reached:?}");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_does_not_cancel_its_send() {
    let cast = vec![node("miner", Pool::Write, [Act::Hang])];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    proxy.post_and_leave(call("7", SEND), seconds(1)).await;
    proxy.pass(seconds(30)).await;
    assert_eq!((proxy.count("miner"), proxy.left("miner")), (1, 0));
    assert_eq!(
        proxy.worker.tasks.open(),
        1,
        "a stopping process waits for it"
    );
    proxy.pass(seconds(30)).await;
    assert_eq!(proxy.left("miner"), 1);
    proxy.settle().await;
}
