//! The running program takes another configuration under load: no call fails, no socket closes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use devnet::Devnet;
use devnet::Fault;
use devnet::Plan;
use headway_tests::load::Load;
use headway_tests::program::Program;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const PARAMS: &str = r#"["0x00000000000000000000000000000000000000aa","latest"]"#;

fn is_quantity(result: &Value) -> bool {
    result.as_str().is_some_and(|text| text.starts_with("0x"))
}

/// A file with these nodes in the read pool, and something more.
fn write(path: &Path, network: &Devnet, reads: &[&str], more: &str) {
    let mut text = format!("profile = \"evm\"\n{more}\n");
    for (pool, node) in reads
        .iter()
        .map(|node| ("read", node))
        .chain([("write", &"miner-1")])
    {
        let url = network.node(node).unwrap().url();
        text += &format!("[[backends]]\nid = \"{node}\"\nurl = \"{url}\"\npool = \"{pool}\"\n");
    }
    // As a careful editor does it.
    let half = path.with_extension("half");
    fs::write(&half, text).unwrap();
    fs::rename(&half, path).unwrap();
}

async fn metrics(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let question = "GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Waits until the metrics have a line that starts so.
async fn shows(address: SocketAddr, start: &str) {
    let mut every = tokio::time::interval(Duration::from_millis(50));
    loop {
        every.tick().await;
        if metrics(address)
            .await
            .lines()
            .any(|line| line.starts_with(start))
        {
            return;
        }
    }
}

/// A number in the metrics.
async fn figure(address: SocketAddr, name: &str) -> f64 {
    let text = metrics(address).await;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    value.trim().parse().unwrap()
}

async fn headway(path: &Path) -> Program {
    let environment = [
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
    ];
    let file = path.display().to_string();
    Program::start(&environment, &["run", "--config", &file]).await
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

async fn story(network: &Devnet, path: &Path, program: &mut Program, load: &Load) {
    let admin = program.admin().await;
    load.more(500).await;
    let connections = figure(admin, "headway_connections_total").await;
    // A backend comes.
    write(path, network, &["read-1", "read-2", "read-3"], "");
    program.signal("HUP");
    program.logged(&["backends.read-3: added"]).await;
    program.logged(&["changes=1", "in force"]).await;
    shows(admin, "headway_backend_block_number{backend=\"read-3\"} ").await;
    load.more(1_000).await;
    assert!(network.node("read-3").unwrap().calls_of("eth_getBalance") > 0);
    // A file that is no good changes nothing, and every problem is told.
    write(
        path,
        network,
        &["read-1"],
        "[health]\nmax_lag = \"ten\"\n[limit]\nx = 1",
    );
    program.signal("HUP");
    program.logged(&["ERROR", "health.max_lag = \"ten\""]).await;
    program
        .logged(&["ERROR", "limit", "there is no such key"])
        .await;
    program
        .logged(&["ERROR", "problems=2", "nothing has changed"])
        .await;
    shows(admin, "headway_config_last_reload_successful 0").await;
    shows(admin, "headway_backend_up{backend=\"read-3\"} 1").await;
    // A backend goes, and a limit changes; the file is noticed by itself.
    network.node("read-2").unwrap().set(Fault::Lag(20));
    program.logged(&["read-2", "to=\"lagging\""]).await;
    write(
        path,
        network,
        &["read-3", "read-2"],
        "[health]\nmax_lag = 25\n[server]\nworkers = 7",
    );
    program.logged(&["health.max_lag: 10 -> 25"]).await;
    program.logged(&["backends.read-1: removed"]).await;
    program
        .logged(&["WARN", "server.workers: 0 -> 7; needs a restart"])
        .await;
    program.logged(&["read-2", "to=\"eligible\""]).await;
    shows(admin, "headway_config_last_reload_successful 1").await;
    let text = metrics(admin).await;
    assert!(!text.contains("backend=\"read-1\""), "its series are gone");
    load.more(200).await;
    let gone = network.node("read-1").unwrap();
    let served = gone.calls_of("eth_getBalance");
    load.more(1_000).await;
    assert_eq!(
        gone.calls_of("eth_getBalance"),
        served,
        "it gets no more calls"
    );
    // Once by the questions here; the busy connections are those that were there at first.
    let more = figure(admin, "headway_connections_total").await;
    assert!((more - connections).abs() < 0.5, "{connections} -> {more}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_under_load_fails_no_call_and_closes_no_socket() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let path = file("reload.toml");
    write(&path, &network, &["read-1", "read-2"], "");
    let mut program = headway(&path).await;
    let load = Load::start(
        program.address(),
        16,
        ("eth_getBalance", PARAMS),
        is_quantity,
    );
    let told = story(&network, &path, &mut program, &load);
    tokio::time::timeout(Duration::from_secs(180), told)
        .await
        .unwrap();
    assert_eq!(load.stop().await, Vec::<String>::new());
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_reloads_under_load_fail_no_call() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let path = file("again-and-again.toml");
    let lists: [&[&str]; 3] = [
        &["read-1", "read-2"],
        &["read-2", "read-3"],
        &["read-3", "read-1", "read-2"],
    ];
    write(&path, &network, lists[2], "");
    let mut program = headway(&path).await;
    let admin = program.admin().await;
    let load = Load::start(
        program.address(),
        16,
        ("eth_getBalance", PARAMS),
        is_quantity,
    );
    let many = async {
        for turn in 0..100 {
            write(
                &path,
                &network,
                lists[turn % 3],
                &format!("[health]\nmax_lag = {}", 11 + turn),
            );
            program.signal("HUP");
            program.logged(&[&format!(" -> {}", 11 + turn)]).await;
            load.more(20).await;
        }
        let good = "headway_config_reloads_total{result=\"success\"}";
        let mut every = tokio::time::interval(Duration::from_millis(50));
        while figure(admin, good).await < 99.5 {
            every.tick().await;
        }
        assert!(figure(admin, "headway_config_reloads_total{result=\"failure\"}").await < 0.5);
    };
    tokio::time::timeout(Duration::from_secs(180), many)
        .await
        .unwrap();
    assert_eq!(load.stop().await, Vec::<String>::new());
}
