//! HTTP/1 as bytes on a socket: what a client library would refuse to send or show can be seen.

use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::net::tcp::OwnedReadHalf;

/// Bytes read from a socket at a time.
const PIECE: usize = 64 * 1024;

/// The first line of a message and its header fields, in order.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Request line or status line.
    pub line: String,
    /// Names as they were written.
    pub fields: Vec<(String, String)>,
}

impl Head {
    /// The first value of a field, by its name in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let field = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }

    /// The declared length of the body, if any.
    #[must_use]
    pub fn length(&self) -> Option<usize> {
        self.get("content-length")?.parse().ok()
    }
}

/// The incoming half of a connection.
#[derive(Debug)]
pub struct Incoming<R = OwnedReadHalf> {
    half: R,
    held: Vec<u8>,
}

impl Incoming {
    /// The socket, to set options on.
    #[must_use]
    pub fn socket(&self) -> &tokio::net::TcpStream {
        self.half.as_ref()
    }
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(half: R) -> Self {
        Self {
            half,
            held: Vec::new(),
        }
    }

    /// Reads more; false when the other side has closed or reset the connection.
    async fn more(&mut self) -> bool {
        let before = self.held.len();
        self.held.resize(before + PIECE, 0);
        let read = self
            .half
            .read(self.held.get_mut(before..).unwrap_or_default());
        let read = read.await.unwrap_or(0);
        self.held.truncate(before + read);
        read > 0
    }

    /// The next head; `None` when the connection ends before one is complete.
    pub async fn head(&mut self) -> Option<Head> {
        let text = self.until(b"\r\n\r\n").await?;
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.trim_start().lines();
        let line = lines.next()?.to_owned();
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields = fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        Some(Head {
            line,
            fields: fields.collect(),
        })
    }

    /// Everything up to and with `mark`.
    async fn until(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            let at = self
                .held
                .windows(mark.len())
                .position(|piece| piece == mark);
            if let Some(at) = at {
                let rest = self.held.split_off(at + mark.len());
                return Some(std::mem::replace(&mut self.held, rest));
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// So many bytes; `None` when the connection ends before.
    pub async fn exactly(&mut self, bytes: usize) -> Option<Vec<u8>> {
        while self.held.len() < bytes {
            if !self.more().await {
                return None;
            }
        }
        let rest = self.held.split_off(bytes);
        Some(std::mem::replace(&mut self.held, rest))
    }

    /// Whatever comes next; nothing when the connection has ended.
    pub async fn some(&mut self) -> Vec<u8> {
        if self.held.is_empty() {
            self.more().await;
        }
        std::mem::take(&mut self.held)
    }

    /// The body of a response; `None` when it broke off.
    pub async fn body(&mut self, head: &Head) -> Option<Vec<u8>> {
        if head.get("transfer-encoding").is_some() {
            return self.chunks().await;
        }
        if let Some(length) = head.length() {
            return self.exactly(length).await;
        }
        while self.more().await {}
        Some(std::mem::take(&mut self.held))
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let size = self.until(b"\r\n").await?;
            let size = String::from_utf8_lossy(&size).trim().to_owned();
            let size = usize::from_str_radix(&size, 16).ok()?;
            all.extend(self.exactly(size).await?);
            self.exactly(2).await?;
            if size == 0 {
                return Some(all);
            }
        }
    }
}
