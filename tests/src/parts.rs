//! Real parts: a real node, and where real clients are. What is not installed is named, not passed
//! over in silence.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use crate::program::Program;

/// A real program that is killed with the test.
#[derive(Debug)]
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Says what a test could not do; past the capture of test output, so that it is seen.
pub fn left_out(what: &str) {
    tell(&format!("LEFT OUT: {what}; .ci/run installs it"));
}

/// Prints a line past the capture of test output.
pub fn tell(line: &str) {
    let line = format!("{line}\n");
    // One write, so that lines of tests that run side by side stay whole.
    let written = std::io::stderr().write_all(line.as_bytes());
    written.expect("standard error takes a line");
}

/// The folder of scripts and of what npm installed for them.
#[must_use]
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("real")
}

/// The folder into which cargo builds, and .ci/run installs what is no package of npm.
#[must_use]
pub fn target() -> PathBuf {
    let built = crate::program::built();
    let folder = built.ancestors().nth(2);
    folder.expect("a profile has a folder").to_owned()
}

/// A real Anvil with a block a second.
#[derive(Debug)]
pub struct Anvil {
    _program: Killed,
    /// Where it listens.
    pub url: String,
}

impl Anvil {
    /// Starts one, if it is installed.
    #[must_use]
    pub fn start() -> Option<Self> {
        let program = scripts().join("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
        if !program.exists() {
            return None;
        }
        let mut child = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", "0", "--block-time", "1"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("Anvil can be started");
        let stdout = child.stdout.take().expect("its standard output is piped");
        let program = Killed(child);
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some((_, address)) = line.split_once("Listening on ") {
                return Some(Self {
                    _program: program,
                    url: format!("http://{}", address.trim()),
                });
            }
        }
        panic!("Anvil ended before it listened");
    }

    /// Headway in front of it: one node that answers reads and takes transactions.
    pub async fn behind_headway(&self) -> Program {
        let environment = [
            ("HEADWAY_PROFILE", "evm".to_owned()),
            ("HEADWAY_BACKENDS__anvil__URL", self.url.clone()),
            ("HEADWAY_BACKENDS__anvil__POOL", "read".to_owned()),
            ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
            ("HEADWAY_ADMIN__LISTEN", "off".to_owned()),
        ];
        Program::start(&environment, &["run"]).await
    }
}
