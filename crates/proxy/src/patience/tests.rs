//! Stories about clients that are slow: how long each part of a request may take.

use std::time::Duration;

use config::checked::Profile;
use rules::address::Network;
use rules::address::Trust;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::DuplexStream;

use crate::clock::Clock;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;
use crate::turn::Turn;

fn start(acts: impl Into<Vec<Act>>) -> Proxy {
    let cast = vec![node("read-1", Pool::Read, acts)];
    Proxy::start(config(Profile::TxProxy), cast)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Pieces and how long each waits for the one before; gives what came back until the connection
/// closed, and when that was.
async fn tell(proxy: &Proxy, pieces: &[(u64, &str)]) -> (String, Duration) {
    let clock = Clock::start();
    let (mut read, mut write) = tokio::io::split(proxy.connect());
    let mut heard = Vec::new();
    let say = async {
        for (wait, piece) in pieces {
            proxy.pass(seconds(*wait)).await;
            // The proxy may have heard enough.
            let _enough = write.write_all(piece.as_bytes()).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = say => {}
        ended = read.read_to_end(&mut heard) => {
            let _broken = ended;
        }
    }
    let took = clock.now().since(rules::moment::Moment::ZERO);
    (String::from_utf8(heard).unwrap(), took)
}

const POST: &str = "POST / HTTP/1.1\r\nhost: proxy\r\ncontent-length: 4\r\n\r\n";
const GET: &str = "GET /livez HTTP/1.1\r\nhost: proxy\r\n\r\n";

/// Pieces, and how long each comes after the one before.
type Pieces = &'static [(u64, &'static str)];

/// In words; what the client sends; the statuses it hears; when its connection ends; what was missing.
type Row = (
    &'static str,
    Pieces,
    &'static [&'static str],
    u64,
    &'static str,
);

const ROWS: [Row; 13] = [
    ("nothing at all", &[], &[], 10, "first_byte"),
    ("half a head", &[(9, "POST / HT")], &["408"], 19, "head"),
    (
        "a head that drips",
        &[(0, "P"), (3, "O"), (3, "S"), (3, "T"), (3, " ")],
        &["408"],
        10,
        "head",
    ),
    (
        "a head in time, then nothing",
        &[(9, "GET /livez"), (9, " HTTP/1.1\r\nhost: proxy\r\n\r\n")],
        &["200"],
        18 + 620,
        "keep_alive",
    ),
    (
        "another head after a long rest",
        &[(1, GET), (600, GET)],
        &["200", "200"],
        1 + 600 + 620,
        "keep_alive",
    ),
    (
        "half of a second head",
        &[(1, GET), (600, "GET /li")],
        &["200", "408"],
        1 + 600 + 10,
        "head",
    ),
    (
        "a second head that drips",
        &[(1, GET), (1, "G"), (9, "E"), (9, "T")],
        &["200", "408"],
        12,
        "head",
    ),
    ("no body", &[(1, POST)], &["408"], 11, "body"),
    (
        "half a body",
        &[(1, POST), (9, "{\"")],
        &["408"],
        20,
        "body",
    ),
    (
        "a body that drips",
        &[
            (
                1,
                "POST / HTTP/1.1\r\nhost: proxy\r\ncontent-length: 9\r\n\r\n",
            ),
            (9, "1"),
            (9, "2"),
            (9, "3"),
            (9, "4"),
        ],
        &["408"],
        31,
        "body",
    ),
    (
        "a body that is asked for and does not come",
        &[(
            0,
            "POST / HTTP/1.1\r\nhost: proxy\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n",
        )],
        &["100", "408"],
        10,
        "body",
    ),
    (
        "chunks that stop",
        &[(
            0,
            "POST / HTTP/1.1\r\nhost: proxy\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        )],
        &["408"],
        10,
        "body",
    ),
    (
        "a body in time, then nothing",
        &[(0, POST), (9, "null")],
        &["400"],
        9 + 620,
        "keep_alive",
    ),
];

#[tokio::test(start_paused = true)]
async fn each_part_of_a_request_has_its_time() {
    for (told, pieces, statuses, when, missing) in ROWS {
        let proxy = start([Act::Echo]);
        let (heard, took) = tell(&proxy, pieces).await;
        let lines = heard.split("HTTP/1.1 ").skip(1);
        assert_eq!(
            lines.map(|rest| &rest[..3]).collect::<Vec<_>>(),
            statuses,
            "{told}: {heard}"
        );
        assert_eq!(took, seconds(when), "{told}");
        let name = format!("headway_client_timeouts_total{{missing=\"{missing}\"}}");
        assert!((proxy.metric(&name) - 1.0).abs() < 0.1, "{told}");
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_too_slow_is_told_so_in_json_and_not_heard_any_more() {
    let proxy = start([Act::Echo]);
    for piece in [POST, "POST / HT"] {
        let (heard, _) = tell(&proxy, &[(0, piece)]).await;
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
            "{head}"
        );
        let lower = head.to_ascii_lowercase();
        for line in [
            "connection: close",
            "content-type: application/json",
            "date: ",
        ] {
            assert!(lower.contains(line), "{head}");
        }
        let length = format!("content-length: {}", body.len());
        assert!(lower.contains(&length), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["data"]["reason"], "request_timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_may_open_connections_before_it_needs_them() {
    for (trusted, when) in [("192.0.2.0/24", 620), ("198.51.100.0/24", 10)] {
        let mut config = config(Profile::TxProxy);
        let network = Network::parse(trusted).unwrap();
        config.server.trusted_proxies = Trust::new(vec![network]);
        let proxy = Proxy::start(config, vec![node("read-1", Pool::Read, [Act::Echo])]);
        let (heard, took) = tell(&proxy, &[]).await;
        assert_eq!((heard.as_str(), took), ("", seconds(when)), "{trusted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_backend_is_no_fault_of_its_client() {
    let slow = Act::After(seconds(50), Box::new(Act::Echo));
    let proxy = start([slow]);
    let heard = proxy.post(call("7", "eth_call")).await;
    assert_eq!((heard.status, heard.took), (200, seconds(50)));
    proxy.settle().await;
}

/// Asks for a long answer and reads so many bytes of it.
async fn begin(proxy: &Proxy, bytes: usize) -> DuplexStream {
    let body = call("7", "eth_call");
    let length = body.len();
    let mut stream = proxy.connect();
    let text = format!("POST / HTTP/1.1\r\nhost: proxy\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.read_exact(&mut vec![0; bytes]).await.unwrap();
    stream
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut_off_and_its_backend_let_go() {
    let proxy = start([Act::Long(10_000_000)]);
    let mut stream = begin(&proxy, 1_000).await;
    // As long as it takes a little now and then, it is waited for.
    for _ in 0..3 {
        proxy.pass(seconds(29)).await;
        stream.read_exact(&mut [0; 1_000]).await.unwrap();
    }
    proxy.pass(seconds(29)).await;
    assert_eq!(proxy.worker.metrics.front.in_flight.get(), 1);
    proxy.pass(seconds(2)).await;
    proxy.settle().await;
    let mut rest = Vec::new();
    // What was on its way still comes; the end of the answer does not.
    let _broken = stream.read_to_end(&mut rest).await;
    assert!(!rest.ends_with(b"0\r\n\r\n") && rest.len() < 1_000_000);
    let cut = proxy.metric("headway_client_timeouts_total{missing=\"write\"}");
    assert!((cut - 1.0).abs() < 0.1);
}

#[tokio::test(start_paused = true)]
async fn who_still_sends_reads_why_it_was_refused() {
    for (head, status) in [
        ("content-length: 20000000\r\n\r\n", "413"),
        ("content-length: 20000000\r\nexpect: much\r\n\r\n", "417"),
        ("x: \r\n".repeat(101).leak(), "431"),
    ] {
        let proxy = start([Act::Echo]);
        let mut stream = proxy.connect();
        let head = format!("POST / HTTP/1.1\r\nhost: proxy\r\n{head}");
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..100 {
            stream.write_all(&[b' '; 10_000]).await.unwrap();
        }
        let mut heard = Vec::new();
        let clock = Clock::start();
        stream.read_to_end(&mut heard).await.unwrap();
        let heard = String::from_utf8(heard).unwrap();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
        assert_eq!(clock.now(), rules::moment::Moment::ZERO);
        // It is not listened to for ever.
        let mut pieces = 0;
        while stream.write_all(b" ").await.is_ok() {
            proxy.pass(Duration::from_millis(100)).await;
            pieces += 1;
        }
        assert!((15..=21).contains(&pieces), "{pieces}");
        proxy.settle().await;
    }
}

#[test]
fn turns_are_told_apart() {
    let turn = Turn::default();
    let mut seen = vec![turn.count()];
    for _ in 0..2 {
        turn.begin();
        seen.push(turn.count());
        turn.end();
        seen.push(turn.count());
    }
    let clients: Vec<_> = seen.iter().map(|count| Turn::is_clients(*count)).collect();
    assert_eq!(clients, [true, false, true, false, true]);
    seen.dedup();
    assert_eq!(seen.len(), 5);
}
