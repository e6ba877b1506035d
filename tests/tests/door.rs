//! The front door of the real program when it is crowded, or when those who come in are slow.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use headway_tests::echo;
use headway_tests::load::Caller;
use headway_tests::node;
use headway_tests::parts;
use headway_tests::program::Program;
use headway_tests::recorder::Recorder;
use headway_tests::wire::Incoming;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#;

async fn program(backend: SocketAddr, more: &[(&'static str, &str)]) -> Program {
    let mut environment = vec![
        ("WRITE_ENDPOINT", backend.to_string()),
        ("READ_ENDPOINT", backend.to_string()),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "off".to_owned()),
    ];
    environment.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    Program::start(&environment, &["run"]).await
}

/// A connection to the metrics that stays open.
struct Metrics {
    incoming: Incoming,
    write: OwnedWriteHalf,
}

impl Metrics {
    async fn of(program: &mut Program) -> Self {
        let stream = TcpStream::connect(program.admin().await).await.unwrap();
        let (read, write) = stream.into_split();
        Self {
            incoming: Incoming::new(read),
            write,
        }
    }

    /// The value of a metric, by its name with labels.
    async fn value(&mut self, name: &str) -> f64 {
        let question = b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n";
        self.write.write_all(question).await.unwrap();
        let head = self.incoming.head().await.unwrap();
        let text = self.incoming.body(&head).await.unwrap();
        let text = String::from_utf8(text).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let value = line.unwrap_or_else(|| panic!("no {name} in {text}"));
        value.trim().parse().unwrap()
    }
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let mut every = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1_500 {
        every.tick().await;
        if is_so().await {
            return;
        }
    }
    panic!("it never was so: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_told_so_and_closed() {
    let backend = Recorder::start().await;
    let limit = [("HEADWAY_LIMITS__CONNECTIONS", "3")];
    let mut program = program(backend.address(), &limit).await;
    let mut metrics = Metrics::of(&mut program).await;
    // Who asked whether it is ready may still be on its way out.
    until("nobody is there", async || {
        metrics.value("headway_connections ").await < 0.5
    })
    .await;
    let mut callers = Vec::new();
    for _ in 0..3 {
        let mut caller = Caller::connect(program.address()).await;
        assert_eq!(caller.post(CALL).await.unwrap().0, 200);
        callers.push(caller);
    }
    for _ in 0..5 {
        let (read, _write) = TcpStream::connect(program.address())
            .await
            .unwrap()
            .into_split();
        let mut incoming = Incoming::new(read);
        let head = incoming.head().await.unwrap();
        assert_eq!(head.line, "HTTP/1.1 503 Service Unavailable");
        assert!(matches!(head.get("retry-after"), Some("1" | "2")));
        assert_eq!(head.get("connection"), Some("close"));
        let body = incoming.body(&head).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["data"]["reason"], "overloaded");
        assert!(incoming.head().await.is_none(), "it is closed");
    }
    let capped = metrics
        .value("headway_capped_total{limit=\"connections\"}")
        .await;
    assert!((capped - 5.0).abs() < 0.1, "{capped}");
    for caller in &mut callers {
        assert_eq!(
            caller.post(CALL).await.unwrap().0,
            200,
            "who is in is served"
        );
    }
    callers.pop();
    until("there is room again", async || {
        let mut caller = Caller::connect(program.address()).await;
        matches!(caller.post(CALL).await, Ok((200, _)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_file_descriptors_it_waits_and_goes_on() {
    let found = Command::new("prlimit").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        return parts::left_out("prlimit taking file descriptors away");
    }
    let backend = Recorder::start().await;
    let mut program = program(backend.address(), &[]).await;
    let mut metrics = Metrics::of(&mut program).await;
    let mut failures = async || metrics.value("headway_accept_failures_total ").await;
    let mut caller = Caller::connect(program.address()).await;
    assert_eq!(caller.post(CALL).await.unwrap().0, 200);
    // So few that what is open now is all there can be.
    limit(&program, "1");
    let crowd = crowd(program.address(), 20).await;
    let mut seen = 0.0;
    until("it has tried some times", async || {
        seen = failures().await;
        seen >= 10.0
    })
    .await;
    // It rests after each, or there would be thousands by now.
    assert!(seen < 500.0, "{seen}");
    assert_eq!(caller.post(CALL).await.unwrap().0, 200);
    limit(&program, "1024");
    let mut answered = 0;
    for stream in crowd {
        answered += usize::from(answers(stream).await);
    }
    assert_eq!(answered, 20, "who had waited is served");
    let said = program.log();
    let said = said
        .iter()
        .filter(|line| line.contains("connections cannot be accepted"));
    assert_eq!(said.count(), 1, "one line for all of them");
}

#[tokio::test]
async fn more_connections_than_there_can_be_files_are_lowered_and_told() {
    // More than seven tenths of the 1,048,576 files that Linux lets one process have by default.
    let backend = Recorder::start().await;
    let more = [("HEADWAY_LIMITS__CONNECTIONS", "1000000")];
    let mut program = program(backend.address(), &more).await;
    let line = program
        .logged(&["WARN", "limits.connections is lowered"])
        .await;
    let allowed = line.split("allowed=").nth(1).unwrap();
    let allowed: u64 = allowed.split(' ').next().unwrap().parse().unwrap();
    assert!(0 < allowed && allowed < 1_000_000, "{line}");
}

/// How many file descriptors a running program may have.
fn limit(program: &Program, number: &str) {
    let pid = program.pid().to_string();
    let number = format!("--nofile={number}:");
    let set = Command::new("prlimit")
        .args(["--pid", &pid, &number])
        .status();
    assert!(set.unwrap().success());
}

async fn crowd(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..count {
        streams.push(TcpStream::connect(address).await.unwrap());
    }
    streams
}

async fn answers(mut stream: TcpStream) -> bool {
    let length = CALL.len();
    let request =
        format!("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n{CALL}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (read, _write) = stream.into_split();
    let head = Incoming::new(read).head().await;
    head.is_some_and(|head| head.line == "HTTP/1.1 200 OK")
}

/// Memory of a process in KiB, now and at most.
fn memory(pid: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.unwrap().trim_matches([':', ' ', '\t', 'k', 'B']);
    kib.parse().unwrap()
}

/// Letters of the long answer.
const LONG: usize = 200_000_000;

/// A backend that answers calls with very much, and probes as a node does.
async fn generous() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(give(stream));
        }
    });
    address
}

async fn give(stream: TcpStream) {
    let (read, mut write) = stream.into_split();
    let mut incoming = Incoming::new(read);
    while let Some(head) = incoming.head().await {
        let Some(body) = incoming.exactly(head.length().unwrap_or(0)).await else {
            return;
        };
        if head.get("x-forwarded-for").is_none() {
            let answer = echo::plain(200, &node::answer(&body));
            let _gone = write.write_all(&answer).await;
            continue;
        }
        let begin = r#"{"jsonrpc":"2.0","id":1,"result":""#;
        let length = begin.len() + LONG + 2;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{begin}");
        let _gone = write.write_all(head.as_bytes()).await;
        let piece = vec![b'a'; 100_000];
        for _ in 0..LONG / piece.len() {
            if write.write_all(&piece).await.is_err() {
                return;
            }
        }
        let _gone = write.write_all(b"\"}").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_answer_passes_through_in_little_memory() {
    let program = program(generous().await, &[]).await;
    let mut slow = TcpStream::connect(program.address()).await.unwrap();
    let length = CALL.len();
    let request =
        format!("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n{CALL}");
    // One client takes all of it, another one only its beginning.
    slow.write_all(request.as_bytes()).await.unwrap();
    slow.read_exact(&mut [0; 1_000]).await.unwrap();
    let before = memory(program.pid(), "VmRSS");
    let mut fast = TcpStream::connect(program.address()).await.unwrap();
    fast.write_all(request.as_bytes()).await.unwrap();
    let mut some = vec![0; 1 << 20];
    let mut heard = 0;
    while heard < LONG {
        let read = fast.read(&mut some).await.unwrap();
        assert!(read > 0, "it broke off after {heard}");
        heard += read;
    }
    let most = memory(program.pid(), "VmHWM");
    assert!(
        most < before + 16 * 1024,
        "{before} KiB before, {most} KiB at most"
    );
    drop(slow);
}
