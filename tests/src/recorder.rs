//! A backend that keeps every byte it gets, and reads requests in the one way that cannot be mistaken.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use crate::echo;
use crate::node;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Bytes {
    /// Request line and header fields, up to the empty line.
    pub head: String,
    /// What followed, as long as Content-Length says.
    pub body: Vec<u8>,
}

impl Bytes {
    /// How many fields have this name, in any spelling that some server takes for it.
    #[must_use]
    pub fn fields(&self, name: &str) -> usize {
        let lines = self.head.split("\r\n").skip(1);
        let names = lines.filter_map(|line| line.split(':').next());
        names
            .filter(|field| field.trim().replace('_', "-").eq_ignore_ascii_case(name))
            .count()
    }
}

type Kept = Arc<Mutex<Vec<Bytes>>>;

/// A backend that answers every call and is up for as long as the test runs.
#[derive(Debug)]
pub struct Recorder {
    address: SocketAddr,
    kept: Kept,
}

impl Recorder {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Kept::default();
        let keeps = Arc::clone(&kept);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&keeps)));
            }
        });
        Self { address, kept }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything so far, probes too.
    #[must_use]
    pub fn kept(&self) -> Vec<Bytes> {
        self.kept.lock().unwrap().clone()
    }
}

/// Whatever does not begin like a request of Headway's is kept as it is, for the test to find.
async fn serve(mut stream: TcpStream, kept: Kept) {
    let mut held = Vec::new();
    loop {
        let end = loop {
            match held.windows(4).position(|four| four == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None if stream.read_buf(&mut held).await.unwrap_or(0) == 0 => {
                    if !held.is_empty() {
                        keep(&kept, &held, Vec::new());
                    }
                    return;
                }
                None => {}
            }
        };
        let head: Vec<u8> = held.drain(..end).collect();
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or(0);
        while held.len() < length {
            if stream.read_buf(&mut held).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let body: Vec<u8> = held.drain(..length).collect();
        let answer = echo::plain(200, &node::answer(&body));
        keep(&kept, &head, body);
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

fn keep(kept: &Kept, head: &[u8], body: Vec<u8>) {
    let head = String::from_utf8_lossy(head).into_owned();
    kept.lock().unwrap().push(Bytes { head, body });
}
