//! What Headway reads from outside, given any bytes at all. Each target panics when a promise does
//! not hold; the fuzzer in `tests/fuzz` and a random loop in `tests/tests/survive.rs` drive them.

mod address;
mod batch;
mod config;
mod frame;
mod framing;

/// Takes any bytes.
pub type Target = fn(&[u8]);

/// All targets by name, with the longest input that is worth giving them.
pub const TARGETS: [(&str, Target, usize); 6] = [
    ("envelope", frame::envelope, 4096),
    ("answer", frame::answer, 1024),
    ("framing", framing::framing, 4096),
    ("config", config::config, 2048),
    ("address", address::address, 1024),
    ("batch", batch::batch, 2048),
];

/// Gives a target some bytes; longer ones than it is worth giving are left alone.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|(known, ..)| *known == name);
    let (_, target, bytes_max) = target.expect("a target of this name");
    if bytes.len() <= *bytes_max {
        target(bytes);
    }
}
