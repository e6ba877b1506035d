//! What an upstream says to a request: the echo of what it received, in whatever form it was told.

use std::collections::BTreeMap;

use serde_json::json;
use serde_json::value::RawValue;

use crate::order::Mode;
use crate::order::Order;
use crate::wire::Head;

/// The answer to the key every recorded handshake uses (RFC 6455, section 1.3).
const SAMPLE_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// More than the 4 KiB of a head that the original takes from an upstream.
const BIG_BYTES: usize = 5_000;
/// A server's text frame that says `mock` (RFC 6455, section 5.2).
pub const FRAME: &[u8] = b"\x81\x04mock";

/// A request that is not a probe, as an upstream received it.
#[derive(Clone, Debug)]
pub struct Received {
    /// Which upstream.
    pub upstream: &'static str,
    /// Request line and header fields.
    pub head: Head,
    /// The body; `None` when the upstream did not read it.
    pub body: Option<Vec<u8>>,
}

/// What becomes of a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It waits for the next request.
    Keep,
    /// It closes.
    Close,
    /// It is reset.
    Reset,
    /// It closes when the next request comes.
    CloseNext,
    /// Every byte comes back.
    Echo,
}

/// An answer as bytes.
#[derive(Clone, Debug)]
pub struct Script {
    /// To be written one after another, with a rest between them.
    pub pieces: Vec<Vec<u8>>,
    /// And then.
    pub after: After,
}

/// The answer to a request, as ordered.
#[must_use]
pub fn script(order: &Order, received: &Received) -> Script {
    if received.head.get("upgrade") == Some("websocket") && order.status == 200 {
        return web_socket(received);
    }
    let body = match &order.body {
        Some(body) => body.clone().into_bytes(),
        None => said(received),
    };
    let whole = whole(order, &body);
    let (head, _) = whole.split_at(whole.len() - body.len());
    let (start, rest) = whole.split_at(whole.len() - body.len() / 2);
    let size = format!("{:x}\r\n", body.len());
    let chunk = [size.as_bytes(), &body, b"\r\n"].concat();
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let once = |bytes: &[&[u8]], after| Script {
        pieces: vec![bytes.concat()],
        after,
    };
    match order.mode {
        Mode::Usual | Mode::BigHeader | Mode::Early => once(&[&whole], After::Keep),
        Mode::SecondClose => once(&[&whole], After::CloseNext),
        Mode::ConnectionClose => once(&[&whole], After::Close),
        Mode::Close => once(&[], After::Close),
        Mode::Reset => once(&[], After::Reset),
        Mode::MidClose => once(&[start], After::Close),
        Mode::MidCloseChunked => once(&[chunked, &chunk], After::Close),
        Mode::HalfHeader => once(&[head.split_at(head.len() / 2).0], After::Close),
        Mode::Garbage => once(&[b"this is not HTTP\r\n\r\n"], After::Close),
        Mode::Eof => once(&[b"HTTP/1.1 200 OK\r\n\r\n", &body], After::Close),
        Mode::Http10 => once(&[b"HTTP/1.0 200 OK\r\n\r\n", &body], After::Close),
        Mode::Chunked => once(&[chunked, &chunk, b"0\r\n\r\n"], After::Keep),
        Mode::Hundred => once(&[b"HTTP/1.1 100 Continue\r\n\r\n", &whole], After::Keep),
        Mode::Upgrade101 => {
            let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n";
            once(&[head, b"\r\nhello"], After::Keep)
        }
        Mode::SlowBody => Script {
            pieces: vec![start.to_vec(), rest.to_vec()],
            after: After::Keep,
        },
    }
}

/// An ordinary answer with this status and body.
#[must_use]
pub fn plain(status: u16, body: &[u8]) -> Vec<u8> {
    let order = Order {
        status,
        ..Order::default()
    };
    whole(&order, body)
}

/// An answer with a declared length.
fn whole(order: &Order, body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Said\r\n", order.status);
    let mut field = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    if !order.headers.iter().any(|(name, _)| name == "Content-Type") {
        field("Content-Type", "application/json");
    }
    for (name, value) in &order.headers {
        field(name, value);
    }
    if order.mode == Mode::BigHeader {
        field("X-Big", &"a".repeat(BIG_BYTES));
    }
    if order.mode == Mode::ConnectionClose {
        field("Connection", "close");
    }
    field("Content-Length", &body.len().to_string());
    [head.as_bytes(), b"\r\n", body].concat()
}

/// One object for a call, an array for a batch, ids as they came.
fn said(received: &Received) -> Vec<u8> {
    let body = received.body.as_deref().unwrap_or(br#"{"id":1}"#);
    let said = |id: &str| {
        let facts = json!({"upstream": received.upstream, "line": received.head.line});
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"mock","echo":{facts}}}"#)
    };
    match serde_json::from_slice::<Vec<Box<RawValue>>>(body) {
        Ok(calls) => {
            let ids = calls.iter().filter_map(|call| id(call.get().as_bytes()));
            let all: Vec<_> = ids.map(|id| said(&id)).collect();
            format!("[{}]", all.join(",")).into_bytes()
        }
        Err(_) => said(id(body).as_deref().unwrap_or("null")).into_bytes(),
    }
}

fn id(call: &[u8]) -> Option<String> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(call).ok()?;
    members.get("id").map(|id| id.get().to_owned())
}

/// A WebSocket server that sends one frame; to anything but a GET it speaks as the original's does.
fn web_socket(received: &Received) -> Script {
    if !received.head.line.starts_with("GET ") {
        return Script {
            pieces: vec![plain(405, b"Invalid HTTP method")],
            after: After::Keep,
        };
    }
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: {SAMPLE_ACCEPT}\r\n\r\n"
    );
    Script {
        pieces: vec![[head.as_bytes(), FRAME].concat()],
        after: After::Echo,
    }
}
