//! Stories about batches taken apart: legs and backends that answer them badly, and rows of sends.

use std::time::Duration;

use config::checked::Config;
use config::checked::Profile;
use futures_util::future::join;
use rules::ids::Pool;

use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::client::Heard;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::client::notification;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;

const READ: &str = "eth_call";
const SEND: &str = "eth_sendRawTransaction";

fn drop_in() -> Config {
    config(Profile::TxProxy)
}

fn second(act: Act) -> Act {
    Act::After(Duration::from_secs(1), Box::new(act))
}

/// Calls of one method with the ids 10, 11, 12…
fn calls(method: &str, count: usize) -> Vec<String> {
    (10..10 + count)
        .map(|id| call(&id.to_string(), method))
        .collect()
}

/// Each answer as its id and who gave it, or why nobody did.
fn told(heard: &Heard) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let told = |answer: &serde_json::Value| {
        let said = text(&answer["result"])
            .map(|result| result.split('/').next().unwrap().to_owned())
            .or_else(|| text(&answer["error"]["data"]["reason"]))
            .or_else(|| text(&answer["error"]["message"]));
        format!("{} {}", answer["id"], said.unwrap())
    };
    heard.json().as_array().unwrap().iter().map(told).collect()
}

/// A batch of three reads, the first of two nodes answering so: what is heard, and how often the
/// two were reached.
async fn check(act: Act, wanted: [&str; 3], reached: (usize, usize)) {
    let cast = vec![
        node("bad", Pool::Read, [act.clone()]),
        node("good", Pool::Read, [Act::Echo]).far(),
    ];
    let proxy = Proxy::start(drop_in(), cast);
    let heard = proxy.post(batch(&calls(READ, 3))).await;
    assert_eq!(
        (heard.status, told(&heard)),
        (200, wanted.map(str::to_owned).into()),
        "{act:?}"
    );
    assert_eq!(
        (proxy.count("bad"), proxy.count("good")),
        reached,
        "{act:?}"
    );
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn answers_are_matched_by_our_ids_and_nothing_else() {
    let all = ["10 bad", "11 bad", "12 bad"];
    let reversed = |answers: Vec<String>| batch(&answers.into_iter().rev().collect::<Vec<_>>());
    check(Act::Parts(reversed), all, (1, 0)).await;
    let retyped = |answers: Vec<String>| batch(&answers).replace("\"id\":1,", "\"id\":\"1\",");
    check(Act::Parts(retyped), all, (1, 0)).await;
    let more = |mut answers: Vec<String>| {
        answers.insert(
            0,
            r#"{"jsonrpc":"2.0","id":99,"result":"stranger/"}"#.to_owned(),
        );
        answers.insert(
            0,
            r#"{"jsonrpc":"2.0","id":null,"result":"stranger/"}"#.to_owned(),
        );
        answers.insert(0, r#"{"jsonrpc":"2.0","result":"stranger/"}"#.to_owned());
        answers.insert(0, "17".to_owned());
        answers.push(r#"{"jsonrpc":"2.0","id":1,"result":"stranger/"}"#.to_owned());
        batch(&answers)
    };
    check(Act::Parts(more), all, (1, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn what_one_backend_leaves_out_another_one_is_asked_for() {
    check(
        Act::Parts(|answers| batch(&answers[1..2])),
        ["10 good", "11 bad", "12 good"],
        (1, 1),
    )
    .await;
    check(
        Act::Parts(|answers| batch(&answers).replace("\"id\":2", "\"id\":null")),
        ["10 bad", "11 bad", "12 good"],
        (1, 1),
    )
    .await;
    let missing = |answers: Vec<String>| {
        let error = r#""error":{"code":-32000,"message":"header not found"}"#;
        batch(&answers).replacen(r#""result":"bad/eth_call""#, error, 1)
    };
    check(Act::Parts(missing), ["10 good", "11 bad", "12 bad"], (1, 1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_backends_own_error_stands_when_nobody_does_better() {
    let missing = |answers: Vec<String>| {
        let error = r#""error":{"code":-32000,"message":"header not found"}"#;
        batch(&answers).replacen(r#""result":"bad/eth_call""#, error, 1)
    };
    let cast = vec![
        node("bad", Pool::Read, [Act::Parts(missing)]),
        refusing("off", Pool::Read),
    ];
    let proxy = Proxy::start(drop_in(), cast);
    let heard = proxy.post(batch(&calls(READ, 2))).await;
    assert_eq!(told(&heard), ["10 header not found", "11 bad"]);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn holes_that_nobody_fills_are_errors_of_their_own() {
    let hole = || [Act::Parts(|answers| batch(&answers[1..]))];
    for cast in [
        vec![node("one", Pool::Read, hole())],
        vec![node("one", Pool::Read, hole()), refusing("two", Pool::Read)],
    ] {
        let proxy = Proxy::start(drop_in(), cast);
        let heard = proxy.post(batch(&calls(READ, 3))).await;
        assert_eq!(told(&heard), ["10 upstream_failed", "11 one", "12 one"]);
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_batch_fails_over_like_a_single_read() {
    for act in [
        Act::Reset,
        Act::Slam,
        Act::Say(200, "<html>"),
        Act::Say(200, "[{\"id\":0"),
        Act::Say(500, ""),
        Act::Say(429, ""),
        Act::Say(200, "[]"),
    ] {
        check(act, ["10 good", "11 good", "12 good"], (1, 1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_of_a_batch_is_sent_more_than_twice() {
    let hole = || [Act::Parts(|answers| batch(&answers[1..]))];
    let cast = vec![
        node("one", Pool::Read, [Act::Reset]),
        node("two", Pool::Read, hole()).far(),
        node("three", Pool::Read, hole()).far(),
    ];
    let proxy = Proxy::start(drop_in(), cast);
    proxy.post(batch(&calls(READ, 3))).await;
    let reached = ["one", "two", "three"].map(|id| proxy.count(id));
    assert_eq!(reached.iter().sum::<usize>(), 2, "{reached:?}");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_takes_no_batches_gets_single_calls_a_few_at_a_time() {
    const NO: Act = Act::Say(
        200,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no batches"}}"#,
    );
    let cast = vec![node("one", Pool::Read, [NO, second(Act::Echo)])];
    let proxy = Proxy::start(drop_in(), cast);
    let calls = calls(READ, 40);
    let wanted: Vec<_> = (10..50).map(|id| format!("{id} one")).collect();
    let heard = proxy.post(batch(&calls)).await;
    assert_eq!(
        (told(&heard), heard.took),
        (wanted.clone(), Duration::from_secs(3))
    );
    assert_eq!(proxy.count("one"), 41);
    // It is not asked again whether it takes them.
    let heard = proxy.post(batch(&calls)).await;
    assert_eq!(told(&heard), wanted);
    assert_eq!(proxy.count("one"), 81);
    let connections = proxy.got("one").iter().map(|got| got.connection).max();
    assert!(connections <= Some(16), "{connections:?}");
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn legs_carry_ids_of_ours_and_the_clients_own_words() {
    let proxy = Proxy::start(drop_in(), vec![node("one", Pool::Read, [Act::Echo])]);
    let odd =
        r#"{ "extra":1,"params":{"a":1.0},"id":"x","method":"eth\u005fcall","jsonrpc":"2.0"}"#;
    let heard = proxy
        .post(batch(&[odd, &notification(READ), &call("\"x\"", READ)]))
        .await;
    assert_eq!(told(&heard), ["\"x\" one", "\"x\" one"]);
    let sent = [
        r#"{"jsonrpc":"2.0","id":0,"method":"eth\u005fcall","params":{"a":1.0}}"#,
        r#"{"jsonrpc":"2.0","method":"eth_call","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"eth_call","params":[]}"#,
    ];
    assert_eq!(proxy.got("one")[0].body, batch(&sent));
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn long_legs_are_cut() {
    let mut config = drop_in();
    config.batch.leg_calls = 2;
    let proxy = Proxy::start(config, vec![node("one", Pool::Read, [second(Act::Echo)])]);
    let heard = proxy.post(batch(&calls(READ, 5))).await;
    assert_eq!(
        told(&heard),
        ["10 one", "11 one", "12 one", "13 one", "14 one"]
    );
    assert_eq!(
        (proxy.count("one"), heard.took),
        (3, Duration::from_secs(1))
    );
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_in_a_batch_is_held_and_may_fail_over() {
    for (act, reached) in [(Act::Long(200_000), (1, 0)), (Act::Broken(200_000), (1, 1))] {
        let cast = vec![
            node("bad", Pool::Read, [act]),
            node("good", Pool::Read, [Act::Long(200_000)]).far(),
        ];
        let proxy = Proxy::start(drop_in(), cast);
        let heard = proxy.post(batch(&calls(READ, 1))).await;
        assert_eq!(
            heard.json()[0]["result"].as_str().map(str::len),
            Some(200_000)
        );
        assert_eq!((proxy.count("bad"), proxy.count("good")), reached);
        proxy.settle().await;
    }
}

/// Sends of one batch to these miners: what is heard after how long, and the order in which the
/// one miner that got any got them.
async fn sends(cast: Vec<Cast>, count: usize, wanted: &[&str], (took, miner): (u64, &str)) {
    let ids: Vec<_> = cast.iter().map(Cast::id).collect();
    let proxy = Proxy::start(drop_in(), cast);
    let heard = proxy.post(batch(&calls(SEND, count))).await;
    assert_eq!(
        (told(&heard).as_slice(), heard.took),
        (
            wanted
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
                .as_slice(),
            Duration::from_secs(took)
        )
    );
    for id in ids.into_iter().filter(|id| *id != miner) {
        assert_eq!(proxy.count(id), 0, "{id}");
    }
    let got: Vec<_> = proxy.got(miner).into_iter().map(|got| got.body).collect();
    let places = (0..got.len()).map(|place| call(&place.to_string(), SEND));
    assert_eq!(got, places.collect::<Vec<_>>());
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn sends_go_one_after_another_to_one_miner() {
    let good = || vec![second(Act::Echo)];
    let one = || node("one", Pool::Write, good());
    let three = ["10 one", "11 one", "12 one"];
    sends(vec![one()], 3, &three, (3, "one")).await;
    sends(
        vec![refusing("off", Pool::Write), one()],
        3,
        &three,
        (3, "one"),
    )
    .await;
    sends(
        vec![one(), refusing("two", Pool::Write)],
        3,
        &three,
        (3, "one"),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn sends_of_a_batch_meet_the_same_of_many_miners() {
    let miners = ["miner-1", "miner-2", "miner-3"];
    let cast = miners.map(|id| node(id, Pool::Write, [Act::Echo]));
    let proxy = Proxy::start(drop_in(), cast.into());
    proxy.post(batch(&calls(SEND, 9))).await;
    let mut reached = miners.map(|id| proxy.count(id));
    reached.sort_unstable();
    assert_eq!(reached, [0, 0, 9]);
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_miner_that_comes_back_amid_a_batch_gets_none_of_its_sends() {
    // One of the two is the miner this client would meet.
    for (on, off) in [("one", "two"), ("two", "one")] {
        let cast = vec![
            node(on, Pool::Write, [second(Act::Echo)]),
            refusing(off, Pool::Write),
        ];
        let proxy = Proxy::start(drop_in(), cast);
        let comes_back = async {
            proxy.pass(Duration::from_millis(500)).await;
            proxy.listen(off)
        };
        let sent = proxy.post(batch(&calls(SEND, 3)));
        let (heard, mut queue) = join(sent, comes_back).await;
        assert_eq!(
            told(&heard),
            ["10", "11", "12"].map(|id| format!("{id} {on}"))
        );
        assert!(queue.try_recv().is_err());
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_that_fails_is_not_repeated_and_does_not_stop_the_others() {
    let acts = vec![Act::Echo, Act::Reset, Act::Echo];
    let wanted = ["10 one", "11 outcome_unknown", "12 one"];
    sends(vec![node("one", Pool::Write, acts)], 3, &wanted, (0, "one")).await;
}

#[tokio::test(start_paused = true)]
async fn what_would_leave_after_the_deadline_is_not_sent() {
    let wanted = [
        "10 outcome_unknown",
        "11 upstream_timeout",
        "12 upstream_timeout",
    ];
    sends(
        vec![node("one", Pool::Write, [Act::Hang])],
        3,
        &wanted,
        (50, "one"),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_cancels_its_reads_and_none_of_its_sends() {
    let cast = vec![
        node("read", Pool::Read, [Act::Hang]),
        node("miner", Pool::Write, [second(Act::Echo)]),
    ];
    let proxy = Proxy::start(drop_in(), cast);
    let both = [calls(READ, 2), calls(SEND, 3)].concat();
    proxy
        .post_and_leave(batch(&both), Duration::from_millis(500))
        .await;
    proxy.pass(Duration::from_secs(5)).await;
    assert_eq!((proxy.count("read"), proxy.left("read")), (1, 1));
    assert_eq!(proxy.count("miner"), 3);
    proxy.settle().await;
}
