//! The binary: what was asked for on the command line, and who does it.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.

mod demo;
mod network;
mod run;
mod wiring;
mod healthcheck;
mod show;
mod signals;
mod descriptors;
mod logging;
mod arguments;
mod say;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::arguments::Command;

/// A call makes some forty small allocations; this allocator makes them cheap and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command.unwrap_or_default() {
        Command::Run(wanted) => run::run(&wanted),
        Command::Check(wanted) => show::check(&wanted),
        Command::Config(wanted) => show::config(&wanted),
        Command::Demo(wanted) => demo::run(&wanted),
        Command::Devnet(wanted) => network::run(&wanted),
        Command::Healthcheck(wanted) => healthcheck::run(&wanted),
    }
}
