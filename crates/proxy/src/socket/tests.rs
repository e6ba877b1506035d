//! Stories about WebSockets that end here: calls, limits, and how sockets end.

use std::time::Duration;

use config::checked::Config;
use config::checked::Profile;
use futures_util::SinkExt;
use futures_util::StreamExt;
use rules::ids::Pool;
use rules::table::Standing;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

use crate::harness::Proxy;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::client::notification;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

mod doors;
mod ways;

fn start(config: Config, acts: impl Into<Vec<Act>>) -> Proxy {
    Proxy::start(config, vec![node("read-1", Pool::Read, acts)])
}

fn drop_in(acts: impl Into<Vec<Act>>) -> Proxy {
    start(config(Profile::TxProxy), acts)
}

/// Everything of a socket is gone within a second.
async fn nothing_is_left(proxy: &Proxy) {
    proxy.pass(Duration::from_secs(1)).await;
    assert_eq!(proxy.worker.metrics.sockets.open.get(), 0, "sockets");
    assert_eq!(proxy.worker.live.sockets.clients(), 0, "clients");
    proxy.settle().await;
}

fn answer(id: &str, method: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":\"read-1/{method}\"}}")
}

#[tokio::test(start_paused = true)]
async fn calls_and_batches_are_answered_over_one_socket() {
    let proxy = drop_in([Act::Echo]);
    let mut caller = proxy.open().await;
    let said = caller.ask(&call("\"a\"", "eth_call")).await;
    assert_eq!(said, answer("\"a\"", "eth_call"));
    let said = caller
        .ask(&batch(&[call("1", "eth_call"), call("2", "eth_chainId")]))
        .await;
    let wanted = batch(&[answer("1", "eth_call"), answer("2", "eth_chainId")]);
    assert_eq!(said, wanted);
    // Binary messages and fragments are messages like others; answers are texts.
    let text = call("3", "eth_call").into_bytes();
    caller.send(text).await;
    assert_eq!(caller.text().await, answer("3", "eth_call"));
    let text = call("4", "eth_call");
    let (head, tail) = text.split_at(20);
    for (code, piece, last) in [(Data::Text, head, false), (Data::Continue, tail, true)] {
        let piece = piece.to_owned().into_bytes();
        let frame = Frame::message(piece, OpCode::Data(code), last);
        caller.send(Message::Frame(frame)).await;
    }
    assert_eq!(caller.text().await, answer("4", "eth_call"));
    drop(caller);
    nothing_is_left(&proxy).await;
    assert!((proxy.metric("headway_ws_closes_total{reason=\"client\"}") - 1.0).abs() < 0.1);
}

#[tokio::test(start_paused = true)]
async fn what_wants_no_answer_gets_none() {
    let proxy = drop_in([Act::Echo]);
    let mut caller = proxy.open().await;
    for silent in [
        notification("eth_call"),
        // viem's sign of life, which the lists of the drop-in refuse under another name.
        notification("net_version"),
        batch(&[notification("eth_call"), notification("eth_nonsense")]),
        r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#.to_owned(),
    ] {
        caller.send(silent.as_str()).await;
    }
    let said = caller.ask(&call("9", "eth_call")).await;
    assert_eq!(said, answer("9", "eth_call"));
}

/// Messages of which the original dies, or to which it says what is no JSON-RPC.
#[tokio::test(start_paused = true)]
async fn no_message_ends_a_socket_or_hurts_another() {
    let proxy = drop_in([Act::Echo]);
    let (mut caller, mut other) = (proxy.open().await, proxy.open().await);
    let deep = "[".repeat(100_000);
    for (message, code) in [
        ("null", -32600),
        ("5", -32600),
        ("true", -32600),
        ("[]", -32600),
        ("{}", -32600),
        ("", -32700),
        ("{", -32700),
        ("{}{}", -32700),
        (deep.as_str(), -32600),
    ] {
        let said: serde_json::Value = serde_json::from_str(&caller.ask(message).await).unwrap();
        assert_eq!(said["error"]["code"], code, "{message:.20}");
        assert_eq!(said["id"], serde_json::Value::Null, "{message:.20}");
    }
    let said: serde_json::Value = serde_json::from_str(&caller.ask("[null]").await).unwrap();
    assert_eq!(said[0]["error"]["code"], -32600);
    caller.send(vec![0xff, 0xfe]).await;
    assert!(caller.text().await.contains("-32700"));
    for caller in [&mut caller, &mut other] {
        let said = caller.ask(&call("1", "eth_call")).await;
        assert_eq!(said, answer("1", "eth_call"));
    }
}

/// A frame as no proper client sends it.
fn frame(code: Data, set: fn(&mut FrameHeader), payload: Vec<u8>) -> Message {
    let mut frame = Frame::message(payload, OpCode::Data(code), true);
    set(frame.header_mut());
    Message::Frame(frame)
}

#[tokio::test(start_paused = true)]
async fn broken_frames_close_their_own_socket_with_the_right_code() {
    let mut config = config(Profile::TxProxy);
    config.ws.message_bytes = 1000;
    let proxy = start(config, [Act::Echo]);
    let mut other = proxy.open().await;
    let as_it_is = |_: &mut FrameHeader| {};
    for (message, code, reason) in [
        (Message::from("x".repeat(1001)), 1009, "too_big"),
        (frame(Data::Text, as_it_is, vec![0xff]), 1007, "not_text"),
        (
            frame(Data::Text, |head| head.rsv1 = true, vec![b'x']),
            1002,
            "protocol",
        ),
        (
            frame(Data::Continue, as_it_is, vec![b'x']),
            1002,
            "protocol",
        ),
        (
            frame(Data::Reserved(5), as_it_is, vec![b'x']),
            1002,
            "protocol",
        ),
    ] {
        let counter = format!("headway_ws_closes_total{{reason=\"{reason}\"}}");
        let before = proxy.metric(&counter);
        let mut caller = proxy.open().await;
        caller.send(message).await;
        assert_eq!(caller.code().await, Some(code), "{reason}");
        assert!(proxy.metric(&counter) > before, "{reason}");
    }
    // Fragments count together.
    let mut caller = proxy.open().await;
    for code in [Data::Text, Data::Continue] {
        let frame = Frame::message(vec![b'1'; 600], OpCode::Data(code), false);
        caller.send(Message::Frame(frame)).await;
    }
    assert_eq!(caller.code().await, Some(1009));
    drop(caller);
    // A frame without a mask is none of a client's.
    let mut caller = proxy.open().await;
    caller.0.get_mut().write_all(b"\x81\x01x").await.unwrap();
    assert_eq!(caller.code().await, Some(1002));
    drop(caller);
    let said = other.ask(&call("1", "eth_call")).await;
    assert_eq!(said, answer("1", "eth_call"));
    drop(other);
    // Whoever was told the end may say something for two seconds more.
    proxy.pass(Duration::from_secs(2)).await;
    nothing_is_left(&proxy).await;
}

#[tokio::test(start_paused = true)]
async fn calls_run_beside_each_other_until_there_are_too_many() {
    let slow = Act::After(Duration::from_secs(5), Box::new(Act::Echo));
    let mut config = config(Profile::TxProxy);
    config.ws.calls_max = 2;
    let proxy = start(config, [slow, Act::Echo]);
    let mut caller = proxy.open().await;
    for id in ["1", "2"] {
        caller.send(call(id, "eth_call").as_str()).await;
    }
    // Answers come in the order in which they are ready.
    assert_eq!(caller.text().await, answer("2", "eth_call"));
    proxy.script("read-1", [Act::Hang]);
    for id in ["3", "4", "5"] {
        caller.send(call(id, "eth_call").as_str()).await;
    }
    proxy.pass(Duration::from_secs(1)).await;
    assert_eq!(proxy.count("read-1"), 3, "one beside the slow one");
    assert_eq!(caller.text().await, answer("1", "eth_call"));
    proxy.pass(Duration::from_secs(1)).await;
    assert_eq!(proxy.count("read-1"), 4);
    // What was under way when the client left is cancelled.
    drop(caller);
    proxy.pass(Duration::from_secs(60)).await;
    nothing_is_left(&proxy).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_frees_all_that_its_calls_hold() {
    let proxy = drop_in([Act::Hang]);
    let mut caller = proxy.open().await;
    for id in 0..20 {
        caller
            .send(call(&id.to_string(), "eth_call").as_str())
            .await;
    }
    proxy.pass(Duration::from_millis(10)).await;
    assert_eq!(proxy.count("read-1"), 20);
    drop(caller);
    nothing_is_left(&proxy).await;
    assert_eq!(proxy.left("read-1"), 20);
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_comes_whole_or_as_an_error() {
    let proxy = drop_in([Act::Long(300_000)]);
    let mut caller = proxy.open().await;
    let said = caller.ask(&call("1", "eth_call")).await;
    assert!(
        said.len() > 300_000 && said.ends_with("\"}"),
        "{}",
        said.len()
    );
    // Each is in memory alone, and a short one does not wait for them.
    for id in ["2", "3", "4"] {
        caller.send(call(id, "eth_call").as_str()).await;
    }
    for _ in 0..3 {
        assert!(caller.text().await.len() > 300_000);
    }
    proxy.script("read-1", [Act::Broken(200_000)]);
    let said: serde_json::Value =
        serde_json::from_str(&caller.ask(&call("5", "eth_call")).await).unwrap();
    assert_eq!(said["id"], 5);
    assert_eq!(said["error"]["data"]["reason"], "upstream_failed");
    proxy.script("read-1", [Act::Echo]);
    let said = caller.ask(&call("6", "eth_call")).await;
    assert_eq!(said, answer("6", "eth_call"));
    drop(caller);
    nothing_is_left(&proxy).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_not_read_from_and_then_cut() {
    let mut config = config(Profile::TxProxy);
    config.ws.queue_bytes = 100_000;
    let proxy = start(config, [Act::Long(60_000)]);
    let mut other = proxy.open().await;
    let mut caller = proxy.open().await;
    for id in 0..20 {
        caller
            .send(call(&id.to_string(), "eth_call").as_str())
            .await;
        proxy.pass(Duration::from_millis(1)).await;
    }
    // The pipe takes one, the queue two.
    let served = proxy.count("read-1");
    assert!(served < 8, "{served} were served");
    assert!(other.ask(&call("1", "eth_call")).await.len() > 60_000);
    proxy.pass(Duration::from_secs(35)).await;
    assert!((proxy.metric("headway_ws_closes_total{reason=\"slow\"}") - 1.0).abs() < 0.1);
    assert_eq!(proxy.worker.metrics.sockets.open.get(), 1);
    assert!(other.ask(&call("2", "eth_call")).await.len() > 60_000);
}

#[tokio::test(start_paused = true)]
async fn clients_are_asked_for_a_sign_of_life() {
    let proxy = drop_in([Act::Echo]);
    let (mut good, silent) = (proxy.open().await, proxy.open().await);
    let mut pings = 0;
    let answering = async {
        while let Some(Ok(message)) = good.0.next().await {
            pings += usize::from(matches!(message, Message::Ping(_)));
        }
    };
    let still_open = timeout(Duration::from_secs(600), answering).await;
    assert!((23..=24).contains(&pings), "{pings} pings");
    assert!(still_open.is_err(), "whoever answers stays");
    let silent_closes = proxy.metric("headway_ws_closes_total{reason=\"silent\"}");
    assert!((silent_closes - 1.0).abs() < 0.1);
    assert_eq!(proxy.worker.metrics.sockets.open.get(), 1);
    drop((good, silent));
    nothing_is_left(&proxy).await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_cut_after_two_pings_and_not_before() {
    let proxy = drop_in([Act::Echo]);
    let silent = proxy.open().await;
    proxy.pass(Duration::from_secs(62)).await;
    assert_eq!(proxy.worker.metrics.sockets.open.get(), 1);
    proxy.pass(Duration::from_secs(14)).await;
    assert_eq!(proxy.worker.metrics.sockets.open.get(), 0);
    drop(silent);
    nothing_is_left(&proxy).await;
}

#[tokio::test(start_paused = true)]
async fn the_silence_of_a_client_that_is_not_read_from_does_not_count() {
    let mut config = config(Profile::TxProxy);
    config.ws.calls_max = 1;
    config.timeouts.total = Duration::from_secs(200);
    config.timeouts.attempt = Duration::from_secs(200);
    let proxy = start(
        config,
        [Act::After(Duration::from_secs(150), Box::new(Act::Echo))],
    );
    let mut caller = proxy.open().await;
    caller.send(call("1", "eth_call").as_str()).await;
    proxy.pass(Duration::from_secs(149)).await;
    assert_eq!(caller.text().await, answer("1", "eth_call"));
}

#[tokio::test(start_paused = true)]
async fn a_new_table_closes_no_socket() {
    let proxy = Proxy::start(
        config(Profile::TxProxy),
        vec![
            node("read-1", Pool::Read, [Act::Echo]),
            node("read-2", Pool::Read, [Act::Echo]),
        ],
    );
    let mut caller = proxy.open().await;
    for (standings, served) in [
        ([Standing::Eligible, Standing::Down], "read-1/eth_call"),
        ([Standing::Down, Standing::Eligible], "read-2/eth_call"),
    ] {
        proxy.publish(&standings);
        let said = caller.ask(&call("1", "eth_call")).await;
        assert!(said.contains(served), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_leaving_process_answers_and_closes_over_its_window() {
    let slow = Act::After(Duration::from_secs(7), Box::new(Act::Echo));
    let proxy = drop_in([slow]);
    let mut callers = Vec::new();
    for _ in 0..20 {
        callers.push(proxy.open().await);
    }
    callers[0].send(call("1", "eth_call").as_str()).await;
    proxy.pass(Duration::from_millis(1)).await;
    proxy.stop();
    proxy.pass(Duration::from_millis(50)).await;
    let open = proxy.worker.metrics.sockets.open.get();
    assert!(open > 10, "{open} of 20 are left at once");
    proxy.pass(Duration::from_millis(6_960)).await;
    assert_eq!(callers[0].text().await, answer("1", "eth_call"));
    for caller in &mut callers {
        assert_eq!(caller.code().await, Some(1001));
    }
    nothing_is_left(&proxy).await;
    assert!((proxy.metric("headway_ws_closes_total{reason=\"drain\"}") - 20.0).abs() < 0.1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_is_answered_and_hurts_nobody() {
    let proxy = drop_in([Act::Echo]);
    let mut caller = proxy.open().await;
    for _ in 0..10_000 {
        caller.0.feed(Message::Ping("x".into())).await.unwrap();
    }
    let said = caller.ask(&call("1", "eth_call")).await;
    assert_eq!(said, answer("1", "eth_call"));
}
