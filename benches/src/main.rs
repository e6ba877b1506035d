//! The bench: what was asked for on the command line, and who does it.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.

mod race;
mod rival;
mod program;
mod usage;
mod table;
mod verdict;
mod report;
mod load;
mod upstream;
mod wire;
mod pick;
mod figures;
mod arguments;
mod say;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::arguments::Command;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Race(wanted) => race::run(&wanted),
        Command::Pick(wanted) => Ok(pick::run(&wanted)),
        Command::Load(wanted) => on_this_thread(load::run(&wanted)),
        Command::Upstream => on_this_thread(upstream::run()),
    };
    done.unwrap_or_else(|error| {
        say::error(&format!("error: {error}"));
        ExitCode::from(2)
    })
}

fn on_this_thread(work: impl Future<Output = io::Result<()>>) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(work).map(|()| ExitCode::SUCCESS)
}
