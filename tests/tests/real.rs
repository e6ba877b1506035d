//! Real parts: a real node, a real client, the real checker of metrics. What is not installed is
//! named, not passed over in silence.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use devnet::Devnet;
use devnet::Plan;
use headway_tests::load::Caller;
use headway_tests::program::Program;
use serde_json::Value;

/// A real program that is killed with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Says what a test could not do; past the capture of test output, so that it is seen.
fn left_out(what: &str) {
    let line = format!("LEFT OUT: {what}; .ci/run installs it\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

fn real() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("real")
}

/// A real Anvil with a block a second, and its URL.
fn anvil() -> Option<(Killed, String)> {
    let program = real().join("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
    if !program.exists() {
        return None;
    }
    let mut child = Command::new(program)
        .args(["--host", "127.0.0.1", "--port", "0", "--block-time", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let child = Killed(child);
    for line in lines.map_while(Result::ok) {
        if let Some((_, address)) = line.split_once("Listening on ") {
            return Some((child, format!("http://{}", address.trim())));
        }
    }
    panic!("Anvil ended before it listened");
}

async fn headway(url: &str) -> Program {
    let environment = [
        ("HEADWAY_PROFILE", "evm".to_owned()),
        ("HEADWAY_BACKENDS__anvil__URL", url.to_owned()),
        ("HEADWAY_BACKENDS__anvil__POOL", "read".to_owned()),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "off".to_owned()),
    ];
    Program::start(&environment, &["run"]).await
}

#[tokio::test]
async fn ethers_sends_a_transaction_to_anvil_and_reads_its_receipt() {
    if !real().join("node_modules/ethers").exists() {
        return left_out("ethers sending a transaction to a real Anvil");
    }
    let Some((_anvil, url)) = anvil() else {
        return left_out("a real Anvil behind Headway");
    };
    let program = headway(&url).await;
    let output = Command::new("node")
        .arg(real().join("anvil.mjs"))
        .arg(format!("http://{}", program.address()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let saw: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{errors}"));
    assert_eq!(saw["chainId"], 31337);
    assert_eq!(saw["status"], 1);
    assert_eq!(saw["hashMatches"], true);
    assert_eq!(saw["received"], "1000000000000000000");
    assert_eq!(saw["batched"], 20);
    assert_eq!(saw["http"], 200);
    assert_eq!(saw["ids"], serde_json::json!(["a", 2, 3]));
    assert_eq!(saw["chain"], "0x7a69");
    assert_eq!(saw["unknown"], -32601);
}

#[tokio::test]
async fn promtool_likes_a_live_scrape() {
    let found = Command::new("promtool").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        return left_out("promtool reading a live scrape");
    }
    let network = Devnet::start(Plan::default()).await.unwrap();
    let environment = [
        ("WRITE_ENDPOINT", network.node("miner-1").unwrap().url()),
        ("READ_ENDPOINT", network.node("read-1").unwrap().url()),
        ("LEADER_ENDPOINT", network.node("leader").unwrap().url()),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
    ];
    let program = Program::start(&environment, &["run"]).await;
    let mut caller = Caller::connect(program.address()).await;
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"no_such"}"#,
        "not json",
    ] {
        caller.post(body).await.unwrap();
    }
    let scrape = scrape(&program).await;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(scrape.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && complaints.is_empty(),
        "{complaints}"
    );
    let readme = std::fs::read_to_string(real().join("../../README.md")).unwrap();
    let missing = documented(&scrape).filter(|name| !readme.contains(&format!("`{name}`")));
    assert_eq!(
        missing.collect::<Vec<_>>(),
        Vec::<&str>::new(),
        "not in the README"
    );
}

/// The names of Headway's own metrics in a scrape.
fn documented(scrape: &str) -> impl Iterator<Item = &str> {
    let types = scrape
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .filter_map(|line| line.split(' ').next())
        .filter(|name| name.starts_with("headway_"))
}

async fn scrape(program: &Program) -> String {
    let mut every = tokio::time::interval(Duration::from_millis(20));
    loop {
        every.tick().await;
        let lines = program.log();
        let address = lines
            .iter()
            .find_map(|line| line.split_once("listener=\"admin\" address="));
        if let Some((_, address)) = address {
            let url = format!("http://{}/metrics", address.trim());
            let output = Command::new("curl").args(["-s", &url]).output().unwrap();
            return String::from_utf8(output.stdout).unwrap();
        }
    }
}
