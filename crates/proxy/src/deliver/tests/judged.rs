//! Stories about what a backend's words lead to: rest, methods it lacks, miners that are not ready.

use std::time::Duration;

use config::checked::Profile;
use rules::ids::Pool;

use super::gist;
use super::seconds;
use crate::harness::Proxy;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

const RATE: &str =
    r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32005,"message":"Too many requests"}}"#;
const BACKOFF: &str = r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32005,"message":"rate limit","data":{"backoff_seconds":9}}}"#;
const AGAIN: &str =
    r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":429,"message":"try again in 3s"}}"#;

/// What a backend says, and for how many seconds others have its work.
fn rests() -> Vec<(Act, u64)> {
    let busy = |head| Act::Headed(429, head, "slow down");
    vec![
        (Act::Say(429, "slow down"), 1),
        (Act::Say(503, "away"), 1),
        (busy("retry-after: 5\r\n"), 5),
        (Act::Headed(503, "Retry-After: 5\r\n", ""), 5),
        (busy("retry-after: 0\r\n"), 1),
        (busy("retry-after: 600\r\n"), 60),
        (busy("retry-after: later\r\n"), 1),
        (busy("retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n"), 1),
        (busy("retry-after: Fri, 21 Oct 2095 07:28:00 GMT\r\n"), 60),
        (Act::Say(200, RATE), 1),
        (Act::Headed(200, "retry-after: 7\r\n", RATE), 7),
        (Act::Say(429, RATE), 1),
        (Act::Say(200, BACKOFF), 9),
        (Act::Say(200, AGAIN), 3),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_busy_backend_rests_for_as_long_as_it_says() {
    for (act, rest) in rests() {
        let cast = vec![
            node("one", Pool::Read, [act.clone(), Act::Echo]),
            node("two", Pool::Read, [Act::Echo]).far(),
        ];
        let proxy = Proxy::start(config(Profile::TxProxy), cast);
        let mut heard = Vec::new();
        let moment = Duration::from_millis(10);
        for wait in [Duration::ZERO, seconds(rest) - moment, moment * 2] {
            proxy.pass(wait).await;
            heard.push(gist(&proxy.post(call("7", "eth_call")).await));
        }
        assert_eq!(
            heard,
            ["two/eth_call", "two/eth_call", "one/eth_call"],
            "{act:?}"
        );
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn when_all_are_busy_they_are_asked_all_the_same() {
    let cast = ["one", "two"].map(|id| node(id, Pool::Read, [Act::Say(429, RATE)]));
    let proxy = Proxy::start(config(Profile::TxProxy), cast.into());
    for _ in 0..20 {
        let heard = proxy.post(call("7", "eth_call")).await;
        assert_eq!(
            (heard.status, gist(&heard).as_str()),
            (429, "Too many requests")
        );
    }
    let reached = ["one", "two"].map(|id| proxy.count(id));
    assert_eq!(reached, [20, 20], "each call asks both");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn when_all_are_busy_the_client_hears_who_is_back_first() {
    let busy = |id, head| node(id, Pool::Read, [Act::Headed(429, head, "slow down")]);
    let cast = vec![
        busy("one", "retry-after: 9\r\n"),
        busy("two", "retry-after: 5\r\n").far(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let heard = proxy.post(call("7", "eth_call")).await;
    assert_eq!((heard.status, gist(&heard).as_str()), (429, "rate_limited"));
    assert!((5..=8).contains(&heard.retry_after()));
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn one_busy_answer_in_a_batch_rests_its_backend_too() {
    let one = |answers: Vec<String>| {
        let busy = r#"{"jsonrpc":"2.0","id":1,"error":{"code":429,"message":"try again in 8s"}}"#;
        batch(&[answers[0].clone(), busy.to_owned()])
    };
    let cast = vec![
        node("one", Pool::Read, [Act::Parts(one), Act::Echo]),
        node("two", Pool::Read, [Act::Echo]).far(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let both = batch(&[call("5", "eth_call"), call("6", "eth_chainId")]);
    let heard = proxy.post(both).await;
    assert_eq!(heard.json()[0]["result"], "one/eth_call");
    assert_eq!(heard.json()[1]["result"], "two/eth_chainId");
    for (wait, hears) in [(7, "two/eth_call"), (1, "one/eth_call")] {
        proxy.pass(seconds(wait)).await;
        assert_eq!(gist(&proxy.post(call("7", "eth_call")).await), hears);
    }
    proxy.settle().await;
}

const NO_METHOD: &str =
    r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32601,"message":"Method not found"}}"#;
const UNSUPPORTED: &str = r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32600,"message":"Unsupported method: eth_call"}}"#;

#[tokio::test(start_paused = true)]
async fn a_backend_without_a_method_is_remembered_for_ten_minutes() {
    for text in [NO_METHOD, UNSUPPORTED] {
        let cast = vec![
            node("one", Pool::Read, [Act::Say(200, text), Act::Echo]),
            node("two", Pool::Read, [Act::Echo]).far(),
        ];
        let proxy = Proxy::start(config(Profile::TxProxy), cast);
        let story = [
            (0, "eth_call", "two/eth_call", 1),
            (0, "eth_call", "two/eth_call", 1),
            (0, "eth_chainId", "one/eth_chainId", 2),
            (599, "eth_call", "two/eth_call", 2),
            (2, "eth_call", "one/eth_call", 3),
        ];
        for (wait, method, hears, reached) in story {
            proxy.pass(seconds(wait)).await;
            assert_eq!(gist(&proxy.post(call("7", method)).await), hears);
            assert_eq!(proxy.count("one"), reached, "{method} after {wait}");
        }
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn when_nobody_has_a_method_that_is_the_answer() {
    let lacking = |id| node(id, Pool::Read, [Act::Say(200, NO_METHOD)]);
    let cast = vec![
        lacking("one"),
        lacking("two").far(),
        node("leader", Pool::Read, [Act::Echo]).leader(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    for (reached, left) in [([1, 1], 199), ([2, 1], 199), ([3, 1], 199)] {
        let heard = proxy.post(call("7", "eth_call")).await;
        assert_eq!(
            (heard.status, gist(&heard).as_str()),
            (200, "Method not found")
        );
        assert_eq!(["one", "two"].map(|id| proxy.count(id)), reached);
        assert_eq!(proxy.worker.live.budget(Pool::Read).tokens(), left);
    }
    assert_eq!(proxy.count("leader"), 0, "it is no fleet for other methods");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_method_that_a_batch_lacks_comes_from_another_backend() {
    let one = |answers: Vec<String>| {
        let lacks = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}}"#.to_owned();
        batch(&[answers[0].clone(), lacks])
    };
    let cast = vec![
        node("one", Pool::Read, [Act::Parts(one), Act::Echo]),
        node("two", Pool::Read, [Act::Echo]).far(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let both = batch(&[call("5", "eth_chainId"), call("6", "eth_call")]);
    let heard = proxy.post(both).await;
    assert_eq!(heard.json()[0]["result"], "one/eth_chainId");
    assert_eq!(heard.json()[1]["result"], "two/eth_call");
    assert_eq!(
        gist(&proxy.post(call("7", "eth_call")).await),
        "two/eth_call"
    );
    assert_eq!(
        gist(&proxy.post(call("7", "eth_chainId")).await),
        "one/eth_chainId"
    );
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn in_a_batch_too_it_is_the_answer_when_nobody_else_is_there() {
    let lacks = |_: Vec<String>| {
        let lacks = |id| {
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":-32601,\"message\":\"x\"}}}}"
            )
        };
        batch(&[lacks(0), lacks(1)])
    };
    let cast = vec![
        node("one", Pool::Read, [Act::Parts(lacks)]),
        node("leader", Pool::Read, [Act::Echo]).leader(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let both = batch(&[call("5", "eth_chainId"), call("6", "eth_call")]);
    let heard = proxy.post(both).await;
    for place in [0, 1] {
        assert_eq!(heard.json()[place]["error"]["code"], -32601);
    }
    assert_eq!((proxy.count("one"), proxy.count("leader")), (1, 0));
    proxy.settle().await;
}

const SEND: &str = "eth_sendRawTransaction";
const ASLEEP: &str =
    r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"connect ECONNREFUSED"}}"#;
const POOR: &str =
    r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"insufficient funds"}}"#;
const NEITHER: &str = r#"{"jsonrpc":"2.0","id":$ID}"#;

/// Two miners, and which of them the client meets first.
async fn miners() -> (Proxy, &'static str, &'static str) {
    let cast = ["one", "two"].map(|id| node(id, Pool::Write, [Act::Echo]));
    let proxy = Proxy::start(config(Profile::TxProxy), cast.into());
    proxy.post(call("7", SEND)).await;
    let (home, other) = match proxy.count("one") {
        1 => ("one", "two"),
        _ => ("two", "one"),
    };
    (proxy, home, other)
}

#[tokio::test(start_paused = true)]
async fn a_miner_in_trouble_of_its_own_is_passed_over_for_half_a_minute() {
    for (text, hears) in [
        (ASLEEP, "connect ECONNREFUSED"),
        (NEITHER, "outcome_unknown"),
    ] {
        let (proxy, home, other) = miners().await;
        proxy.script(home, [Act::Say(200, text)]);
        for _ in 0..3 {
            assert_eq!(gist(&proxy.post(call("7", SEND)).await), hears);
        }
        let elsewhere = format!("{other}/{SEND}");
        for _ in 0..3 {
            assert_eq!(gist(&proxy.post(call("7", SEND)).await), elsewhere);
        }
        let found = proxy.metric("headway_miners_not_ready_total");
        assert!((found - 1.0).abs() < 0.1, "{found}");
        proxy.pass(seconds(30)).await;
        assert_eq!(
            gist(&proxy.post(call("7", SEND)).await),
            hears,
            "tried again"
        );
        assert_eq!(gist(&proxy.post(call("7", SEND)).await), elsewhere, "once");
        proxy.script(home, [Act::Echo]);
        proxy.pass(seconds(30)).await;
        for _ in 0..3 {
            let back = format!("{home}/{SEND}");
            assert_eq!(gist(&proxy.post(call("7", SEND)).await), back);
        }
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn faults_of_senders_are_no_fault_of_the_miner() {
    let (proxy, home, other) = miners().await;
    proxy.script(home, [Act::Say(200, POOR)]);
    for _ in 0..10 {
        assert_eq!(
            gist(&proxy.post(call("7", SEND)).await),
            "insufficient funds"
        );
    }
    assert_eq!((proxy.count(home), proxy.count(other)), (11, 0));
    proxy.settle().await;
}
