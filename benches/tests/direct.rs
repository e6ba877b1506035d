//! The two processes of a race by themselves: the load calls the upstream and finds every answer right.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

const BENCH: &str = env!("CARGO_BIN_EXE_headway-bench");

/// Ends its process when the test does, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[test]
fn the_upstream_answers_every_call_of_the_load_rightly() {
    let upstream = Command::new(BENCH)
        .arg("upstream")
        .stdout(Stdio::piped())
        .spawn();
    let mut upstream = Running(upstream.unwrap());
    let mut told = String::new();
    let stdout = upstream.0.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut told).unwrap();
    let address = told.trim().strip_prefix("serving address=").unwrap();

    let load = [
        "load",
        "--address",
        address,
        "--connections",
        "8",
        "--millis",
        "200",
    ];
    let output = Command::new(BENCH).args(load).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(seen["calls"].as_u64() >= Some(8), "{seen}");
    assert_eq!(seen["wrong"], 0, "{seen}");
}
