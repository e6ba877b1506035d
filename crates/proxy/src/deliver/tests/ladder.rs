//! Stories about the fallback ladder and about passive ejection.

use std::time::Duration;

use config::checked::Profile;
use futures_util::future::join_all;
use rules::ids::Pool;
use rules::table::Standing;

use super::Story;
use super::check;
use super::gist;
use super::seconds;
use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;

fn read(id: &'static str, standing: Standing) -> Cast {
    node(id, Pool::Read, [Act::Echo]).standing(standing)
}

fn leader() -> Cast {
    node("leader", Pool::Read, [Act::Echo]).leader()
}

/// A profile, its backends, a method, and what a call of it hears.
type Rung = (Profile, fn() -> Vec<Cast>, &'static str, &'static str);

const LADDER: [Rung; 10] = [
    (
        Profile::TxProxy,
        || {
            vec![
                read("down", Standing::Down),
                read("good", Standing::Eligible),
                leader(),
            ]
        },
        "eth_call",
        "good/eth_call",
    ),
    (
        Profile::TxProxy,
        || vec![read("lagging", Standing::Lagging), leader()],
        "eth_call",
        "leader/eth_call",
    ),
    (
        Profile::TxProxy,
        || {
            vec![
                read("wrong", Standing::WrongChain),
                read("down", Standing::Down),
                read("forked", Standing::Forked),
                read("lagging", Standing::Lagging),
            ]
        },
        "eth_call",
        "lagging/eth_call",
    ),
    (
        Profile::TxProxy,
        || {
            vec![
                read("down", Standing::Down),
                read("forked", Standing::Forked),
            ]
        },
        "eth_call",
        "forked/eth_call",
    ),
    (
        Profile::TxProxy,
        || vec![read("wrong", Standing::WrongChain)],
        "eth_call",
        "no_backend",
    ),
    (
        Profile::Evm,
        || vec![read("lagging", Standing::Lagging)],
        "eth_call",
        "no_backend",
    ),
    (
        Profile::Evm,
        || vec![read("lagging", Standing::Lagging)],
        "eth_chainId",
        "lagging/eth_chainId",
    ),
    (
        Profile::Evm,
        || vec![read("lagging", Standing::Lagging), leader()],
        "eth_call",
        "leader/eth_call",
    ),
    (
        // The leader does not serve miners' calls unless it was named for them.
        Profile::TxProxy,
        || vec![leader()],
        "eth_gasPrice",
        "no_backend",
    ),
    (
        Profile::TxProxy,
        || vec![leader()],
        "eth_sendRawTransaction",
        "no_backend",
    ),
];

#[tokio::test(start_paused = true)]
async fn each_step_of_the_ladder_is_taken_in_turn() {
    for (profile, cast, method, hears) in LADDER {
        let story = Story {
            config: config(profile),
            cast: cast(),
            method,
            hears,
            ..Story::default()
        };
        check(&format!("{profile:?} {method} {hears}"), story).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_leader_takes_256_calls_at_a_time() {
    let cast = vec![
        node("down", Pool::Read, [Act::Echo]).standing(Standing::Down),
        node("leader", Pool::Read, [Act::Hang]).leader(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let asked = (0..300).map(|_| proxy.post(call("7", "eth_call")));
    // Those at the leader wait there for nothing and are then brought to the other.
    let heard = join_all(asked).await;
    assert_eq!(proxy.count("leader"), 256);
    let at_once = heard.iter().filter(|heard| heard.took < seconds(1));
    assert_eq!(at_once.count(), 44);
    let picks = proxy.metric("headway_pool_picks_total{pool=\"read\",step=\"leader\"}");
    assert!((picks - 256.0).abs() < 0.1, "{picks}");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_eject_for_half_a_minute() {
    let fails = vec![Act::Say(500, "x"); 5];
    let acts = [fails.clone(), vec![Act::Echo]].concat();
    let cast = vec![
        node("flaky", Pool::Read, acts),
        node("good", Pool::Read, [Act::Echo]).far(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    for _ in 0..8 {
        let heard = proxy.post(call("7", "eth_call")).await;
        assert_eq!(gist(&heard), "good/eth_call");
    }
    assert_eq!(proxy.count("flaky"), 5);
    assert!((proxy.metric("headway_backend_ejections_total") - 1.0).abs() < 0.1);
    proxy.pass(seconds(29)).await;
    proxy.post(call("7", "eth_call")).await;
    assert_eq!(proxy.count("flaky"), 5);
    proxy.pass(seconds(2)).await;
    let heard = proxy.post(call("7", "eth_call")).await;
    assert_eq!(gist(&heard), "flaky/eth_call");
    // The second time it is out for twice as long.
    proxy.script("flaky", fails);
    for _ in 0..6 {
        proxy.post(call("7", "eth_call")).await;
    }
    assert_eq!(proxy.count("flaky"), 11);
    proxy.pass(seconds(59)).await;
    proxy.post(call("7", "eth_call")).await;
    assert_eq!(proxy.count("flaky"), 11);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn failures_with_answers_between_them_eject_nobody() {
    let fails = vec![Act::Say(500, "x"); 4];
    let acts = [fails.clone(), vec![Act::Echo], fails, vec![Act::Echo]].concat();
    let cast = vec![
        node("flaky", Pool::Read, acts),
        node("good", Pool::Read, [Act::Echo]).far(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    for _ in 0..12 {
        proxy.post(call("7", "eth_call")).await;
    }
    assert_eq!(proxy.count("flaky"), 12);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn without_anybody_else_to_ask_nothing_is_taken_from_the_budget() {
    const MISSING: &str =
        r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"header not found"}}"#;
    for (others, taken) in [(0, 0), (1, 21)] {
        let cast = (0..=others)
            .map(|_| node("alone", Pool::Read, [Act::Say(200, MISSING)]))
            .collect();
        let proxy = Proxy::start(config(Profile::TxProxy), cast);
        let budget = proxy.worker.live.budget(Pool::Read);
        let before = budget.tokens();
        for _ in 0..25 {
            let heard = proxy.post(call("7", "eth_call")).await;
            assert_eq!(gist(&heard), "header not found");
        }
        // Each call but the first, which found it full, gives a fifth of a token back.
        assert_eq!(before - budget.tokens(), taken);
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_backend_is_left_alone_for_a_second() {
    let cast = vec![
        node("busy", Pool::Read, [Act::Say(429, "slow down")]),
        node("good", Pool::Read, [Act::Echo]).far(),
    ];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    for (tries, pause) in [(1, 0), (1, 900), (2, 200), (3, 1100)] {
        tokio::time::advance(Duration::from_millis(pause)).await;
        for _ in 0..500 {
            assert_eq!(proxy.post(call("7", "eth_call")).await.status, 200);
        }
        assert_eq!(proxy.count("busy"), tries);
    }
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn reads_leave_a_backend_that_is_found_down_and_sends_do_not() {
    for (method, pool, hears, after) in [
        ("eth_call", Pool::Read, "good/eth_call", 3.0),
        ("eth_getLogs", Pool::Heavy, "good/eth_getLogs", 3.0),
        (
            "eth_sendRawTransaction",
            Pool::Write,
            "outcome_unknown",
            50.0,
        ),
    ] {
        let cast = vec![
            node("hangs", pool, [Act::Hang]),
            node("good", pool, [Act::Echo]).far(),
        ];
        let proxy = Proxy::start(config(Profile::TxProxy), cast);
        let found_down = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            proxy.worker.live.snapshot().backends[0]
                .down
                .notify_waiters();
        };
        let clock = proxy.worker.clock;
        let begun = clock.now();
        let client = async {
            // Sends have a miner by rendezvous, so the good one is taken away for them.
            if pool == Pool::Write {
                proxy.kill("good");
            }
            let heard = proxy.post(call("7", method)).await;
            (gist(&heard), clock.now().since(begun))
        };
        let ((heard, took), ()) = tokio::join!(client, found_down);
        assert!(
            (took.as_secs_f64() - after).abs() < 0.01,
            "{method} {took:?}"
        );
        assert_eq!(heard, hears, "{method}");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn timeouts_and_broken_answers_eject_and_nothing_else_does() {
    const ERROR: &str = r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":3,"message":"reverted"}}"#;
    for (act, ejections) in [
        (Act::Hang, 1.0),
        (Act::Say(500, "x"), 1.0),
        (Act::Say(500, ERROR), 1.0),
        (Act::Say(200, "<html>"), 1.0),
        (Act::Say(200, ERROR), 0.0),
        // What breaks connections is looked into by the prober at once.
        (Act::Reset, 0.0),
        (Act::Slam, 0.0),
    ] {
        let cast = vec![
            node("one", Pool::Read, [act.clone()]),
            node("two", Pool::Read, [Act::Echo]).far(),
        ];
        let proxy = Proxy::start(config(Profile::TxProxy), cast);
        for _ in 0..7 {
            proxy.post(call("7", "eth_call")).await;
        }
        let ejected = proxy.metric("headway_backend_ejections_total");
        assert!((ejected - ejections).abs() < 0.1, "{act:?} {ejected}");
        let reached = if ejections > 0.5 { 5 } else { 7 };
        assert_eq!(proxy.count("one"), reached, "{act:?}");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn failures_never_make_a_backend_look_quicker() {
    let slow = |act| Act::After(seconds(1), Box::new(act));
    for (act, micros) in [
        (Act::Say(429, "x"), 400_000),
        (Act::Say(500, "x"), 400_000),
        (Act::Reset, 800_000),
        (slow(Act::Say(429, "x")), 1_000_000),
        (slow(Act::Say(500, "x")), 1_000_000),
        (slow(Act::Reset), 1_000_000),
        (Act::Hang, 55_000_000),
    ] {
        let first = Act::After(Duration::from_millis(200), Box::new(Act::Echo));
        let cast = vec![node("one", Pool::Read, [first, act.clone()])];
        let proxy = Proxy::start(config(Profile::TxProxy), cast);
        let latency = || {
            proxy.worker.live.snapshot().backends[0]
                .vitals
                .load
                .latency_micros()
        };
        proxy.post(call("7", "eth_call")).await;
        assert_eq!(latency(), Some(200_000));
        proxy.post(call("7", "eth_call")).await;
        assert_eq!(latency(), Some(micros), "{act:?}");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn broken_connections_wake_the_prober() {
    for (cast, wakes) in [
        (node("one", Pool::Read, [Act::Reset]), true),
        (refusing("one", Pool::Read), true),
        (node("one", Pool::Read, [Act::Say(200, "<html>")]), false),
        (node("one", Pool::Read, [Act::Hang]), false),
    ] {
        let proxy = Proxy::start(config(Profile::TxProxy), vec![cast]);
        for _ in 0..3 {
            proxy.post(call("7", "eth_call")).await;
        }
        let trouble = proxy.worker.live.trouble.notified();
        let woken = tokio::time::timeout(seconds(1), trouble).await.is_ok();
        assert_eq!(woken, wakes);
    }
}

#[tokio::test(start_paused = true)]
async fn ejections_never_take_more_than_half_of_a_pool() {
    for (nodes, out) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
        let ids = ["a", "b", "c", "d", "e"];
        let cast = ids[..nodes]
            .iter()
            .map(|id| node(id, Pool::Read, [Act::Say(500, "x")]));
        let mut config = config(Profile::TxProxy);
        config.retry.tries = 1;
        let proxy = Proxy::start(config, cast.collect());
        let mut most = 0;
        for _ in 0..100 {
            proxy.post(call("7", "eth_call")).await;
            let (snapshot, now) = (proxy.worker.live.snapshot(), proxy.worker.clock.now());
            let places = snapshot.table.places().iter();
            let ejected = places.filter(|place| place.vitals.ejection.is_out(now));
            most = ejected.count().max(most);
        }
        assert_eq!(most, out, "of {nodes}");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_long_to_hold_is_nobodys_fault() {
    let mut config = config(Profile::TxProxy);
    config.limits.answer_bytes = 100;
    let cast = vec![
        node("one", Pool::Read, [Act::Long(20_000)]),
        node("two", Pool::Read, [Act::Long(20_000)]).far(),
    ];
    let proxy = Proxy::start(config, cast);
    let calls = vec![call("7", "eth_call"); 10];
    for _ in 0..6 {
        let heard = proxy.post(crate::harness::client::batch(&calls)).await;
        let answers = heard.json();
        let answers = answers.as_array().unwrap();
        assert_eq!(answers.len(), 10);
        assert!(
            answers
                .iter()
                .all(|a| a["error"]["data"]["reason"] == "upstream_failed")
        );
    }
    assert_eq!((proxy.count("one"), proxy.count("two")), (6, 0));
    assert!(proxy.metric("headway_backend_ejections_total") < 0.1);
    proxy.settle().await;
}
