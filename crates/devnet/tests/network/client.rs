//! A bare HTTP/1.1 client that tells exactly how an exchange ended.

use std::io::ErrorKind;

use devnet::Devnet;
use devnet::Mining;
use devnet::Node;
use devnet::Plan;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// One kept connection.
pub(crate) struct Line {
    stream: TcpStream,
}

#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// How an exchange failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Refused,
    Reset,
    /// Closed before the answer was whole; what had come of its body.
    Closed(String),
}

/// A network that grows only when told, without a control port.
pub(crate) async fn still() -> Devnet {
    let plan = Plan {
        mining: Mining::Manual,
        ..Plan::default()
    };
    Devnet::start(plan).await.unwrap()
}

pub(crate) fn call(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

/// One call on a connection of its own; `result`, or the whole answer when there is none.
pub(crate) async fn ask(node: &Node, method: &str, params: Value) -> Value {
    let heard = post(node, &call(method, &params)).await.unwrap();
    let mut answer: Value = serde_json::from_str(&heard.body).unwrap();
    match answer.get_mut("result") {
        Some(result) => result.take(),
        None => answer,
    }
}

/// One request on a connection of its own.
pub(crate) async fn post(node: &Node, body: &str) -> Result<Heard, End> {
    Line::open(node.addr()).await?.send("POST /", body).await
}

impl Line {
    pub(crate) async fn open(addr: std::net::SocketAddr) -> Result<Self, End> {
        match TcpStream::connect(addr).await {
            Ok(stream) => Ok(Self { stream }),
            Err(error) => Err(end(error.kind())),
        }
    }

    /// `what` is a method and a path.
    pub(crate) async fn send(&mut self, what: &str, body: &str) -> Result<Heard, End> {
        let length = body.len();
        let text =
            format!("{what} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n\r\n{body}");
        let written = self.stream.write_all(text.as_bytes()).await;
        written.map_err(|error| end(error.kind()))?;
        self.hear().await
    }

    pub(crate) async fn hear(&mut self) -> Result<Heard, End> {
        let mut bytes = Vec::new();
        loop {
            let read = self.stream.read_buf(&mut bytes).await;
            let read = read.map_err(|error| end(error.kind()))?;
            let text = String::from_utf8(bytes.clone()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
            if text.contains("\r\n\r\n") && body.len() == announced(head) {
                return Ok(Heard {
                    status: head[9..12].parse().unwrap(),
                    head: head.to_ascii_lowercase(),
                    body: body.to_owned(),
                });
            }
            if read == 0 {
                return Err(End::Closed(body.to_owned()));
            }
        }
    }
}

fn announced(head: &str) -> usize {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.map_or(0, |(_, length)| length.parse().unwrap())
}

fn end(kind: ErrorKind) -> End {
    if kind == ErrorKind::ConnectionRefused {
        return End::Refused;
    }
    let reset = [
        ErrorKind::ConnectionReset,
        ErrorKind::BrokenPipe,
        ErrorKind::NotConnected,
    ];
    assert!(reset.contains(&kind), "a connection ended with {kind}");
    End::Reset
}
