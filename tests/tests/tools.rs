//! Real tools against the real program: curl, ab, and slowhttptest, whose attacks take longer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use headway_tests::load::Caller;
use headway_tests::parts;
use headway_tests::program::Program;
use headway_tests::recorder::Recorder;

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#;

async fn program(backend: &Recorder) -> Program {
    let environment = [
        ("WRITE_ENDPOINT", backend.address().to_string()),
        ("READ_ENDPOINT", backend.address().to_string()),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "off".to_owned()),
    ];
    Program::start(&environment, &["run"]).await
}

fn is_there(tool: &str, version: &str) -> bool {
    let found = Command::new(tool)
        .arg(version)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok()
}

/// What a tool says, on both its outputs.
async fn said(tool: &'static str, arguments: Vec<String>) -> String {
    let run = move || Command::new(tool).args(&arguments).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    format!("{out}\n{errors}")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn file(name: &str, bytes: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_hears_what_it_should() {
    if !is_there("curl", "--version") {
        return parts::left_out("curl against the running program");
    }
    let backend = Recorder::start().await;
    let program = program(&backend).await;
    let url = format!("http://{}/", program.address());
    let large = format!("@{}", file("large.json", &vec![b' '; 11 << 20]));
    let rows: [(&str, &[&str], &str); 9] = [
        ("a call", &["-d", CALL], "200 1.1"),
        ("a call in HTTP/1.0", &["-0", "-d", CALL], "200 1"),
        (
            "a call in chunks",
            &["-H", "Transfer-Encoding: chunked", "-d", CALL],
            "200 1.1",
        ),
        (
            "a call that waits to be asked for",
            &["-H", "Expect: 100-continue", "-d", CALL],
            "200 1.1",
        ),
        ("a page", &[], "200 1.1"),
        ("only its head", &["-I"], "200 1.1"),
        ("a preflight", &["-X", "OPTIONS"], "204 1.1"),
        ("a method that is none", &["-X", "TRACE"], "405 1.1"),
        (
            "an upgrade that nobody needs",
            &["--http2", "-d", CALL],
            "200 1.1",
        ),
    ];
    let form = ["-s", "-w", "\n%{http_code} %{http_version} %{size_upload}"];
    for (told, arguments, wanted) in rows {
        let heard = said("curl", words(&[&form, arguments, &[&*url]].concat())).await;
        let last = heard.trim_end().lines().last().unwrap();
        assert!(last.starts_with(wanted), "{told}: {heard}");
        let is_call = arguments.contains(&CALL);
        assert_eq!(
            heard.contains("\"result\":\"0x1\""),
            is_call,
            "{told}: {heard}"
        );
    }
    // Whoever asks before it sends is spared the sending.
    let ask = [
        "-H",
        "Expect: 100-continue",
        "--data-binary",
        &*large,
        &*url,
    ];
    let heard = said("curl", words(&[&form, &ask[..]].concat())).await;
    assert!(heard.contains("too_large"), "{heard}");
    assert_eq!(heard.trim_end().lines().last(), Some("413 1.1 0"));
}

/// The number on a line of ab's report.
fn reported(report: &str, name: &str) -> Option<u64> {
    let line = report.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().split(' ').next()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn ab_counts_no_failure_with_connections_kept_or_not() {
    if !is_there("ab", "-V") {
        return parts::left_out("ab against the running program");
    }
    let backend = Recorder::start().await;
    let program = program(&backend).await;
    let body = file("call.json", CALL.as_bytes());
    let url = format!("http://{}/", program.address());
    for kept in [false, true] {
        let mut arguments = words(&["-n", "2000", "-c", "20", "-p", &*body]);
        arguments.extend(words(&["-T", "application/json"]));
        arguments.extend(kept.then(|| "-k".to_owned()));
        arguments.push(url.clone());
        let report = said("ab", arguments).await;
        assert_eq!(
            reported(&report, "Complete requests:"),
            Some(2_000),
            "{report}"
        );
        assert_eq!(reported(&report, "Failed requests:"), Some(0), "{report}");
        assert_eq!(reported(&report, "Non-2xx responses:"), None, "{report}");
        let expected = kept.then_some(2_000);
        assert_eq!(
            reported(&report, "Keep-Alive requests:"),
            expected,
            "{report}"
        );
    }
    let came = backend.kept();
    let calls = came.iter().filter(|bytes| bytes.body == CALL.as_bytes());
    assert_eq!(calls.count(), 4_000);
}

/// Set by `.ci/full`: each attack takes half a minute.
fn is_asked_for() -> bool {
    std::env::var_os("HEADWAY_SLOW_CLIENTS").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_cut_off_while_others_are_served() {
    if !is_asked_for() {
        return parts::tell("LEFT OUT: slow clients for minutes; .ci/full runs them");
    }
    if !is_there("slowhttptest", "-h") {
        return parts::tell(
            "LEFT OUT: slowhttptest against the running program; .ci/full installs it",
        );
    }
    let backend = Recorder::start().await;
    let program = program(&backend).await;
    let url = format!("http://{}/", program.address());
    // Heads that drip, bodies that drip, and answers that are taken by the byte: small ones wait in
    // the kernel, which costs nobody anything.
    for (mode, cut_off) in [("-H", true), ("-B", true), ("-X", false)] {
        let attack = [
            "-c", "1000", mode, "-i", "2", "-r", "200", "-p", "3", "-l", "45", "-u", &*url,
        ];
        let running = tokio::spawn(said("slowhttptest", words(&attack)));
        let mut served = 0;
        let mut every = tokio::time::interval(std::time::Duration::from_millis(50));
        while !running.is_finished() {
            every.tick().await;
            let mut caller = Caller::connect(program.address()).await;
            assert_eq!(caller.post(CALL).await.unwrap().0, 200, "{mode}");
            served += 1;
        }
        let report = running.await.unwrap();
        assert!(served > 100, "{mode}: {served}");
        let none_left = report.contains("No open connections left");
        assert!(none_left || !cut_off, "{mode}: {report}");
    }
}
