//! One request written and one answer read on a connection to a backend, by the task of the call.
//!
//! HTTP/1.1 towards backends is ours, because it is on the path of every call and needs little: one
//! method, a handful of headers, one answer at a time. A general client costs a call more than all of
//! the rest of Headway does.

use std::future::poll_fn;
use std::io;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use bytes::Buf;
use bytes::Bytes;
use bytes::BytesMut;
use rules::moment::Moment;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;

use crate::framing;
use crate::framing::Framing;
use crate::framing::Head;
use crate::framing::Step;
use crate::stream::Stream;

/// Bytes of an answer's head; a load balancer in front would refuse more than 32 KiB.
const HEAD_BYTES_MAX: usize = 24 * 1024;
/// Bytes read at a time.
const READ_BYTES: usize = 8 * 1024;
/// Bytes read at a time while a long answer passes.
const LONG_READ_BYTES: usize = 64 * 1024;
/// A request up to this size goes out in one piece; it is copied behind its head.
const ONE_PIECE_BYTES: usize = 16 * 1024;
/// A piece of an answer up to this size is copied out, so that the buffer is used again.
const COPIED_BYTES: usize = 4 * 1024;

/// An open connection to a backend.
#[derive(Debug)]
pub struct Wire {
    stream: Stream,
    /// Read and not yet taken.
    buffer: BytesMut,
    /// When it was opened.
    pub born: Moment,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Not a byte of the request was taken.
    NotSent,
    /// Some of it was, and the connection broke or what came back is not HTTP.
    Lost,
}

impl Wire {
    /// A connection over a stream that was just opened.
    #[must_use]
    pub fn new(stream: Stream, born: Moment) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            born,
        }
    }

    /// Whether the backend has neither closed nor spoken unasked since the last answer. Costs a
    /// system call only when it has.
    #[must_use]
    pub fn is_quiet(&mut self) -> bool {
        let mut byte = [0; 1];
        let mut cx = Context::from_waker(Waker::noop());
        let read = Pin::new(&mut self.stream).poll_read(&mut cx, &mut ReadBuf::new(&mut byte));
        read.is_pending() && self.buffer.is_empty()
    }

    /// Gives back memory that a long answer took.
    pub fn rest(&mut self) {
        if self.buffer.capacity() > LONG_READ_BYTES / 2 && self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    /// Writes a request and reads the head of its answer.
    ///
    /// # Errors
    /// There is no answer; whether the request may have arrived.
    pub async fn ask(&mut self, mut head: Vec<u8>, body: &Bytes) -> Result<Head, Silence> {
        let mut rest = body.clone();
        if body.len() <= ONE_PIECE_BYTES {
            head.extend_from_slice(body);
            rest.clear();
        }
        self.write(&mut Bytes::from(head), &mut rest).await?;
        loop {
            let read = framing::head(&self.buffer).map_err(|_| Silence::Lost)?;
            if let Some((head, length)) = read.filter(|(_, length)| *length <= HEAD_BYTES_MAX) {
                self.buffer.advance(length);
                return Ok(head);
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Err(Silence::Lost);
            }
            match poll_fn(|cx| self.poll_fill(cx, READ_BYTES)).await {
                Ok(0) | Err(_) => return Err(Silence::Lost),
                Ok(_) => {}
            }
        }
    }

    /// Writes until all is written, or the backend has begun to answer before it had read all.
    async fn write(&mut self, head: &mut Bytes, body: &mut Bytes) -> Result<(), Silence> {
        let whole = head.len();
        let tells = self.stream.tells_what_left();
        poll_fn(|cx| {
            loop {
                let part = if head.has_remaining() {
                    &mut *head
                } else {
                    &mut *body
                };
                let mut stream = Pin::new(&mut self.stream);
                let written = match part.has_remaining() {
                    true => stream.as_mut().poll_write(cx, part),
                    // What was encrypted may still wait for the socket; of plain bytes none do.
                    false => match stream.as_mut().poll_flush(cx) {
                        Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
                        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                        Poll::Pending => Poll::Pending,
                    },
                };
                match written {
                    Poll::Ready(Ok(written)) if written > 0 => part.advance(written),
                    Poll::Ready(_) if tells && head.len() == whole => {
                        return Poll::Ready(Err(Silence::NotSent));
                    }
                    // What it has said before it closed may still be read.
                    Poll::Ready(_) => return Poll::Ready(Ok(())),
                    Poll::Pending => match self.poll_fill(cx, READ_BYTES) {
                        Poll::Ready(Ok(read)) if read > 0 => return Poll::Ready(Ok(())),
                        Poll::Ready(_) => return Poll::Ready(Err(Silence::Lost)),
                        Poll::Pending => return Poll::Pending,
                    },
                }
            }
        })
        .await
    }

    /// Reads once into the buffer; 0 is the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>, bytes: usize) -> Poll<io::Result<usize>> {
        self.buffer.reserve(bytes);
        let stream = &mut self.stream;
        std::pin::pin!(stream.read_buf(&mut self.buffer)).poll(cx)
    }

    /// The next piece of a body; `None` when it is over.
    pub fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        framing: &mut Framing,
    ) -> Poll<io::Result<Option<Bytes>>> {
        let broken = |kind: ErrorKind| Poll::Ready(Err(io::Error::from(kind)));
        while !framing.is_over() {
            match framing.step(&self.buffer) {
                Ok(Step::Skip(bytes)) => self.buffer.advance(bytes),
                Ok(Step::Data(bytes)) => return Poll::Ready(Ok(Some(self.take(bytes)))),
                Err(framing::NotHttp) => return broken(ErrorKind::InvalidData),
                Ok(Step::More) => {
                    let long = framing.left().is_none_or(|left| left > READ_BYTES as u64);
                    let bytes = if long { LONG_READ_BYTES } else { READ_BYTES };
                    match std::task::ready!(self.poll_fill(cx, bytes)) {
                        Ok(0) if *framing == Framing::UntilClose => *framing = Framing::Length(0),
                        Ok(0) => return broken(ErrorKind::UnexpectedEof),
                        Ok(_) => {}
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                }
            }
        }
        Poll::Ready(Ok(None))
    }

    /// The next piece of a body; `None` when it is over.
    ///
    /// # Errors
    /// The body broke off.
    pub async fn piece(&mut self, framing: &mut Framing) -> io::Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_piece(cx, framing)).await
    }

    fn take(&mut self, bytes: usize) -> Bytes {
        if bytes <= COPIED_BYTES {
            let piece = Bytes::copy_from_slice(self.buffer.get(..bytes).unwrap_or_default());
            self.buffer.advance(bytes);
            return piece;
        }
        self.buffer.split_to(bytes).freeze()
    }
}

#[cfg(test)]
mod tests;
