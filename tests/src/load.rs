//! A bounded load of JSON-RPC calls over keep-alive connections, with every answer checked.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Bytes of an answer that a client here accepts.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// One keep-alive connection that asks and reads.
#[derive(Debug)]
pub struct Caller {
    stream: TcpStream,
    received: Vec<u8>,
    last: bool,
}

impl Caller {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).await.expect("headway accepts")
    }

    /// Connects, if there is somebody who accepts.
    ///
    /// # Errors
    /// What the system said.
    pub async fn try_connect(address: SocketAddr) -> std::io::Result<Self> {
        Ok(Self::on(TcpStream::connect(address).await?))
    }

    /// Connects as the client of this address.
    pub async fn connect_from(client: IpAddr, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("sockets can be had");
        let bound = socket.bind(SocketAddr::new(client, 0));
        bound.expect("all of 127.0.0.0/8 is ours");
        Self::on(socket.connect(address).await.expect("headway accepts"))
    }

    fn on(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket can be set up");
        Self {
            stream,
            received: Vec::new(),
            last: false,
        }
    }

    /// Whether it may be used for another call: the other side has neither closed it nor said, with
    /// its last answer, that it will.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let nothing = self.stream.try_read(&mut [0]);
        !self.last && nothing.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// Posts a body; gives the status and the body of the answer.
    ///
    /// # Errors
    /// The connection broke, in words.
    pub async fn post(&mut self, body: &str) -> Result<(u16, String), String> {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let request = head + body;
        let written = self.stream.write_all(request.as_bytes()).await;
        written.map_err(|error| format!("write: {error}"))?;
        loop {
            if let Some(answer) = self.whole()? {
                return Ok(answer);
            }
            if self.received.len() > ANSWER_BYTES_MAX {
                return Err("an answer without an end".to_owned());
            }
            match self.stream.read_buf(&mut self.received).await {
                Ok(0) => return Err("closed before the answer was whole".to_owned()),
                Ok(_) => {}
                Err(error) => return Err(format!("read: {error}")),
            }
        }
    }

    /// The answer, once all of it has come; Headway always says its length here.
    fn whole(&mut self) -> Result<Option<(u16, String)>, String> {
        let Some(end) = self
            .received
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
        else {
            return Ok(None);
        };
        let head = String::from_utf8_lossy(&self.received[..end]).to_lowercase();
        self.last = head.contains("\r\nconnection: close");
        let status = head.get(9..12).and_then(|code| code.parse().ok());
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(Ok(0), |length| length.trim().parse::<usize>());
        let (Some(status), Ok(length)) = (status, length) else {
            return Err(format!("not an answer: {head}"));
        };
        if self.received.len() < end + 4 + length {
            return Ok(None);
        }
        let body = String::from_utf8_lossy(&self.received[end + 4..end + 4 + length]).into_owned();
        self.received.drain(..end + 4 + length);
        Ok(Some((status, body)))
    }
}

/// What a call must come back as.
pub type Check = fn(&Value) -> bool;

/// A load that runs until it is stopped.
#[derive(Debug)]
pub struct Load {
    callers: JoinSet<Vec<String>>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Load {
    /// Starts so many connections, each calling `method` with `params` over and over. An answer
    /// counts when its status is 200, its id is the call's, and `check` likes its result.
    #[must_use]
    pub fn start(
        address: SocketAddr,
        connections: u64,
        (method, params): (&'static str, &'static str),
        check: Check,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let mut callers = JoinSet::new();
        for caller in 0..connections {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            callers.spawn(async move {
                let mut connection = Caller::connect(address).await;
                let mut wrong = Vec::new();
                let mut number = caller << 32;
                while !stop.load(SeqCst) && wrong.len() < 10 {
                    number += 1;
                    let body = format!(
                        r#"{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{params}}}"#
                    );
                    match connection.post(&body).await {
                        Ok((200, answer)) if is_good(&answer, number, check) => {
                            answered.fetch_add(1, SeqCst);
                        }
                        Ok((status, answer)) => wrong.push(format!("{status} {answer}")),
                        Err(error) => {
                            wrong.push(error);
                            connection = Caller::connect(address).await;
                        }
                    }
                }
                wrong
            });
        }
        Self {
            callers,
            stop,
            answered,
        }
    }

    /// Good answers so far.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answered.load(SeqCst)
    }

    /// Waits until so many more good answers have come.
    pub async fn more(&self, answers: u64) {
        let wanted = self.answered() + answers;
        let mut every = tokio::time::interval(std::time::Duration::from_millis(5));
        while self.answered() < wanted {
            every.tick().await;
        }
    }

    /// Stops, and gives everything that was not a good answer.
    pub async fn stop(self) -> Vec<String> {
        self.stop.store(true, SeqCst);
        self.callers
            .join_all()
            .await
            .into_iter()
            .flatten()
            .collect()
    }
}

fn is_good(answer: &str, number: u64, check: Check) -> bool {
    let Ok(answer) = serde_json::from_str::<Value>(answer) else {
        return false;
    };
    answer["id"] == number && answer.get("error").is_none() && check(&answer["result"])
}
