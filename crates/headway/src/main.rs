//! The binary: command line, wiring, signals, logging.
fn main() {}
