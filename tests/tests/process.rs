//! The running program from outside: its ports, its signals, its secrets, the demo and the devnet.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::net::SocketAddr;

use devnet::Devnet;
use devnet::Fault;
use devnet::Kind;
use devnet::Node;
use devnet::Plan;
use headway_tests::http::http;
use headway_tests::program::Program;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

async fn call(address: SocketAddr, method: &str, params: &str) -> Value {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    let (_, answer) = http(address, "POST", "/", &body).await;
    serde_json::from_str(&answer).unwrap()
}

fn addresses(network: &Devnet, kind: Kind) -> String {
    let nodes = network.nodes().iter().filter(|node| node.kind() == kind);
    let nodes = nodes.map(|node| node.addr().to_string());
    nodes.collect::<Vec<_>>().join(",")
}

fn environment(network: &Devnet, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut environment = vec![
        ("WRITE_ENDPOINT", addresses(network, Kind::Miner)),
        ("READ_ENDPOINT", addresses(network, Kind::Read)),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
    ];
    environment.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    environment
}

/// Waits until a node was asked for balances.
async fn reached(nodes: &[Node]) {
    let mut every = tokio::time::interval(std::time::Duration::from_millis(10));
    for _ in 0..1_000 {
        every.tick().await;
        if nodes.iter().any(|node| node.calls_of("eth_getBalance") > 0) {
            return;
        }
    }
    panic!("the call did not reach a node");
}

/// A program all of whose nodes have a fault, and a call that is under way at one of them.
async fn busy(
    network: &Devnet,
    fault: Fault,
    more: &[(&'static str, &str)],
) -> (Program, JoinHandle<Value>) {
    let program = Program::start(&environment(network, more), &["run"]).await;
    network.nodes().iter().for_each(|node| node.set(fault));
    let address = program.address();
    let params = r#"["0x00000000000000000000000000000000000000aa","latest"]"#;
    let asked = tokio::spawn(call(address, "eth_getBalance", params));
    reached(network.nodes()).await;
    (program, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_data_port_ends_it_with_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let environment = [("READ_ENDPOINT", "127.0.0.1:1".to_owned())];
    let environment = [
        &environment[..],
        &[("WRITE_ENDPOINT", "127.0.0.1:1".to_owned())],
    ]
    .concat();
    let listen = format!("server.listen={address}");
    let mut program = Program::spawn(&environment, &["run", "--set", &listen]);
    program
        .logged(&[&format!("error: cannot listen on {address}: ")])
        .await;
    assert_eq!(program.ended().await, Some(1));
    let mut demo = Program::spawn(
        &[],
        &["demo", "--listen", &address, "--admin", "127.0.0.1:0"],
    );
    demo.logged(&["error: ", &address]).await;
    demo.logged(&["--listen"]).await;
    assert_eq!(demo.ended().await, Some(1));
    assert_eq!(
        demo.output(),
        Vec::<String>::new(),
        "nothing that cannot be asked is offered"
    );
    let mut devnet = Program::spawn(&[], &["devnet", "--control", &address]);
    devnet.logged(&["error: ", &address]).await;
    assert_eq!(devnet.ended().await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_side_port_stops_nothing() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let health = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let [admin_at, health_at] =
        [&admin, &health].map(|taken| taken.local_addr().unwrap().to_string());
    let more = [
        ("HEADWAY_ADMIN__LISTEN", admin_at.as_str()),
        ("HEADWAY_SERVER__HEALTH_LISTEN", health_at.as_str()),
    ];
    let mut program = Program::start(&environment(&network, &more), &["run"]).await;
    for (door, address) in [("admin", &admin_at), ("health", &health_at)] {
        let listener = format!("listener=\"{door}\"");
        let words = ["ERROR", "trying again", &listener, address];
        program.logged(&words).await;
    }
    assert!(call(program.address(), "eth_blockNumber", "[]").await["result"].is_string());
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_stop_while_idle_it_ends_well() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    for signal in ["TERM", "QUIT", "INT"] {
        let mut program = Program::start(&environment(&network, &[]), &["run"]).await;
        // A client that keeps its connection but says nothing is not waited for.
        let idle = TcpStream::connect(program.address()).await.unwrap();
        program.signal(signal);
        assert_eq!(program.ended().await, Some(0), "SIG{signal}");
        program.logged(&["everything under way has ended"]).await;
        drop(idle);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_under_way_is_answered_before_it_stops() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let slow = Fault::Slow(std::time::Duration::from_millis(1_500));
    let (mut program, asked) = busy(&network, slow, &[]).await;
    let admin = program.admin().await;
    program.signal("TERM");
    program.logged(&["stopping:", "SIGTERM"]).await;
    // It still works, but wants no more.
    assert_eq!(http(admin, "GET", "/livez", "").await.0, 200);
    let (ready, _) = http(admin, "GET", "/readyz", "").await;
    assert_eq!(ready, 503);
    let answer = asked.await.unwrap();
    assert!(answer["result"].is_string(), "{answer}");
    assert_eq!(program.ended().await, Some(0));
    program.logged(&["everything under way has ended"]).await;
    program.printed(&["\"POST / HTTP/1.1\""]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let patient = [
        ("HEADWAY_TIMEOUTS__DRAIN", "1h"),
        ("HEADWAY_TIMEOUTS__TOTAL", "1h"),
    ];
    let (mut program, asked) = busy(&network, Fault::Hang, &patient).await;
    program.signal("TERM");
    program.logged(&["stopping:"]).await;
    program.signal("TERM");
    program.logged(&["stopped at once"]).await;
    assert_eq!(program.ended().await, Some(0));
    asked.abort();
}

/// Every call of the printed `curl` lines: where it goes and its body.
fn calls(lines: &[String]) -> Vec<(SocketAddr, String)> {
    let calls = lines.iter().filter_map(|line| {
        let (address, body) = line.split_once("curl -s http://")?.1.split_once(" -d '")?;
        Some((address.parse().ok()?, body.strip_suffix('\'')?.to_owned()))
    });
    calls.collect()
}

/// Where a printed line leads: what follows `http://`, as address and path.
fn place(line: &str) -> (SocketAddr, String) {
    let after = line.split_once("http://").unwrap().1;
    let after = after.split_whitespace().next().unwrap();
    let (address, path) = after.split_once('/').unwrap();
    (address.parse().unwrap(), format!("/{path}"))
}

/// Does what the lines about faults say, and looks whether they are in force.
async fn command(program: &mut Program, fault: &str) {
    let set = program.printed(&["curl -d"]).await;
    assert!(set.contains(fault), "{set}");
    let (control, path) = place(&set);
    let (status, shown) = http(control, "POST", &path, fault).await;
    assert_eq!(status, 200, "{shown}");
    assert!(shown.contains(&format!("\"{fault}\"")), "{shown}");
    let clear = place(&program.printed(&["curl -X DELETE"]).await);
    assert_eq!(clear, (control, path.clone()));
    let (status, shown) = http(control, "DELETE", &path, "").await;
    assert_eq!((status, shown.contains(fault)), (200, false), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_demo_prints_works() {
    let free = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let mut demo = Program::start(&[], &[&["demo", "--nodes", "2"], &free[..]].concat()).await;
    demo.printed(&["Ctrl-C ends it"]).await;
    let calls = calls(&demo.output());
    assert!(calls.len() >= 3, "{:?}", demo.output());
    for (address, body) in calls {
        assert_eq!(address, demo.address());
        let (status, answer) = http(address, "POST", "/", &body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(status, 200, "{body}: {answer}");
        assert!(!answer["result"].is_null(), "{body}: {answer}");
    }
    let (admin, path) = place(&demo.printed(&["/metrics"]).await);
    let (status, metrics) = http(admin, "GET", &path, "").await;
    assert!(
        status == 200 && metrics.contains("headway_backend"),
        "{metrics}"
    );
    command(&mut demo, "die").await;
    demo.signal("INT");
    assert_eq!(demo.ended().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_devnet_prints_works() {
    let mut devnet = Program::spawn(&[], &["devnet", "--nodes", "2", "--miners", "1"]);
    let (desk, path) = place(&devnet.printed(&["all nodes"]).await);
    let (status, shown) = http(desk, "GET", &path, "").await;
    assert_eq!(status, 200);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let nodes = shown["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 5, "two nodes, a miner, a nodeos, a leader");
    for node in nodes {
        let (name, url) = (
            node["name"].as_str().unwrap(),
            node["url"].as_str().unwrap(),
        );
        let line = devnet.printed(&[name, url]).await;
        let address = place(&format!("{}/", line.trim_end())).0;
        if name.starts_with("read") {
            assert!(call(address, "eth_blockNumber", "[]").await["result"].is_string());
        }
    }
    command(&mut devnet, "lag 12").await;
    devnet.signal("TERM");
    assert_eq!(devnet.ended().await, Some(0));
}

/// What must be seen nowhere: in any case, and as it goes into `Authorization`.
const SECRETS: [&str; 3] = ["canary", "y2fuyxj5", "0x02c0ffee"];

async fn read_and_send(data: SocketAddr) -> [Value; 2] {
    let block = call(data, "eth_blockNumber", "[]").await;
    let send = call(data, "eth_sendRawTransaction", "[\"0x02c0ffee\"]").await;
    [block, send]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_seen_nowhere() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let url = |name: &str| {
        let address = network.node(name).unwrap().addr();
        format!("http://canary:canary@{address}/canary?key=canary")
    };
    let file = format!("{}/secrets.toml", env!("CARGO_TARGET_TMPDIR"));
    let text = format!(
        "profile = \"evm\"\n[[backends]]\nid = \"a\"\nurl = \"{}\"\npool = \"read\"\n\
         [[backends]]\nid = \"l\"\nurl = \"${{LEADER}}\"\nleader = true\n",
        url("read-1")
    );
    std::fs::write(&file, text).unwrap();
    let environment = [
        ("LEADER", url("leader")),
        ("WRITE_ENDPOINT", url("miner-1")),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "stdout".to_owned()),
    ];
    let arguments = ["run", "--config", &file, "--set", "logs.level=debug"];
    let mut program = Program::start(&environment, &arguments).await;
    let (data, admin) = (program.address(), program.admin().await);
    let mut heard = Vec::new();
    let answers = read_and_send(data).await;
    assert!(answers[0]["result"].is_string(), "{answers:?}");
    heard.extend(answers.map(|answer| answer.to_string()));
    for fault in [
        Fault::Html,
        Fault::Status(502),
        Fault::ResetAfter,
        Fault::Die,
    ] {
        network.nodes().iter().for_each(|node| {
            node.clear();
            node.set(fault);
        });
        let answers = read_and_send(data).await;
        assert!(answers[0]["error"].is_object(), "{fault}: {answers:?}");
        heard.extend(answers.map(|answer| answer.to_string()));
    }
    program.logged(&["backend=\"a\"", "to=\"down\""]).await;
    heard.push(http(admin, "GET", "/metrics", "").await.1);
    heard.push(http(admin, "GET", "/", "").await.1);
    heard.push(http(data, "GET", "/", "").await.1);
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    assert!(!program.output().is_empty(), "the access log");
    heard.extend(program.log());
    heard.extend(program.output());
    for text in heard {
        let lower = text.to_ascii_lowercase();
        assert!(
            !SECRETS.iter().any(|secret| lower.contains(secret)),
            "{text}"
        );
    }
}
