//! `headway demo`: a simulated network with Headway in front of it, set up as in the container.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use config::load::Sources;
use devnet::Devnet;
use devnet::Fault;
use devnet::Kind;
use devnet::Node;
use devnet::Plan;

use crate::arguments::Demo;
use crate::run;
use crate::say;
use crate::show;
use crate::signals::Stop;
use crate::wiring;
use crate::wiring::Running;

/// Between two failures of `--chaos`, and how long each lasts.
const CHAOS_PAUSE: Duration = Duration::from_secs(5);
const CHAOS_LASTS: Duration = Duration::from_secs(15);

/// Nodes that get logs and traces only.
const HEAVY_NODES: usize = 1;

/// Runs the demo until asked to stop.
pub(crate) fn run(wanted: &Demo) -> ExitCode {
    match run::on_this_thread(serve(wanted)) {
        Ok(code) => code,
        Err(error) => {
            say::error(&format!("error: {error}"));
            say::error("another address can be given with --listen and --admin");
            ExitCode::FAILURE
        }
    }
}

async fn serve(wanted: &Demo) -> io::Result<ExitCode> {
    let network = Devnet::start(Plan {
        reads: usize::from(wanted.nodes) + HEAVY_NODES,
        control: Some(([127, 0, 0, 1], 0).into()),
        nodeos: false,
        ..Plan::default()
    })
    .await?;
    let loaded = match config::load::load(&sources(wanted, &network)) {
        Ok(loaded) => loaded,
        Err(found) => return Ok(show::problems(&found)),
    };
    let mut stop = Stop::listen()?;
    let running = wiring::start(loaded).await?;
    welcome(wanted, &running, &network);
    let chaos = async {
        if wanted.chaos {
            chaos(network.nodes()).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = run::until_stopped(running, &mut stop) => {}
        () = chaos => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The environment of the original container, pointed at the simulated nodes.
fn sources(wanted: &Demo, network: &Devnet) -> Sources {
    let of = |kind: Kind| {
        network
            .nodes()
            .iter()
            .filter(move |node| node.kind() == kind)
    };
    let reads = usize::from(wanted.nodes);
    let environment = [
        ("WRITE_ENDPOINT", addresses(of(Kind::Miner))),
        ("READ_ENDPOINT", addresses(of(Kind::Read).take(reads))),
        ("TEST_ENDPOINT", addresses(of(Kind::Read).skip(reads))),
        ("LEADER_ENDPOINT", addresses(of(Kind::Leader))),
    ];
    let command_line = [
        ("server.listen", wanted.listen.to_string()),
        ("admin.listen", wanted.admin.to_string()),
        ("logs.access", "off".to_owned()),
    ];
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    Sources {
        fallback: None,
        file: None,
        environment: environment.into_iter().map(owned).collect(),
        command_line: command_line.into_iter().map(owned).collect(),
    }
}

fn addresses<'a>(nodes: impl Iterator<Item = &'a Node>) -> String {
    nodes
        .map(|node| node.addr().to_string())
        .collect::<Vec<_>>()
        .join(",")
}

/// Told once the ports are open: what it shows can be asked at once.
/// The next id of a pool, as the environment's lists are numbered.
fn numbered(pool: &str, seen: &mut usize) -> String {
    *seen += 1;
    format!("{pool}-{seen}")
}

fn welcome(wanted: &Demo, running: &Running, network: &Devnet) {
    say::line("A simulated network with one block a second, and Headway in front of it.");
    say::line("  in Headway  node        address");
    let (mut reads, mut tests, mut writes) = (0, 0, 0);
    for node in network.nodes() {
        let id = match node.kind() {
            Kind::Read if reads < usize::from(wanted.nodes) => numbered("read", &mut reads),
            Kind::Read => numbered("test", &mut tests),
            Kind::Miner => numbered("write", &mut writes),
            Kind::Leader | Kind::Nodeos => node.name().to_owned(),
        };
        say::line(&format!("  {id:<10}  {:<10}  {}", node.name(), node.url()));
    }
    say::line("\nAsk it something:");
    for data in running.server.addresses() {
        questions(*data);
    }
    if let Some(admin) = running.admin {
        say::line(&format!(
            "  curl -s http://{admin}/metrics | grep headway_backend"
        ));
    }
    if let Some(control) = network.control_addr() {
        say::line("\nMake a node fail, and let it be well again:");
        say::line(&format!(
            "  curl -d die http://{control}/nodes/read-1/faults"
        ));
        say::line(&format!(
            "  curl -X DELETE http://{control}/nodes/read-1/faults"
        ));
    }
    say::line("\nCtrl-C ends it.\n");
}

fn questions(data: SocketAddr) {
    let call = |method: &str, params: &str| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
        say::line(&format!("  curl -s http://{data} -d '{body}'"));
    };
    call("eth_blockNumber", "[]");
    call("eth_getBlockByNumber", r#"["latest",false]"#);
    call("eth_gasPrice", "[]");
    call("eth_sendRawTransaction", r#"["0x02f86b82"]"#);
}

/// Lets one node after another fail in one way after another, and be well again.
async fn chaos(nodes: &[Node]) {
    let faults = [
        Fault::Die,
        Fault::Lag(40),
        Fault::Freeze,
        Fault::Hang,
        Fault::Status(502),
        Fault::ResetAfter,
        Fault::WrongChain(1),
        Fault::Html,
    ];
    let reads: Vec<_> = nodes
        .iter()
        .filter(|node| node.kind() == Kind::Read)
        .collect();
    for (node, fault) in reads.iter().cycle().zip(faults.iter().cycle()) {
        tokio::time::sleep(CHAOS_PAUSE).await;
        tracing::info!(node = node.name(), %fault, "chaos: the node fails");
        node.set(*fault);
        tokio::time::sleep(CHAOS_LASTS).await;
        tracing::info!(node = node.name(), "chaos: the node is well again");
        node.clear();
    }
}
