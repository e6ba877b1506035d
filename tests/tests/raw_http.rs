//! The corpus of raw requests against the real program, in front of a backend that keeps every byte.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and counts what it sent"
)]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use headway_tests::program::Program;
use headway_tests::raw_case;
use headway_tests::raw_case::RawCase;
use headway_tests::recorder::Recorder;
use headway_tests::wire::Incoming;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::JoinSet;

/// Fewer cases than this are not the corpus.
const CASES_MIN: usize = 150;
/// Whether a connection still works is asked with this.
const PROBE: &[u8] = b"GET /livez HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n";

async fn program(backend: &Recorder) -> Program {
    let environment = [
        ("WRITE_ENDPOINT", backend.address().to_string()),
        ("READ_ENDPOINT", backend.address().to_string()),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "off".to_owned()),
        // What a case leaves unfinished ends soon; no case that is whole takes nearly as long.
        ("HEADWAY_TIMEOUTS__FIRST_BYTE", "5s".to_owned()),
        ("HEADWAY_TIMEOUTS__HEAD", "5s".to_owned()),
        ("HEADWAY_TIMEOUTS__BODY_IDLE", "5s".to_owned()),
        ("HEADWAY_TIMEOUTS__KEEP_ALIVE", "15s".to_owned()),
    ];
    Program::start(&environment, &["run"]).await
}

/// What a client sees of a case: statuses, and whether another request was answered after them.
async fn see(case: &RawCase, address: SocketAddr) -> (Vec<u16>, bool) {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (read, mut write) = stream.into_split();
    let bytes = case.bytes.clone();
    // Large bodies are refused before they are whole, so what is sent and what is heard overlap.
    let sending = tokio::spawn(async move {
        let _enough = write.write_all(&bytes).await;
        write
    });
    let mut incoming = Incoming::new(read);
    let bodiless = case.bytes.starts_with(b"HEAD ");
    let mut seen = Vec::new();
    let mut asked: Option<OwnedWriteHalf> = None;
    let mut sending = Some(sending);
    loop {
        let all = seen.len() == case.statuses.len() && !seen.is_empty();
        if all && let Some(sending) = sending.take() {
            let mut write = sending.await.unwrap();
            let _closed = write.write_all(PROBE).await;
            asked = Some(write);
        }
        let Some(head) = incoming.head().await else {
            return (seen, false);
        };
        let status: u16 = head.line.split(' ').nth(1).unwrap().parse().unwrap();
        if asked.is_some() {
            let open = status == 200 && seen == case.statuses;
            if !open {
                seen.push(status);
            }
            return (seen, open);
        }
        seen.push(status);
        let whole = status >= 200 && status != 204 && !bodiless;
        // An error without a body ends with its connection, or says that it has none.
        if whole && incoming.body(&head).await.is_none() {
            return (seen, false);
        }
    }
}

/// The bytes at the backend of everything that was a call: one length, no coding, one call.
fn check_backend(cases: &[RawCase], backend: &Recorder) -> Vec<String> {
    let mut problems = Vec::new();
    let kept = backend.kept();
    for case in cases {
        let call = case.call();
        let came = kept.iter().filter(|bytes| bytes.body == call.as_bytes());
        if came.clone().count() != case.reached {
            let (wanted, came) = (case.reached, came.count());
            problems.push(format!(
                "{}: {came} at the backend, not {wanted}",
                case.name
            ));
        }
    }
    let calls: BTreeSet<String> = cases.iter().map(RawCase::call).collect();
    for bytes in &kept {
        let framed = (
            bytes.fields("content-length"),
            bytes.fields("transfer-encoding"),
        );
        let of_a_client = bytes.fields("x-forwarded-for") > 0;
        let known = calls.contains(&*String::from_utf8_lossy(&bytes.body));
        if framed != (1, 0) || of_a_client != known || !bytes.head.starts_with("POST / HTTP/1.1") {
            problems.push(format!("at the backend: {bytes:?}"));
        }
    }
    problems
}

#[tokio::test(flavor = "multi_thread")]
async fn every_raw_request_has_the_end_it_should_and_none_reaches_a_backend_as_it_was_framed() {
    let backend = Recorder::start().await;
    let program = program(&backend).await;
    let cases = Arc::new(raw_case::all());
    assert!(cases.len() >= CASES_MIN, "{}", cases.len());
    let names: BTreeSet<&str> = cases.iter().map(|case| &*case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    let mut running = JoinSet::new();
    for place in 0..cases.len() {
        let (cases, address) = (Arc::clone(&cases), program.address());
        running.spawn(async move { (place, see(&cases[place], address).await) });
    }
    let mut problems = Vec::new();
    while let Some(ended) = running.join_next().await {
        let (place, seen) = ended.unwrap();
        let case = &cases[place];
        let wanted = (case.statuses.clone(), case.open);
        if seen != wanted {
            problems.push(format!("{}: {seen:?}, not {wanted:?}", case.name));
        }
    }
    problems.extend(check_backend(&cases, &backend));
    problems.sort();
    println!("{} raw requests sent", cases.len());
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
