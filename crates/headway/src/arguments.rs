//! The command line: every command with an example.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;

/// A layer-7 load balancer for blockchain JSON-RPC.
#[derive(Debug, Parser)]
#[command(name = "headway", version, about, arg_required_else_help = false)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What Headway can be asked to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve (the default command)
    #[command(after_help = "Example: headway run --config proxy.toml\n\
        Example: READ_ENDPOINT=10.0.1.5:8881 WRITE_ENDPOINT=10.0.2.5:18888 headway run")]
    Run(Configured),
    /// Check the configuration: exit code 0 if it is good, 1 if not
    #[command(after_help = "Example: headway check --config proxy.toml")]
    Check(Configured),
    /// Show the effective configuration and where each value comes from; secrets stay hidden
    #[command(after_help = "Example: headway config --json")]
    Config(Shown),
    /// A simulated network with Headway in front of it; needs nothing else
    #[command(after_help = "Example: headway demo --chaos")]
    Demo(Demo),
    /// The simulated network alone
    #[command(after_help = "Example: headway devnet --port 18000 --control 127.0.0.1:18100")]
    Devnet(Network),
    /// Exit code 0 when a running Headway is well; for Docker and keepalived
    #[command(after_help = "Example: headway healthcheck --ready")]
    Healthcheck(Healthcheck),
}

impl Default for Command {
    fn default() -> Self {
        Self::Run(Configured::default())
    }
}

/// Where the configuration comes from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Configured {
    /// The configuration file; without it HEADWAY_CONFIG, or proxy.toml if there is one
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set one key, over everything else; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
}

/// How the configuration is shown.
#[derive(Args, Clone, Debug)]
pub(crate) struct Shown {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// What the demo should look like.
#[derive(Args, Clone, Debug)]
pub(crate) struct Demo {
    /// Where calls are served
    #[arg(long, default_value = "127.0.0.1:8545", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Where metrics are served
    #[arg(long, default_value = "127.0.0.1:9545", value_name = "ADDRESS")]
    pub(crate) admin: SocketAddr,
    /// How many evm-rpc nodes
    #[arg(long, default_value_t = 3, value_name = "NODES", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) nodes: u16,
    /// Make nodes fail in turn
    #[arg(long)]
    pub(crate) chaos: bool,
}

/// What the simulated network should look like.
#[derive(Args, Clone, Debug)]
pub(crate) struct Network {
    /// The first port; the nodes take it and the following ones. Free ports when not given
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// The address that the nodes listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) bind: IpAddr,
    /// Where faults are commanded
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub(crate) control: SocketAddr,
    /// How many evm-rpc nodes
    #[arg(long, default_value_t = 3, value_name = "NODES", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) nodes: u16,
    /// How many miners
    #[arg(long, default_value_t = 2, value_name = "NODES", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) miners: u16,
    /// Blocks carry an all-zero logs bloom, as those of EOS EVM do
    #[arg(long)]
    pub(crate) zero_bloom: bool,
}

/// What is asked of a running Headway.
#[derive(Args, Clone, Debug)]
pub(crate) struct Healthcheck {
    /// Ask whether it should get traffic, not only whether it works
    #[arg(long)]
    pub(crate) ready: bool,
    /// The admin address to ask; without it the configured one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) admin: Option<SocketAddr>,
    /// Milliseconds to wait
    #[arg(long, default_value_t = 800, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub(crate) timeout_ms: u64,
    #[command(flatten)]
    pub(crate) configured: Configured,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) | None => Err("write it as KEY=VALUE, such as health.max_lag=20".to_owned()),
    }
}
