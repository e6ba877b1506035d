//! A process of the race: started, heard until it says where it listens, measured, and ended.

use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::net::SocketAddr;
use std::process::Child;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::say;
use crate::usage;
use crate::usage::Usage;

/// How long a program may take to say where it listens, and to end when it is asked to.
const WAIT: Duration = Duration::from_secs(10);
/// Between two looks at something that has no way to tell.
const LOOK: Duration = Duration::from_millis(10);
/// What stands before an address in the line that tells it.
const MARK: &str = "serving address=";

/// A running program; it ends with this value.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    child: Child,
}

impl Program {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        match command.spawn() {
            Ok(child) => Ok(Self { name, child }),
            Err(error) => Err(io::Error::new(error.kind(), format!("{name}: {error}"))),
        }
    }

    /// Starts it and waits for the line with `serving address=…` on its standard output or error, whichever
    /// is piped.
    pub(crate) fn announced(command: &mut Command) -> io::Result<(Self, SocketAddr)> {
        let mut program = Self::start(command)?;
        let told: Option<Box<dyn Read + Send>> = match program.child.stdout.take() {
            Some(stdout) => Some(Box::new(stdout)),
            None => program
                .child
                .stderr
                .take()
                .map(|stderr| Box::new(stderr) as Box<_>),
        };
        let told = told.ok_or_else(|| program.failed("is not heard"))?;
        let (sender, addresses) = mpsc::sync_channel(1);
        // Read to the end, or the program would wait before a full pipe.
        thread::spawn(move || {
            for line in BufReader::new(told).lines().map_while(Result::ok) {
                match address(&line) {
                    Some(address) => {
                        let _told_before = sender.try_send(address);
                    }
                    // What a program complains of explains why it did not start.
                    None => say::error(&line),
                }
            }
        });
        let address = addresses.recv_timeout(WAIT);
        let address = address.map_err(|_| program.failed("did not say where it listens"))?;
        Ok((program, address))
    }

    /// Waits until somebody accepts connections there.
    pub(crate) fn listens(&mut self, address: SocketAddr) -> io::Result<()> {
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if self.child.try_wait()?.is_some() {
                return Err(self.failed("ended instead of listening"));
            }
            if begun.elapsed() > WAIT {
                return Err(self.failed("does not listen"));
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    /// What it and all processes below it have used.
    pub(crate) fn usage(&self) -> io::Result<Usage> {
        usage::of_tree(self.child.id())
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.name)))
    }

    fn failed(&self, what: &str) -> io::Error {
        io::Error::other(format!("{} {what}", self.name))
    }
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, after) = line.split_once(MARK)?;
    after.split_whitespace().next()?.parse().ok()
}

impl Drop for Program {
    /// Asked first, because a master that is killed leaves its workers behind.
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        let _asked = Command::new("kill").args(["-TERM", &pid]).status();
        let begun = Instant::now();
        while begun.elapsed() < WAIT && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(LOOK);
        }
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
