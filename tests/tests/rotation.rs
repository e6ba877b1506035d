//! The running program's logs: moved away, rotated, on a full disk; calls never notice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use devnet::Devnet;
use devnet::Kind;
use devnet::Plan;
use headway_tests::load::Caller;
use headway_tests::program::Program;
use headway_tests::scrape::Scrape;
use tokio::net::TcpStream;

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#;

fn addresses(network: &Devnet, kind: Kind) -> String {
    let nodes = network.nodes().iter().filter(|node| node.kind() == kind);
    let nodes = nodes.map(|node| node.addr().to_string());
    nodes.collect::<Vec<_>>().join(",")
}

/// A directory of a story's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _not_there = fs::remove_dir_all(&folder);
    folder
}

fn environment(network: &Devnet, log: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("WRITE_ENDPOINT", addresses(network, Kind::Miner)),
        ("READ_ENDPOINT", addresses(network, Kind::Read)),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_LOGS__ACCESS", log.display().to_string()),
    ]
}

async fn call(program: &Program) {
    let mut caller = Caller::connect(program.address()).await;
    let (status, answer) = caller.post(CALL).await.unwrap();
    assert!(status == 200 && answer.contains("\"result\""), "{answer}");
}

/// Looks at a file until it holds so many lines of calls.
async fn lines(path: &Path, wanted: usize) {
    let mut every = tokio::time::interval(Duration::from_millis(20));
    let count = || {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.matches("\"POST / HTTP/1.1\"").count()
    };
    for _ in 0..1_500 {
        every.tick().await;
        if count() >= wanted {
            break;
        }
    }
    assert_eq!(count(), wanted, "{}", path.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_opened_again_at_the_signal() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let folder = folder("reopened");
    let log = folder.join("nginx").join("access.log");
    let mut program = Program::start(&environment(&network, &log), &["run"]).await;
    call(&program).await;
    lines(&log, 1).await;
    let old = folder.join("access.log.old");
    fs::rename(&log, &old).unwrap();
    program.signal("USR1");
    program.logged(&["opening the logs again"]).await;
    lines(&log, 0).await;
    call(&program).await;
    lines(&log, 1).await;
    lines(&old, 1).await;
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_no_call_and_is_told_once() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let folder = folder("full");
    fs::create_dir_all(&folder).unwrap();
    let log = folder.join("access.log");
    std::os::unix::fs::symlink("/dev/full", &log).unwrap();
    let mut program = Program::start(&environment(&network, &log), &["run"]).await;
    for _ in 0..3 {
        call(&program).await;
    }
    let words = ["ERROR", "cannot be written", "access-log"];
    program.logged(&words).await;
    fs::remove_file(&log).unwrap();
    let mut every = tokio::time::interval(Duration::from_millis(20));
    while !log.exists() {
        every.tick().await;
        call(&program).await;
    }
    program
        .logged(&["INFO", "written again", "access-log"])
        .await;
    let log = program.log();
    let told = |line: &&String| words.iter().all(|word| line.contains(word));
    assert_eq!(log.iter().filter(told).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_own_words_may_be_lost_but_no_call_is() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let log = folder("unheard").join("access.log");
    let mut environment = environment(&network, &log);
    // Its log, which would say the port, cannot be read.
    let address = free();
    environment.push(("HEADWAY_SERVER__LISTEN", address.to_string()));
    let mut child = Command::new(headway_tests::program::built())
        .args(["run", "--set", "logs.level=debug"])
        .env_clear()
        .envs(environment)
        .stderr(fs::File::create("/dev/full").unwrap())
        .spawn()
        .unwrap();
    let mut every = tokio::time::interval(Duration::from_millis(20));
    while TcpStream::connect(address).await.is_err() {
        every.tick().await;
    }
    let mut caller = Caller::connect(address).await;
    let answer = caller.post(CALL).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(answer.unwrap().0, 200);
}

/// A free port, found by taking it for a moment.
fn free() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_nothing_of_its_log_stops_nothing() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let folder = folder("unread");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("proxy.toml");
    fs::write(&file, "").unwrap();
    let mut environment = environment(&network, &folder.join("access.log"));
    let (address, admin) = (free(), free());
    environment.push(("HEADWAY_SERVER__LISTEN", address.to_string()));
    environment.push(("HEADWAY_ADMIN__LISTEN", admin.to_string()));
    environment.push(("HEADWAY_CONFIG", file.display().to_string()));
    let mut child = Command::new(headway_tests::program::built())
        .arg("run")
        .env_clear()
        .envs(environment)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut every = tokio::time::interval(Duration::from_millis(20));
    while TcpStream::connect(address).await.is_err() {
        every.tick().await;
    }
    // A line for each of them is more than a pipe holds.
    let keys = (0..2_000).map(|key| format!("wrong_{key} = 1\n"));
    fs::write(&file, keys.collect::<String>()).unwrap();
    let failed = "headway_config_reloads_total{result=\"failure\"}";
    for look in 0.. {
        every.tick().await;
        if Scrape::of(admin).await.sum(failed) > 0.0 {
            break;
        }
        assert!(look < 1_500, "the reload does not end");
    }
    let mut caller = Caller::connect(address).await;
    assert_eq!(caller.post(CALL).await.unwrap().0, 200);
    let killed = Command::new("kill").arg(child.id().to_string()).status();
    assert!(killed.unwrap().success());
    for look in 0.. {
        every.tick().await;
        if let Some(ended) = child.try_wait().unwrap() {
            assert_eq!(ended.code(), Some(0));
            break;
        }
        assert!(look < 1_500, "it does not stop");
    }
}
