//! Stories about the access log: the shape of a line, and one line for every request.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use config::checked::Profile;
use http::Request;
use http::header::HeaderValue;
use prometheus::IntCounter;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::client::PEER;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::client::notification;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;
use crate::log_writer::Word;
use crate::logs::Logs;

fn journal(lines_max: usize, format: AccessFormat) -> (Journal, Receiver<Word>, IntCounter) {
    let dropped = IntCounter::new("dropped", "Lines.").unwrap();
    let (lines, waiting) = LogWriter::waiting(lines_max, dropped.clone());
    (Journal::new(Some(lines), format), waiting, dropped)
}

fn text(word: Word) -> String {
    match word {
        Word::Line(line) => line,
        Word::Reopen | Word::Written(_) => panic!("nobody asked for this"),
    }
}

/// Cuts the time out of a line after a look at its shape.
fn timeless(line: &str) -> String {
    let (before, rest) = line.split_once('[').unwrap();
    let (time, after) = rest.split_once(']').unwrap();
    let shape: String = time
        .chars()
        .map(|c| match c {
            '0'..='9' => '9',
            'a'..='z' | 'A'..='Z' => 'a',
            '-' => '+',
            other => other,
        })
        .collect();
    assert_eq!(shape, "99/aaa/9999:99:99:99 +9999");
    format!("{before}[]{after}")
}

fn line(request: Request<()>, status: u16, bytes: u64) -> String {
    let (journal, waiting, _) = journal(1, AccessFormat::Main);
    let head = request.into_parts().0;
    let entry = journal.entry(&head, (PEER, None), Clock::start()).unwrap();
    journal.write(&entry, status, bytes);
    timeless(&text(waiting.recv().unwrap()))
}

#[test]
fn a_line_is_nginxs_main_format() {
    let request = Request::post("/a/path?with=query")
        .header("referer", "https://dapp.example.org/")
        .header("user-agent", "curl/8")
        .header("x-forwarded-for", "203.0.113.9, 10.0.0.1")
        .body(());
    assert_eq!(
        line(request.unwrap(), 200, 42),
        "192.0.2.7 - - []  200 \"POST /a/path?with=query HTTP/1.1\" 42 \
         \"https://dapp.example.org/\" \"curl/8\" \"203.0.113.9, 10.0.0.1\"\n"
    );
    let bare = Request::builder().version(http::Version::HTTP_10).body(());
    assert_eq!(
        line(bare.unwrap(), 499, 0),
        "192.0.2.7 - - []  499 \"GET / HTTP/1.0\" 0 \"-\" \"-\" \"-\"\n"
    );
}

#[test]
fn nobody_breaks_out_of_a_field() {
    for (agent, shown) in [
        (b"plain text".as_slice(), "plain text"),
        (b"\"quoted\"", "\\x22quoted\\x22"),
        (b"back\\slash", "back\\x5Cslash"),
        (b"a\tb", "a\\x09b"),
        ("\u{e9}".as_bytes(), "\\xC3\\xA9"),
        (b"", ""),
    ] {
        let mut request = Request::new(());
        let value = HeaderValue::from_bytes(agent).unwrap();
        request.headers_mut().insert("user-agent", value);
        let wanted =
            format!("192.0.2.7 - - []  200 \"GET / HTTP/1.1\" 1 \"-\" \"{shown}\" \"-\"\n");
        assert_eq!(line(request, 200, 1), wanted);
    }
    let mut request = Request::new(());
    let long = HeaderValue::from_str(&"a".repeat(10_000)).unwrap();
    request.headers_mut().insert("referer", long);
    assert!(line(request, 200, 1).len() < 2_200);
}

#[test]
fn lines_that_nobody_takes_are_dropped_and_counted() {
    let (journal, _waiting, dropped) = journal(2, AccessFormat::Main);
    let head = Request::new(()).into_parts().0;
    let entry = journal.entry(&head, (PEER, None), Clock::start()).unwrap();
    for _ in 0..5 {
        journal.write(&entry, 200, 1);
    }
    assert_eq!(dropped.get(), 3);
}

#[test]
fn without_a_log_nothing_is_kept_of_a_request() {
    let head = Request::new(()).into_parts().0;
    let entry = Journal::default().entry(&head, (PEER, None), Clock::start());
    assert!(entry.is_none());
}

/// A proxy whose log the story reads: the request, the status and the bytes of each line.
fn logged(acts: Vec<Act>) -> (Proxy, impl Fn() -> Vec<String>) {
    let (journal, waiting, _) = journal(100, AccessFormat::Main);
    let cast = vec![node("read-1", Pool::Read, acts)];
    let logs = Logs::of(journal);
    let proxy = Proxy::logging(config(Profile::TxProxy), cast, logs);
    let told = move || {
        let told = |word| {
            let line = timeless(&text(word));
            let rest = line.strip_prefix("192.0.2.7 - - []  ").unwrap();
            rest.split(" \"-\"").next().unwrap().to_owned()
        };
        waiting.try_iter().map(told).collect()
    };
    (proxy, told)
}

#[tokio::test(start_paused = true)]
async fn every_request_has_its_line() {
    let (proxy, told) = logged(vec![Act::Echo]);
    let one = call("7", "eth_call");
    let length = one.len();
    let post = |body: &str| {
        let length = body.len();
        format!("POST / HTTP/1.1\r\nhost: proxy\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    let text = [
        post(&one),
        post(&notification("eth_call")),
        "HEAD /x?y HTTP/1.1\r\nhost: proxy\r\n\r\n".to_owned(),
        "GET /livez HTTP/1.1\r\nhost: proxy\r\n\r\n".to_owned(),
        "OPTIONS * HTTP/1.1\r\nhost: proxy\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("PUT / HTTP/1.1\r\nhost: proxy\r\ncontent-length: {length}\r\n\r\n{one}"),
    ];
    let heard = proxy.raw(&text.concat()).await;
    proxy.settle().await;
    let lines = told();
    let answer = heard
        .lines()
        .find(|line| line.starts_with("{\"jsonrpc\""))
        .unwrap();
    let answer = answer.split("HTTP/").next().unwrap().len();
    assert_eq!(
        lines[..5],
        [
            format!("200 \"POST / HTTP/1.1\" {answer}"),
            "204 \"POST / HTTP/1.1\" 0".to_owned(),
            "200 \"HEAD /x?y HTTP/1.1\" 0".to_owned(),
            "200 \"GET /livez HTTP/1.1\" 3".to_owned(),
            "204 \"OPTIONS * HTTP/1.1\" 0".to_owned(),
        ]
    );
    assert!(lines[5].starts_with("400 \"GET / HTTP/1.1\" "), "{lines:?}");
    assert!(lines[6].starts_with("405 \"PUT / HTTP/1.1\" "), "{lines:?}");
    assert_eq!(lines.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_has_its_line_too() {
    let (proxy, told) = logged(vec![Act::Hang]);
    let body = call("7", "eth_call");
    proxy
        .post_and_leave(body.clone(), Duration::from_secs(1))
        .await;
    proxy.settle().await;
    assert_eq!(told(), ["499 \"POST / HTTP/1.1\" 0"]);
    proxy.script("read-1", [Act::Long(1_000_000)]);
    let mut client = proxy.connect();
    let length = body.len();
    let request = format!("POST / HTTP/1.1\r\nhost: p\r\ncontent-length: {length}\r\n\r\n{body}");
    client.write_all(request.as_bytes()).await.unwrap();
    client.read_exact(&mut [0; 100]).await.unwrap();
    drop(client);
    proxy.settle().await;
    let lines = told();
    let bytes = lines[0].strip_prefix("200 \"POST / HTTP/1.1\" ").unwrap();
    assert!(bytes.parse::<usize>().unwrap() < 500_000, "{lines:?}");
    assert_eq!(lines.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_has_one_line() {
    let (proxy, told) = logged(vec![Act::Broken(100_000)]);
    assert_eq!(proxy.post(call("7", "eth_call")).await.body, None);
    proxy.settle().await;
    let lines = told();
    assert!(
        lines[0].starts_with("200 \"POST / HTTP/1.1\" "),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 1);
}

/// A proxy whose log is JSON; what is told is the members of each line.
fn in_json(cast: Vec<Cast>) -> (Proxy, impl Fn() -> Vec<serde_json::Value>) {
    let (journal, waiting, _) = journal(100, AccessFormat::Json);
    let proxy = Proxy::logging(config(Profile::TxProxy), cast, Logs::of(journal));
    let told = move || {
        let lines = waiting.try_iter().map(text);
        lines
            .map(|line| serde_json::from_str(&line).expect(&line))
            .collect()
    };
    (proxy, told)
}

#[tokio::test(start_paused = true)]
async fn json_tells_where_a_call_went_and_how_long_it_took() {
    let slow = Act::After(Duration::from_millis(1_500), Box::new(Act::Echo));
    let (proxy, told) = in_json(vec![node("read-1", Pool::Read, [slow])]);
    let request = Request::post("/path")
        .header("host", "proxy")
        .header("user-agent", "a \"b\"\u{e9}")
        .header("x-request-id", "id-1")
        .header("traceparent", "00-ab-cd-01")
        .header("x-amzn-trace-id", "Root=1-2")
        .header("x-cloud-trace-context", "3/4;o=1")
        .body(call("7", "eth_call"));
    let heard = proxy.ask(request.unwrap()).await;
    proxy.settle().await;
    let [line] = &told()[..] else {
        panic!("one line")
    };
    let mut line = line.clone();
    let time = line["time"].take();
    time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let wanted = serde_json::json!({
        "time": null, "client": "192.0.2.7", "request": "POST /path HTTP/1.1", "status": 200,
        "bytes": heard.text().len(), "seconds": 1.5, "request_id": "id-1", "traceparent": "00-ab-cd-01",
        "amzn_trace_id": "Root=1-2", "cloud_trace_context": "3/4;o=1", "method": "eth_call",
        "calls": 1, "pool": "read", "backend": "read-1", "user_agent": "a \"b\"\u{e9}",
    });
    assert_eq!(line, wanted);
    assert_eq!(heard.header("x-request-id"), Some("id-1"));
}

#[tokio::test(start_paused = true)]
async fn json_tells_what_is_known_of_any_request() {
    let (proxy, told) = in_json(vec![node("read-1", Pool::Read, [Act::Echo])]);
    let heard = proxy
        .post(batch(&[call("1", "eth_call"), call("2", "eth_chainId")]))
        .await;
    assert_eq!(
        heard.header("x-request-id"),
        None,
        "an id of ours is not the client's"
    );
    proxy.post(call("1", "admin_peers")).await;
    proxy.post("no json").await;
    proxy.script("read-1", [Act::Hang]);
    let left = proxy.post_and_leave(call("7", "eth_call"), Duration::from_secs(1));
    left.await;
    proxy.settle().await;
    let lines = told();
    let of = |name: &str| {
        lines
            .iter()
            .map(|line| line[name].clone())
            .collect::<Vec<_>>()
    };
    let null = serde_json::Value::Null;
    assert_eq!(of("status"), [200, 403, 400, 499]);
    assert_eq!(of("calls"), [2.into(), 1.into(), null.clone(), 1.into()]);
    let methods = [
        null.clone(),
        "admin_peers".into(),
        null.clone(),
        "eth_call".into(),
    ];
    assert_eq!(of("method"), methods);
    let backends = [null.clone(), null.clone(), null, "read-1".into()];
    assert_eq!(of("backend"), backends);
    assert!(
        lines
            .iter()
            .all(|line| line["request_id"].as_str().unwrap().len() == 32)
    );
    // What is in the log is what the node was told.
    let told_first = proxy.got("read-1")[0]
        .header("x-request-id")
        .map(str::to_owned);
    assert_eq!(told_first.as_deref(), lines[0]["request_id"].as_str());
}

#[test]
fn nobody_breaks_out_of_a_member() {
    let (journal, waiting, _) = journal(1, AccessFormat::Json);
    let mut request = Request::new(());
    let agent = HeaderValue::from_bytes(b"\",\"status\":\"\t\\\xff").unwrap();
    request.headers_mut().insert("user-agent", agent);
    let long = HeaderValue::from_str(&"\"".repeat(10_000)).unwrap();
    request.headers_mut().insert("referer", long);
    let head = request.into_parts().0;
    let entry = journal.entry(&head, (PEER, None), Clock::start()).unwrap();
    journal.write(&entry, 200, 1);
    let line = text(waiting.recv().unwrap());
    assert!(
        line.len() < 5_000 && line.ends_with("}\n"),
        "{}",
        line.len()
    );
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["user_agent"], "\",\"status\":\"\t\\\u{fffd}");
    assert_eq!(line["status"], 200);
}
