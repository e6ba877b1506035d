//! The log files of the running program: those of tx_proxy, and what must not be in them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use devnet::Devnet;
use devnet::Fault;
use devnet::Kind;
use devnet::Plan;
use headway_tests::load::Caller;
use headway_tests::program::Program;

const READ: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#;
/// A signed transaction (the example of EIP-155), and the same by its hash.
const SIGNED: &str = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400\
    008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b\
    3800ccf555c9f3dc64214b297fb1966a3b6d83";
const HASH: &str = "0x33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788";

fn addresses(network: &Devnet, kind: Kind) -> String {
    let nodes = network.nodes().iter().filter(|node| node.kind() == kind);
    let nodes = nodes.map(|node| node.addr().to_string());
    nodes.collect::<Vec<_>>().join(",")
}

/// A directory that is not there yet.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _not_there = fs::remove_dir_all(&folder);
    folder
}

/// A drop-in with these logs in front of a network whose miners fail.
async fn start(directory: &Path, more: &[(&'static str, &str)]) -> (Program, Devnet) {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let mut environment = vec![
        ("WRITE_ENDPOINT", addresses(&network, Kind::Miner)),
        ("READ_ENDPOINT", addresses(&network, Kind::Read)),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_LOGS__DIRECTORY", directory.display().to_string()),
    ];
    environment.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let program = Program::start(&environment, &["run"]).await;
    let miners = network
        .nodes()
        .iter()
        .filter(|node| node.kind() == Kind::Miner);
    miners.for_each(|node| node.set(Fault::Status(503)));
    (program, network)
}

/// A read, and a send that the miners fail; then the end, so that all lines are written.
async fn use_it(program: &mut Program) {
    let mut caller = Caller::connect(program.address()).await;
    assert_eq!(caller.post(READ).await.unwrap().0, 200);
    let send = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x{SIGNED}"]}}"#
    );
    assert_eq!(caller.post(&send).await.unwrap().0, 502);
    drop(caller);
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_tx_proxy_are_kept_with_their_directories() {
    let directory = folder("logs-of-tx-proxy").join("nginx");
    let (mut program, _network) = start(&directory, &[]).await;
    use_it(&mut program).await;
    let read = |name: &str| fs::read_to_string(directory.join(name)).unwrap();
    let access = read("access.log");
    assert!(access.contains("  200 \"POST / HTTP/1.1\" "), "{access}");
    assert!(access.contains("  502 \"POST / HTTP/1.1\" "), "{access}");
    let errors = read("error.log");
    for line in program
        .log()
        .iter()
        .filter(|line| line.contains("headway") || line.contains("INFO"))
    {
        assert!(
            errors.contains(line),
            "standard error says {line}, error.log {errors}"
        );
    }
    assert!(
        errors.contains("serving") && errors.contains("everything under way has ended"),
        "{errors}"
    );
    let bodies = read("error/write-post-data.log");
    assert!(bodies.starts_with("127.0.0.1 ["), "{bodies}");
    assert!(
        bodies.contains("] 503 127.0.0.1 {\\x22jsonrpc\\x22:\\x222.0\\x22,"),
        "{bodies}"
    );
    assert!(
        bodies.contains(&format!("{HASH} (transaction hidden)")),
        "{bodies}"
    );
    for name in ["read", "test", "websocket"] {
        assert_eq!(read(&format!("error/{name}-post-data.log")), "");
    }
    for text in [access, errors, bodies, program.log().concat()] {
        assert!(!text.contains(&SIGNED[..40]), "{text}");
    }
    assert!(program.output().is_empty(), "the access log is in its file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_transactions_are_shown_where_somebody_asks_for_them() {
    let directory = folder("logs-with-transactions");
    let (mut program, _network) =
        start(&directory, &[("HEADWAY_LOGS__RAW_TRANSACTIONS", "true")]).await;
    use_it(&mut program).await;
    let bodies = fs::read_to_string(directory.join("error/write-post-data.log")).unwrap();
    assert!(bodies.contains(SIGNED), "{bodies}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_that_cannot_be_made_is_told_and_done_without() {
    let (mut program, _network) = start(Path::new("/dev/null/nginx"), &[]).await;
    use_it(&mut program).await;
    for name in ["access.log", "error.log", "error/write-post-data.log"] {
        let told = format!("cannot write /dev/null/nginx/{name}: ");
        let lines = program.log();
        let count = lines.iter().filter(|line| line.contains(&told)).count();
        assert_eq!(count, 1, "{name}: {lines:?}");
    }
    let lines = program.output();
    assert!(
        lines
            .iter()
            .any(|line| line.contains("\"POST / HTTP/1.1\"")),
        "{lines:?}"
    );
}
