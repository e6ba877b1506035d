//! The real checker of metrics reads a live scrape.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use devnet::Devnet;
use devnet::Plan;
use headway_tests::load::Caller;
use headway_tests::parts;
use headway_tests::program::Program;

#[tokio::test]
async fn promtool_likes_a_live_scrape() {
    let found = Command::new("promtool").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        return parts::left_out("promtool reading a live scrape");
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
    let readme = std::fs::read_to_string(parts::scripts().join("../../README.md")).unwrap();
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

#[tokio::test]
async fn curl_unpacks_what_it_asked_for() {
    let found = Command::new("curl").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        return parts::left_out("curl asking for a compressed answer");
    }
    let network = Devnet::start(Plan::default()).await.unwrap();
    let environment = [
        ("WRITE_ENDPOINT", network.node("miner-1").unwrap().url()),
        ("READ_ENDPOINT", network.node("read-1").unwrap().url()),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "off".to_owned()),
    ];
    let mut program = Program::start(&environment, &["run"]).await;
    let url = format!("http://{}/", program.address());
    let one = r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x1",true]}"#;
    let body = format!("[{}]", [one; 20].join(","));
    let ask = |more: &[&str]| {
        let mut curl = Command::new("curl");
        curl.args([
            "-s",
            "-m",
            "60",
            "-w",
            "\n%{size_download}",
            "-d",
            &body,
            &url,
        ]);
        let output = curl.args(more).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let (text, bytes) = text.rsplit_once('\n').unwrap();
        (text.to_owned(), bytes.parse::<usize>().unwrap())
    };
    let (plain, whole) = ask(&[]);
    let (unpacked, packed) = ask(&["--compressed"]);
    assert_eq!((plain.len(), plain), (whole, unpacked));
    assert!(packed * 4 < whole, "{packed} of {whole}");
    for bytes in [whole, packed] {
        let line = format!("\"POST / HTTP/1.1\" {bytes} ");
        program.printed(&[&line]).await;
    }
}
