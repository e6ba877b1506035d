//! The command line: every command with an example.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;

/// Headway beside other proxies on the same machine. Exit code 0: every bound holds; 1: one does
/// not; 2: the bench itself could not be run.
#[derive(Debug, Parser)]
#[command(name = "headway-bench")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be measured, and the two processes that a race is made of.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Headway and nginx before the same upstream, in turns
    #[command(after_help = "Example: headway-bench race --rounds 9 --json race.json")]
    Race(Race),
    /// The time of one pick among 3 to 1,000 backends
    #[command(after_help = "Example: headway-bench pick")]
    Pick(Pick),
    /// Calls an address as fast as it answers; one line of JSON at the end
    #[command(after_help = "Example: headway-bench load --address 127.0.0.1:8545")]
    Load(Load),
    /// A node that answers at once; says `serving address=…`, then serves until it is ended
    #[command(after_help = "Example: headway-bench upstream")]
    Upstream,
}

/// How a race is run.
#[derive(Args, Debug)]
pub(crate) struct Race {
    /// Turns of every rival
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
    /// Seconds of every turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Keep-alive connections of the load
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) connections: u16,
    /// Headway's CPU per call may be at most this many times that of nginx
    #[arg(long, default_value_t = 1.3)]
    pub(crate) limit: f64,
    /// Also write everything measured to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// How picks are measured.
#[derive(Args, Debug)]
pub(crate) struct Pick {
    /// Turns of every number of backends
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rounds: u32,
}

/// What the load generator does.
#[derive(Args, Debug)]
pub(crate) struct Load {
    /// Whom it calls
    #[arg(long)]
    pub(crate) address: SocketAddr,
    /// Keep-alive connections, each with one call at a time
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: u16,
    /// Milliseconds
    #[arg(long, default_value_t = 3000)]
    pub(crate) millis: u64,
}
