//! The frames of one WebSocket: answers go out in the order they were ready, messages come in while they
//! may.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use bytes::Bytes;
use futures_util::Sink;
use futures_util::Stream;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

use crate::metrics::Ending;

/// A socket reads into so many bytes as long as its messages fit; most sockets rest most of the time.
const READ_BYTES: usize = 4 * 1024;
/// Frames are gathered up to so many bytes before they are written.
const WRITE_BYTES: usize = 16 * 1024;
/// A longer message goes out in fragments of this size, so that a socket never copies more at once.
const PIECE_BYTES: usize = 64 * 1024;

/// A message for the client.
#[derive(Debug)]
pub(crate) struct Said {
    /// The text of it.
    pub(crate) text: Bytes,
    /// The turn that a long answer has taken; given back when it is written.
    pub(crate) _turn: Option<OwnedSemaphorePermit>,
}

/// What came of a client.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A whole message, text or binary.
    Message(Bytes),
    /// A sign of life.
    Sign,
    /// It closes, and its close is answered.
    Close,
    /// Nothing more can come.
    End(Ending),
}

/// One client's frames, both ways.
pub(crate) struct Line<S> {
    socket: WebSocketStream<S>,
    waiting: VecDeque<Said>,
    /// Bytes in all that wait.
    bytes: usize,
    /// Bytes of the first one that are on their way already.
    written: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// The server's end of a socket whose handshake is over.
    pub(crate) async fn new(stream: S, message_bytes_max: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(WRITE_BYTES)
            .max_message_size(Some(message_bytes_max))
            .max_frame_size(Some(message_bytes_max));
        Self {
            socket: WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await,
            waiting: VecDeque::new(),
            bytes: 0,
            written: 0,
        }
    }

    /// Puts a message at the end of those that wait.
    pub(crate) fn push(&mut self, said: Said) {
        self.bytes += said.text.len();
        self.waiting.push_back(said);
    }

    /// Bytes that wait.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes what waits; reads while fewer than so many bytes do. Ready with what came.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, waiting_max: usize) -> Poll<Heard> {
        if let Poll::Ready(Err(error)) = self.poll_out(cx) {
            return Poll::Ready(Heard::End(ending(&error)));
        }
        if self.bytes >= waiting_max {
            return Poll::Pending;
        }
        let heard = match std::task::ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            Some(Ok(Message::Text(text))) => Heard::Message(text.into()),
            Some(Ok(Message::Binary(bytes))) => Heard::Message(bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Heard::Sign,
            Some(Ok(Message::Close(_))) => Heard::Close,
            Some(Err(error)) => Heard::End(ending(&error)),
            None => Heard::End(Ending::Client),
        };
        Poll::Ready(heard)
    }

    /// Ready when everything that waits is written.
    pub(crate) fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            std::task::ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            let Some(frame) = self.next_frame() else {
                return Pin::new(&mut self.socket).poll_flush(cx);
            };
            Pin::new(&mut self.socket).start_send(Message::Frame(frame))?;
        }
    }

    /// The next piece of the first message that waits.
    fn next_frame(&mut self) -> Option<Frame> {
        let first = self.waiting.front()?;
        let all = first.text.len();
        let end = all.min(self.written + PIECE_BYTES);
        let code = match self.written {
            0 => Data::Text,
            _ => Data::Continue,
        };
        let piece = first.text.slice(self.written..end);
        self.written = end;
        if end == all {
            self.waiting.pop_front();
            (self.bytes, self.written) = (self.bytes - all, 0);
        }
        Some(Frame::message(piece, OpCode::Data(code), end == all))
    }

    /// Asks whether the client is still there; what stands before it in the queue comes later.
    pub(crate) fn ping(&mut self) {
        // A socket that takes nothing more is found out elsewhere.
        let _ended = Pin::new(&mut self.socket).start_send(Message::Ping(Bytes::new()));
    }

    /// Says the end: after it nothing can be sent.
    pub(crate) fn close(&mut self, frame: CloseFrame) {
        let _ended = Pin::new(&mut self.socket).start_send(Message::Close(Some(frame)));
    }

    /// What the frames travel on.
    pub(crate) fn stream(&mut self) -> &mut S {
        self.socket.get_mut()
    }
}

fn ending(error: &Error) -> Ending {
    let gone = ProtocolError::ResetWithoutClosingHandshake;
    if matches!(error, Error::Capacity(_)) {
        return Ending::TooBig;
    }
    if matches!(error, Error::Utf8(_)) {
        return Ending::NotText;
    }
    if matches!(error, Error::Protocol(broken) if *broken != gone) {
        return Ending::Protocol;
    }
    if matches!(error, Error::Io(error) if error.kind() == ErrorKind::TimedOut) {
        return Ending::Slow;
    }
    Ending::Client
}
