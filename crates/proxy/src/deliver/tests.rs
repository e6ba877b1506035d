//! Stories about tries: who is asked, how often, how long, and what the client hears in the end.

use std::time::Duration;

use config::checked::Config;
use config::checked::Profile;
use rules::ids::Pool;
use rules::table::Standing;

use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::client::Heard;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;

mod judged;
mod ladder;
mod load;
mod lookups;
mod miners;
mod sends;

const NOW: Duration = Duration::ZERO;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn after(wait: u64, act: Act) -> Act {
    Act::After(seconds(wait), Box::new(act))
}

/// The result of an answer, the reason of a refusal, or the text of a node's own error.
fn gist(heard: &Heard) -> String {
    let json = heard.json();
    let said = [
        json["result"].as_str(),
        json["error"]["data"]["reason"].as_str(),
        json["error"]["message"].as_str(),
    ];
    said.into_iter()
        .flatten()
        .next()
        .unwrap_or("null")
        .to_owned()
}

/// One call to one cast: what is heard after how long, and how often each node was reached.
struct Story<'a> {
    config: Config,
    cast: Vec<Cast>,
    method: &'a str,
    hears: &'a str,
    after: Duration,
    reached: &'a [(&'a str, usize)],
}

impl Default for Story<'_> {
    fn default() -> Self {
        Self {
            config: config(Profile::TxProxy),
            cast: Vec::new(),
            method: "eth_call",
            hears: "",
            after: NOW,
            reached: &[],
        }
    }
}

async fn check(told: &str, story: Story<'_>) {
    let proxy = Proxy::start(story.config, story.cast);
    let heard = proxy.post(call("7", story.method)).await;
    assert_eq!(
        (gist(&heard).as_str(), heard.took),
        (story.hears, story.after),
        "{told}"
    );
    assert_eq!(heard.json()["id"], 7, "{told}");
    for (node, times) in story.reached {
        assert_eq!(
            proxy.count(node),
            *times,
            "{told}: how often {node} was reached"
        );
    }
    proxy.settle().await;
}

/// Everything a node can do to a read that another node does better.
fn failures() -> Vec<Act> {
    let error = |text| Act::Say(200, text);
    vec![
        Act::Reset,
        Act::Slam,
        Act::Say(200, "<html>"),
        Act::Say(200, ""),
        Act::Say(200, "{}"),
        Act::Say(200, "[]"),
        Act::Say(200, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x"),
        Act::Say(200, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1}}"),
        Act::Say(204, ""),
        Act::Headed(302, "location: http://elsewhere/\r\n", "moved"),
        Act::Say(400, "bad request"),
        Act::Say(401, "who are you"),
        Act::Say(403, "<html>"),
        Act::Say(404, "not found"),
        Act::Say(429, "slow down"),
        Act::Say(500, "broken"),
        Act::Say(502, "<html>"),
        Act::Say(503, "{\"status\":\"away\"}"),
        Act::Cut("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"jsonrpc\":\"2.0\""),
        Act::Cut("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{\"j"),
        Act::Cut("HTTP/1.1 200 OK\r\ncontent-le"),
        Act::Raw("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        Act::Cut("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
        Act::Raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"),
        error(r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"header not found"}}"#),
        error(r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32005,"message":"rate limit"}}"#),
        error(r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":429,"message":"x"}}"#),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_read_fails_over_at_once_whatever_goes_wrong() {
    for act in failures() {
        for method in ["eth_call", "eth_getLogs"] {
            let pool = if method == "eth_call" {
                Pool::Read
            } else {
                Pool::Heavy
            };
            let story = Story {
                cast: vec![
                    node("bad", pool, [act.clone()]),
                    node("good", pool, [Act::Echo]).far(),
                ],
                method,
                hears: &format!("good/{method}"),
                reached: &[("bad", 1), ("good", 1)],
                ..Story::default()
            };
            check(&format!("{act:?}"), story).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_sent_at_most_twice() {
    for act in failures() {
        let cast = ["one", "two", "three"].map(|id| node(id, Pool::Read, [act.clone()]));
        let proxy = Proxy::start(config(Profile::TxProxy), cast.into());
        proxy.post(call("7", "eth_call")).await;
        let reached: usize = ["one", "two", "three"]
            .iter()
            .map(|id| proxy.count(id))
            .sum();
        assert_eq!(reached, 2, "{act:?}");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_gets_nothing_costs_no_try() {
    let story = Story {
        cast: vec![
            refusing("off-1", Pool::Read),
            refusing("off-2", Pool::Read),
            refusing("off-3", Pool::Read),
            node("bad", Pool::Read, [Act::Reset]).far(),
            node("good", Pool::Read, [Act::Echo]).far(),
        ],
        hears: "good/eth_call",
        reached: &[("good", 1)],
        ..Story::default()
    };
    check("refused connections are free", story).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_node_says_stands() {
    for text in [
        r#"{"jsonrpc":"2.0","id":$ID,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":3,"message":"null"}}"#,
        r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32602,"message":"null"}}"#,
        r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"null"}}"#,
        r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32005,"message":"null"}}"#,
    ] {
        let story = Story {
            cast: vec![
                node("first", Pool::Read, [Act::Say(200, text)]),
                node("second", Pool::Read, [Act::Echo]).far(),
            ],
            hears: "null",
            reached: &[("first", 1), ("second", 0)],
            ..Story::default()
        };
        check(text, story).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_nodes_own_error_is_better_than_ours() {
    const MISSING: &str =
        r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"header not found"}}"#;
    const BUSY: &str =
        r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32005,"message":"rate limit"}}"#;
    for (one, two, hears) in [
        (Act::Say(200, MISSING), Act::Reset, "header not found"),
        (
            Act::Say(200, MISSING),
            Act::Say(200, MISSING),
            "header not found",
        ),
        (Act::Say(429, BUSY), Act::Say(500, "x"), "rate limit"),
        (Act::Say(500, "x"), Act::Say(429, BUSY), "rate limit"),
        (Act::Say(500, "x"), Act::Say(500, "x"), "upstream_failed"),
    ] {
        let story = Story {
            cast: vec![
                node("one", Pool::Read, [one.clone()]),
                node("two", Pool::Read, [two.clone()]).far(),
            ],
            hears,
            reached: &[("one", 1), ("two", 1)],
            ..Story::default()
        };
        check(&format!("{one:?} {two:?}"), story).await;
    }
}

fn read(id: &'static str, act: Act) -> Cast {
    node(id, Pool::Read, [act])
}

fn slow(wait: u64) -> Act {
    after(wait, Act::Echo)
}

/// Why, the backends, what is heard, and after how many seconds.
type Patience = (&'static str, fn() -> Vec<Cast>, &'static str, u64);

const PATIENCE: [Patience; 8] = [
    (
        "another one answers",
        || vec![read("one", Act::Hang), read("two", Act::Echo).far()],
        "two/eth_call",
        10,
    ),
    (
        "the last one has the rest",
        || vec![read("one", Act::Hang), read("two", slow(44)).far()],
        "two/eth_call",
        54,
    ),
    (
        "and no more",
        || vec![read("one", Act::Hang), read("two", Act::Hang).far()],
        "upstream_timeout",
        55,
    ),
    (
        "an only one has it all",
        || vec![read("one", slow(54))],
        "one/eth_call",
        54,
    ),
    (
        "it is no other one because it leads",
        || vec![read("one", slow(54)).leads()],
        "one/eth_call",
        54,
    ),
    (
        "one that is down is no alternative",
        || {
            vec![
                read("one", slow(54)),
                read("two", Act::Echo).standing(Standing::Down),
            ]
        },
        "one/eth_call",
        54,
    ),
    (
        "the leader is one",
        || vec![read("one", Act::Hang), read("two", Act::Echo).leader()],
        "two/eth_call",
        10,
    ),
    (
        "of those that are down each is as good",
        || {
            vec![
                read("one", Act::Hang).standing(Standing::Down),
                read("two", Act::Echo).standing(Standing::Down),
            ]
        },
        "two/eth_call",
        10,
    ),
];

#[tokio::test(start_paused = true)]
async fn a_try_has_ten_seconds_while_somebody_else_is_left() {
    for (told, cast, hears, wait) in PATIENCE {
        let story = Story {
            cast: cast(),
            hears,
            after: seconds(wait),
            ..Story::default()
        };
        check(told, story).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_serves_other_pools_is_no_alternative() {
    let story = Story {
        cast: vec![
            node("miner", Pool::Write, [after(54, Act::Echo)]),
            node("leader", Pool::Read, [Act::Echo]).leader(),
        ],
        method: "eth_gasPrice",
        hears: "miner/eth_gasPrice",
        after: seconds(54),
        reached: &[("leader", 0)],
        ..Story::default()
    };
    check("gas price", story).await;
}

#[tokio::test(start_paused = true)]
async fn a_heavy_call_is_never_repeated_after_a_timeout() {
    let story = Story {
        cast: vec![
            node("one", Pool::Heavy, [Act::Hang]),
            node("two", Pool::Heavy, [Act::Echo]).far(),
        ],
        method: "eth_getLogs",
        hears: "upstream_timeout",
        after: seconds(55),
        reached: &[("one", 1), ("two", 0)],
        ..Story::default()
    };
    check("logs", story).await;
}

#[tokio::test(start_paused = true)]
async fn retries_end_with_the_budget() {
    let mut config = config(Profile::TxProxy);
    config.retry.budget_tokens = 3;
    config.retry.budget_percent = 0;
    let cast = vec![
        node("bad", Pool::Read, [Act::Say(500, "x")]),
        node("good", Pool::Read, [Act::Echo]).far(),
    ];
    let proxy = Proxy::start(config, cast);
    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.push(gist(&proxy.post(call("7", "eth_call")).await));
    }
    let good = "good/eth_call";
    assert_eq!(heard, [good, good, good, "upstream_failed"]);
    let retried = proxy.metric("headway_retries_total{reason=\"broken\"}");
    assert!((retried - 3.0).abs() < 0.1, "{retried}");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_read_whose_client_leaves_is_cancelled() {
    for (method, pool) in [("eth_call", Pool::Read), ("eth_getLogs", Pool::Heavy)] {
        let proxy = Proxy::start(
            config(Profile::TxProxy),
            vec![node("one", pool, [Act::Hang])],
        );
        proxy.post_and_leave(call("7", method), seconds(1)).await;
        proxy.settle().await;
        assert_eq!((proxy.count("one"), proxy.left("one")), (1, 1), "{method}");
        let left = proxy.metric("headway_http_requests_total{code=\"499\"}");
        assert!((left - 1.0).abs() < 0.1, "{left}");
    }
}
