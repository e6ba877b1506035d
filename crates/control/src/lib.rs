//! The control plane: probes, the verdicts drawn from them, the table, and what operators see.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.

#[cfg(test)]
mod harness;
pub mod reload;
pub mod files;
pub mod prober;
pub mod admin;
pub mod assemble;
pub mod publish;
pub mod watch;
pub mod probe;
pub mod gauges;
