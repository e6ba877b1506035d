//! A deploy under load: one of two programs is stopped, and not one call fails.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use devnet::Devnet;
use devnet::Kind;
use devnet::Plan;
use headway_tests::balancer::Balancer;
use headway_tests::program::Program;
use headway_tests::program::says_ready;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

fn addresses(network: &Devnet, kind: Kind) -> String {
    let nodes = network.nodes().iter().filter(|node| node.kind() == kind);
    let nodes = nodes.map(|node| node.addr().to_string());
    nodes.collect::<Vec<_>>().join(",")
}

async fn headway(network: &Devnet, more: &[(&'static str, &str)]) -> Program {
    let mut environment = vec![
        ("WRITE_ENDPOINT", addresses(network, Kind::Miner)),
        ("READ_ENDPOINT", addresses(network, Kind::Read)),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "off".to_owned()),
    ];
    let more = more.iter();
    environment.extend(more.map(|(name, value)| (*name, (*value).to_owned())));
    Program::start(&environment, &["run"]).await
}

/// Stops one of two programs in the middle of 500 calls a second.
async fn deploy(signal: &str, more: &[(&'static str, &str)]) {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let mut leaving = headway(&network, more).await;
    let staying = headway(&network, &[]).await;
    let balancer = Balancer::start(&[leaving.address(), staying.address()]);
    balancer.more(0, 500).await;
    let (before, opened) = (balancer.answered(0), balancer.opened(0));
    assert!(opened < before, "connections are used again: {opened}");
    leaving.signal(signal);
    assert_eq!(leaving.ended().await, Some(0));
    leaving.logged(&["everything under way has ended"]).await;
    let after = balancer.answered(0);
    balancer.more(1, 500).await;
    assert_eq!(balancer.stop().await, Vec::<String>::new());
    assert!(
        after > before + 50,
        "it was called until it was known to leave"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_one_call_fails_when_a_program_leaves() {
    deploy("TERM", &[("HEADWAY_TIMEOUTS__LAME_DUCK", "4s")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orchestrator_is_given_time_without_being_asked() {
    deploy("QUIT", &[("KUBERNETES_SERVICE_HOST", "10.0.0.1")]).await;
}

/// Asks on a connection that may be used again; the head of the answer.
async fn ask(stream: &mut TcpStream, path: &str) -> String {
    let question = format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "closed");
    }
    String::from_utf8(answer).unwrap().to_lowercase()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_while_it_leaves_is_served_and_told() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let more = [
        ("HEADWAY_TIMEOUTS__LAME_DUCK", "1h"),
        ("HEADWAY_SERVER__HEALTH_LISTEN", "127.0.0.1:0"),
    ];
    let mut program = headway(&network, &more).await;
    let health = program.logged(&["listening listener=\"health\""]).await;
    let health = headway_tests::program::told(&health).unwrap();
    let admin = program.admin().await;
    let mut kept = TcpStream::connect(program.address()).await.unwrap();
    assert!(!ask(&mut kept, "/livez").await.contains("connection: close"));
    program.signal("TERM");
    program.logged(&["stopping:", "SIGTERM"]).await;
    // An idle connection from before, and one that is opened now.
    let mut late = TcpStream::connect(program.address()).await.unwrap();
    for stream in [&mut kept, &mut late] {
        let heard = ask(stream, "/readyz").await;
        assert!(heard.starts_with("http/1.1 503 "), "{heard}");
        assert!(heard.contains("connection: close"), "{heard}");
        let mut end = Vec::new();
        stream.read_to_end(&mut end).await.unwrap();
    }
    assert_eq!(says_ready(health).await, Some(false));
    assert_eq!(says_ready(admin).await, Some(false));
    for (arguments, code) in [(&["healthcheck"][..], 0), (&["healthcheck", "--ready"], 1)] {
        let admin = admin.to_string();
        let arguments = [arguments, &["--admin", &admin, "--timeout-ms", "60000"]].concat();
        let mut check = Program::spawn(&[], &arguments);
        assert_eq!(check.ended().await, Some(code), "{arguments:?}");
    }
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    program.logged(&["stopped at once", "SIGTERM"]).await;
}
