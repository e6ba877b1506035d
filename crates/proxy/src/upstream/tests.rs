//! Stories about the requests backends get, and about the connections they come on.

use std::time::Duration;

use config::checked::Profile;
use futures_util::future::join;
use http::Request;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::client::Client;
use crate::exchange::Ask;
use crate::exchange::exchange;
use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::client::PEER;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::node::Got;
use crate::harness::settings::config;

const READ: &str = r#"{"jsonrpc":"2.0","id":7,"method":"eth_call"}"#;

/// A request full of things that are none of a backend's business.
fn request(forwarded: &[&str]) -> Request<String> {
    let mut request = Request::post("/client/path?with=query")
        .header("host", "rpc.example.org")
        .header("authorization", "Bearer client-secret")
        .header("cookie", "session=1")
        .header("accept", "text/html")
        .header("accept-encoding", "gzip, br")
        .header("content-type", "text/plain")
        .header("origin", "https://dapp.example.org")
        .header("referer", "https://dapp.example.org/")
        .header("user-agent", "client/1.0")
        .header("x-real-ip", "203.0.113.9")
        .header("x-api-key", "client-key")
        .header("te", "trailers")
        .header("connection", "upgrade, x-hop")
        .header("upgrade", "h2c")
        .header("x-hop", "1");
    for line in forwarded {
        request = request.header("x-forwarded-for", *line);
    }
    request.body(READ.to_owned()).unwrap()
}

async fn got(cast: Cast, forwarded: &[&str]) -> Got {
    let proxy = Proxy::start(config(Profile::TxProxy), vec![cast]);
    let heard = proxy.ask(request(forwarded)).await;
    assert_eq!(heard.status, 200, "{heard:?}");
    proxy.settle().await;
    proxy.got("read-1")[0].clone()
}

/// What every backend gets; more is added by the story.
fn wanted(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let length = READ.len().to_string();
    let always = [
        ("accept", "application/json"),
        ("content-length", length.as_str()),
        ("content-type", "application/json"),
        ("host", "read-1:8545"),
    ];
    let mut headers: Vec<_> = always
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    headers.sort();
    headers
}

fn read_1() -> Cast {
    node("read-1", Pool::Read, [Act::Echo])
}

#[tokio::test(start_paused = true)]
async fn a_backend_gets_nothing_of_the_clients_but_its_address() {
    for (forwarded, list) in [
        (vec![], "192.0.2.7"),
        (vec!["203.0.113.9"], "203.0.113.9, 192.0.2.7"),
        (
            vec!["203.0.113.9, 10.0.0.1"],
            "203.0.113.9, 10.0.0.1, 192.0.2.7",
        ),
        (
            vec!["203.0.113.9", "10.0.0.1"],
            "203.0.113.9, 10.0.0.1, 192.0.2.7",
        ),
        (vec![""], "192.0.2.7"),
    ] {
        let got = got(read_1(), &forwarded).await;
        assert_eq!(got.line, "POST /v3/KEY?a=b HTTP/1.1");
        let client = [("x-forwarded-for", list), ("x-real-ip", "192.0.2.7")];
        assert_eq!(got.headers, wanted(&client), "{forwarded:?}");
        assert_eq!(got.body, READ);
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_addresses_that_is_too_long_is_not_passed_on() {
    let list = "203.0.113.9, ".repeat(200);
    let got = got(read_1(), &[&list]).await;
    assert_eq!(got.header("x-forwarded-for"), Some("192.0.2.7"));
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_node_is_told_no_client_address() {
    let got = got(read_1().external(), &["203.0.113.9"]).await;
    assert_eq!(got.headers, wanted(&[]));
}

#[tokio::test(start_paused = true)]
async fn the_user_of_a_url_is_sent_as_basic_authorization() {
    let got = got(read_1().external().user("user:pass word"), &[]).await;
    let basic = ("authorization", "Basic dXNlcjpwYXNzIHdvcmQ=");
    assert_eq!(got.headers, wanted(&[basic]));
}

/// Reads with pauses between them: the connection each came on.
async fn connections(cast: Cast, pauses: &[u64]) -> Vec<usize> {
    let proxy = Proxy::start(config(Profile::TxProxy), vec![cast]);
    assert_eq!(proxy.post(READ).await.status, 200);
    for pause in pauses {
        proxy.pass(Duration::from_secs(*pause)).await;
        assert_eq!(proxy.post(READ).await.status, 200);
    }
    proxy.settle().await;
    proxy
        .got("read-1")
        .iter()
        .map(|got| got.connection)
        .collect()
}

fn patient(seconds: &'static str) -> Cast {
    let head = format!("keep-alive: {seconds}\r\n").leak();
    let text = r#"{"jsonrpc":"2.0","id":$ID,"result":1}"#;
    node("read-1", Pool::Read, [Act::Headed(200, head, text)])
}

#[tokio::test(start_paused = true)]
async fn connections_are_used_again_until_they_have_rested_too_long() {
    assert_eq!(connections(read_1(), &[0, 1, 14]).await, [0, 0, 0, 0]);
    assert_eq!(connections(read_1(), &[15, 0]).await, [0, 1, 1]);
    assert_eq!(
        connections(read_1().keep_alive(4), &[3, 4]).await,
        [0, 0, 1]
    );
    assert_eq!(connections(read_1().keep_alive(0), &[0]).await, [0, 1]);
    assert_eq!(connections(patient("timeout=5"), &[3, 4]).await, [0, 0, 1]);
    assert_eq!(connections(patient("max=9, timeout=5"), &[4]).await, [0, 1]);
    assert_eq!(
        connections(patient("timeout=600"), &[14, 15]).await,
        [0, 0, 1]
    );
    assert_eq!(connections(patient("timeout=x"), &[14]).await, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_never_rests_is_still_replaced_after_five_minutes() {
    let used = connections(read_1(), &[10; 31]).await;
    assert_eq!((used[29], used[30]), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn connections_that_carried_rubbish_are_not_used_again() {
    for act in [
        Act::Headed(200, "connection: close\r\n", r#"{"id":7,"result":1}"#),
        Act::Raw("HTTP/1.0 200 OK\r\ncontent-length: 19\r\n\r\n{\"id\":7,\"result\":1}"),
        Act::Raw(
            "HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{\"id\":7,\"result\":1}HTTP/1.1 200 OK\r\n\r\n",
        ),
    ] {
        let cast = node("read-1", Pool::Read, [act.clone(), Act::Echo]);
        assert_eq!(connections(cast, &[1]).await, [0, 1], "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn interim_answers_are_not_the_answer() {
    let act = Act::Raw(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n\
         HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{\"id\":7,\"result\":1}",
    );
    let cast = node("read-1", Pool::Read, [act]);
    assert_eq!(connections(cast, &[1]).await, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_closes_an_idle_connection_just_then_loses_no_read() {
    let millis = Duration::from_millis;
    // Closed before the request is written, closed while it is on its way, closed once it was read.
    for (acts, pause) in [
        (vec![Act::EchoThenClose(millis(5)), Act::Echo], millis(6)),
        (vec![Act::EchoThenClose(millis(5)), Act::Echo], millis(5)),
        (vec![Act::EchoThenClose(millis(5)), Act::Echo], millis(4)),
        (vec![Act::Echo, Act::Reset, Act::Echo], millis(5)),
        (vec![Act::Echo, Act::Slam, Act::Echo], millis(5)),
    ] {
        let cast = vec![node("read-1", Pool::Read, acts.clone())];
        let proxy = Proxy::start(config(Profile::TxProxy), cast);
        for id in ["1", "2", "3"] {
            let heard = proxy.post(call(id, "eth_call")).await;
            assert_eq!(heard.status, 200, "{acts:?} {pause:?} {heard:?}");
            proxy.pass(pause).await;
        }
        proxy.settle().await;
    }
}

/// Answers one request on a new connection that is then held open.
async fn answer(queue: &mut mpsc::Receiver<DuplexStream>) -> DuplexStream {
    let opened = timeout(Duration::from_secs(60), queue.recv()).await;
    let mut pipe = opened.expect("no connection was opened").unwrap();
    pipe.read_exact(&mut [0; 16]).await.unwrap();
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{\"id\":7,\"result\":1}";
    pipe.write_all(text.as_bytes()).await.unwrap();
    pipe
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_closed_while_it_rested_is_not_used() {
    let cast = vec![node("read-1", Pool::Read, [Act::Hang])];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let mut queue = proxy.listen("read-1");
    let ask = || {
        let client = Client::at(PEER);
        let (body, room) = (READ.into(), proxy.worker.memory.room());
        let snapshot = proxy.worker.live.snapshot();
        exchange(&proxy.worker, snapshot, Ask { body, room, client })
    };
    let (reply, pipe) = join(ask(), answer(&mut queue)).await;
    assert_eq!(reply.status(), 200);
    // Nobody has run since, so nobody was told: whoever takes it has to look.
    drop(pipe);
    let (reply, pipe) = join(ask(), answer(&mut queue)).await;
    assert_eq!(reply.status(), 200);
    let tries = |outcome| {
        let labels = format!("{{backend=\"read-1\",outcome=\"{outcome}\"}}");
        proxy
            .metric(&format!("headway_backend_requests_total{labels}"))
            .round()
    };
    assert_eq!(
        ["answer", "not_sent"].map(|outcome| tries(outcome).to_string()),
        ["2", "0"]
    );
    drop((reply, pipe));
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_times_out_is_cancelled() {
    let proxy = Proxy::start(
        config(Profile::TxProxy),
        vec![node("read-1", Pool::Read, [Act::Hang])],
    );
    let heard = proxy.post(READ).await;
    assert_eq!((heard.status, heard.took), (504, Duration::from_secs(55)));
    proxy.settle().await;
    assert_eq!(proxy.left("read-1"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_send_whose_handshake_fails_was_not_sent_and_goes_to_another_miner() {
    // It waits for the end of a head, which a greeting in TLS is not.
    let mute = node("write-1", Pool::Write, [Act::Hang]).tls();
    let good = node("write-2", Pool::Write, [Act::Echo]);
    let proxy = Proxy::start(config(Profile::TxProxy), vec![mute, good]);
    for _ in 0..4 {
        let send = call("7", "eth_sendRawTransaction");
        assert_eq!(proxy.post(send).await.status, 200);
    }
    proxy.settle().await;
    assert_eq!((proxy.count("write-1"), proxy.count("write-2")), (0, 4));
}
