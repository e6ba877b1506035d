//! A simulated node in a process of its own, so that a signal hits it alone.

use std::io::BufRead;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;

/// What all stations of a test share.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The program that is one node.
    pub program: PathBuf,
    /// When the chain began, in seconds since the Unix epoch.
    pub genesis: u64,
    /// Where every raw transaction that a node reads is written down.
    pub journal: PathBuf,
}

/// What befalls a station.
#[derive(Clone, Copy, Debug)]
pub enum Mishap {
    /// SIGKILL; a new process takes its port afterwards.
    Killed,
    /// SIGSTOP, and SIGCONT afterwards: the kernel goes on accepting for it.
    Stopped,
    /// A fault of the simulated node, in its own words.
    Told(&'static str),
}

/// One node. Dropping it kills it.
#[derive(Debug)]
pub struct Station {
    ground: Ground,
    kind: &'static str,
    /// Bound but never listening: the port stays ours while the node is dead.
    _claim: TcpSocket,
    address: SocketAddr,
    process: Process,
}

#[derive(Debug)]
struct Process {
    /// Its end of our pipe says that we are gone.
    child: Child,
    control: SocketAddr,
}

impl Station {
    /// Starts a `read`, a `miner` or a `leader`.
    #[must_use]
    pub fn start(ground: &Ground, kind: &'static str) -> Self {
        let claim = TcpSocket::new_v4().expect("sockets can be had");
        claim.set_reuseaddr(true).expect("a socket can be set up");
        claim
            .bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .expect("ports can be had");
        let address = claim.local_addr().expect("a bound socket has an address");
        Self {
            process: Process::start(ground, kind, address.port()),
            ground: ground.clone(),
            kind,
            _claim: claim,
            address,
        }
    }

    /// Where it serves calls.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets a mishap begin.
    pub async fn strike(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Killed => self.process.kill(),
            Mishap::Stopped => self.process.signal("STOP"),
            Mishap::Told(fault) => self.order("POST", fault).await,
        }
    }

    /// Lets it be over; the node is well on return.
    pub async fn heal(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Killed => {
                self.process = Process::start(&self.ground, self.kind, self.address.port());
            }
            Mishap::Stopped => self.process.signal("CONT"),
            Mishap::Told(_) => self.order("DELETE", "").await,
        }
    }

    async fn order(&self, method: &str, body: &str) {
        let control = self.process.control;
        // A lone node is the first of its kind in its own little network.
        let name = match self.kind {
            "leader" => "leader".to_owned(),
            kind => format!("{kind}-1"),
        };
        let length = body.len();
        let order = format!(
            "{method} /nodes/{name}/faults HTTP/1.1\r\nHost: {control}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(control).await.expect("a control port");
        let sent = stream.write_all(order.as_bytes()).await;
        sent.expect("an order can be sent");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer).await;
        read.expect("an order is answered");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{order}\n{answer}");
    }
}

impl Process {
    fn start(ground: &Ground, kind: &str, port: u16) -> Self {
        tokio::task::block_in_place(|| {
            let mut child = Command::new(&ground.program)
                .args([kind, &port.to_string(), &ground.genesis.to_string()])
                .arg(&ground.journal)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("a simulated node can be started");
            let stdout = child.stdout.take().expect("its standard output is piped");
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            read.expect("it says where its control port is");
            let control = line.trim().parse().expect("an address");
            Self { child, control }
        })
    }

    fn signal(&self, name: &str) {
        let order = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &order]).status();
        assert!(status.is_ok_and(|status| status.success()), "{order}");
    }

    fn kill(&mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
