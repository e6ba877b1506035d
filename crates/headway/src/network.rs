//! `headway devnet`: the simulated network alone.

use std::io;
use std::process::ExitCode;

use devnet::Bloom;
use devnet::Devnet;
use devnet::Plan;

use crate::arguments::Network;
use crate::run;
use crate::say;
use crate::signals::Stop;

/// Runs the network until asked to stop.
pub(crate) fn run(wanted: &Network) -> ExitCode {
    match run::on_this_thread(serve(wanted)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn serve(wanted: &Network) -> io::Result<()> {
    let network = Devnet::start(Plan {
        reads: usize::from(wanted.nodes),
        miners: usize::from(wanted.miners),
        bloom: if wanted.zero_bloom {
            Bloom::Zero
        } else {
            Bloom::Full
        },
        control: Some(wanted.control),
        bind: wanted.bind,
        first_port: wanted.port,
        ..Plan::default()
    })
    .await?;
    say::line("A simulated network, one block a second:");
    for node in network.nodes() {
        say::line(&format!("  {:<10} {}", node.name(), node.url()));
    }
    if let Some(control) = network.control_addr() {
        say::line("Make a node fail, and let it be well again:");
        say::line(&format!(
            "  curl -d 'lag 12' http://{control}/nodes/read-1/faults"
        ));
        say::line(&format!(
            "  curl -X DELETE http://{control}/nodes/read-1/faults"
        ));
        say::line(&format!(
            "  curl http://{control}/    # all nodes, their heads and faults"
        ));
    }
    Stop::listen()?.next().await;
    Ok(())
}
