//! Bodies that go to clients: whole or streamed, each giving back its seat with its last byte.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use bytes::Bytes;
use http_body::Body;
use http_body::Frame;
use http_body::SizeHint;
use http_body_util::combinators::UnsyncBoxBody;

use crate::access_log::Entry;
use crate::access_log::Journal;
use crate::metrics::Metrics;
use crate::turn::Turn;

/// The error of a body; it ends the client's connection, so that nothing half looks whole.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer.
pub enum AnswerBody {
    /// All of it.
    Whole(Bytes),
    /// Its beginning, and the rest as the backend sends it.
    Streamed {
        /// What was held to be judged.
        first: Bytes,
        /// The rest, and what it keeps busy.
        rest: UnsyncBoxBody<Bytes, BodyError>,
    },
}

impl AnswerBody {
    /// Bytes in all, when that is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.size_hint().exact()
    }
}

impl From<Vec<u8>> for AnswerBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Whole(bytes.into())
    }
}

impl From<&'static str> for AnswerBody {
    fn from(text: &'static str) -> Self {
        Self::Whole(Bytes::from_static(text.as_bytes()))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(take(bytes)),
            Self::Streamed { first, .. } if !first.is_empty() => Poll::Ready(take(first)),
            Self::Streamed { rest, .. } => Pin::new(rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Streamed { first, rest, .. } => first.is_empty() && rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(length(bytes)),
            Self::Streamed { first, rest, .. } => match rest.size_hint().exact() {
                Some(rest) => SizeHint::with_exact(length(first) + rest),
                None => SizeHint::new(),
            },
        }
    }
}

fn length(bytes: &Bytes) -> u64 {
    bytes.len() as u64
}

fn take(bytes: &mut Bytes) -> Option<Result<Frame<Bytes>, BodyError>> {
    let data = std::mem::take(bytes);
    (!data.is_empty()).then(|| Ok(Frame::data(data)))
}

/// nginx's status for a client that left before its answer.
const CLIENT_LEFT: u16 = 499;
/// The answer that makes a tunnel of a connection.
const SWITCHING_PROTOCOLS: u16 = 101;

/// A request that is being served: counted while it is, and written down when it is gone, however
/// that came about.
pub struct Underway {
    status: u16,
    bytes: u64,
    journal: Journal,
    entry: Option<Entry>,
    metrics: Arc<Metrics>,
    turn: Turn,
}

impl Underway {
    /// Counts a request in. Until it is answered its client may leave.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, turn: Turn, journal: Journal, entry: Option<Entry>) -> Self {
        metrics.front.in_flight.inc();
        Self {
            status: CLIENT_LEFT,
            bytes: 0,
            journal,
            entry,
            metrics,
            turn,
        }
    }
}

impl Underway {
    /// The turn it is on its connection.
    #[must_use]
    pub const fn turn(&self) -> &Turn {
        &self.turn
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.metrics.front.in_flight.dec();
        self.metrics.answered(self.status);
        // In a tunnel it is nobody's turn any more.
        if self.status != SWITCHING_PROTOCOLS {
            self.turn.end();
        }
        if let Some(entry) = &self.entry {
            self.journal.write(entry, self.status, self.bytes);
        }
    }
}

/// An answer's body on its way out: counts its bytes, and ends the request with its last byte or
/// with the client.
pub struct Tracked {
    body: AnswerBody,
    underway: Underway,
}

impl Tracked {
    /// Follows `body`, the body of an answer with this status.
    #[must_use]
    pub const fn new(body: AnswerBody, status: u16, mut underway: Underway) -> Self {
        underway.status = status;
        Self { body, underway }
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                this.underway.bytes += frame.data_ref().map_or(0, length);
            }
            Poll::Ready(Some(Err(_broken))) => {
                this.underway.metrics.front.broken_off.inc();
                this.underway.turn.break_off();
            }
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
