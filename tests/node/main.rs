//! One simulated node as a program of its own: `simulated-node KIND PORT GENESIS JOURNAL`.
//!
//! Nodes with one genesis (seconds since the Unix epoch) are on one chain, whenever they start. The
//! first printed line says where faults are commanded. The node ends when its standard input does.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use devnet::Devnet;
use devnet::Plan;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, port, genesis, journal] = arguments.as_slice() else {
        return Err("usage: simulated-node read|miner|leader PORT GENESIS JOURNAL".into());
    };
    let plan = Plan {
        reads: usize::from(kind == "read"),
        miners: usize::from(kind == "miner"),
        leader: kind == "leader",
        nodeos: false,
        control: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        first_port: Some(port.parse()?),
        journal: Some(journal.into()),
        ..Plan::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(plan, Duration::from_secs(genesis.parse()?)))
}

async fn serve(plan: Plan, genesis: Duration) -> Result<(), Failure> {
    // The clock of all nodes steps together, so a node that comes back is on the head at once.
    let age = SystemTime::now().duration_since(UNIX_EPOCH)? - genesis;
    let blocks = age.as_millis() / plan.block_time.as_millis();
    let history = u64::try_from(blocks)?;
    let network = Devnet::start(Plan { history, ..plan }).await?;
    let control = network.control_addr().ok_or("no control port")?;
    writeln!(std::io::stdout(), "{control}")?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}
