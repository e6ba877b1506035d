//! The part of an answer that passes through: never faster than its client, never slower than it may.

use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body::Frame;
use http_body::SizeHint;
use rules::moment::Moment;
use rules::vitals::InFlight;

use crate::alarm::Alarm;
use crate::body::BodyError;
use crate::bulkhead::Berth;
use crate::clock::Clock;
use crate::framing::After;
use crate::framing::Framing;
use crate::live::Backend;
use crate::wire::Wire;
use crate::worker::Worker;

/// The part of an answer that is still to come, and what it keeps busy.
pub struct Rest {
    framing: Framing,
    /// `None` once the last byte has come, or the answer broke off.
    lease: Option<Lease>,
    /// How long the next piece may take.
    idle: Duration,
    /// Since when it is waited for.
    since: Option<Moment>,
    alarm: Alarm,
}

impl Rest {
    /// What follows of an answer, each piece within `idle` of the one before.
    #[must_use]
    pub const fn new(framing: Framing, lease: Lease, idle: Duration) -> Self {
        Self {
            framing,
            alarm: Alarm::new(lease.clock),
            lease: Some(lease),
            idle,
            since: None,
        }
    }

    /// Keeps the room of a request until the last byte of its answer has come.
    pub fn keep(&mut self, berth: Berth) {
        if let Some(lease) = &mut self.lease {
            lease.berth = Some(berth);
        }
    }
}

/// A connection in use. Dropping it closes the connection, which cancels what it carries.
pub struct Lease {
    /// The connection.
    pub wire: Wire,
    /// Whose it is.
    pub backend: Arc<Backend>,
    /// What may follow on it.
    pub after: After,
    worker: usize,
    clock: Clock,
    seat: InFlight,
    /// For whatever comes after the answer's head.
    berth: Option<Berth>,
}

impl Lease {
    /// A connection that is used by a worker, for as long as `seat` counts it.
    #[must_use]
    pub fn new(wire: Wire, worker: &Worker, backend: &Arc<Backend>, seat: InFlight) -> Self {
        Self {
            wire,
            backend: Arc::clone(backend),
            after: After::Close,
            worker: worker.index,
            clock: worker.clock,
            seat,
            berth: None,
        }
    }

    /// The answer is complete: the connection may carry the next request. What a backend says of
    /// its own patience counts, less a second for the way.
    pub fn finish(self) {
        let usual = self.backend.keep_alive;
        let rest = match self.after {
            After::Again(None) => usual,
            After::Again(Some(said)) => usual.min(said.saturating_sub(Duration::from_secs(1))),
            After::Close => return,
        };
        let now = self.clock.now();
        self.backend.pool.give(self.worker, self.wire, (now, rest));
        drop(self.seat);
    }
}

impl Body for Rest {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let Some(held) = &mut this.lease else {
            return Poll::Ready(None);
        };
        let piece = match held.wire.poll_piece(cx, &mut this.framing) {
            Poll::Ready(piece) => piece,
            Poll::Pending => {
                let clock = held.clock;
                let since = *this.since.get_or_insert_with(|| clock.now());
                std::task::ready!(this.alarm.poll(cx, since.after(this.idle)));
                Err(ErrorKind::TimedOut.into())
            }
        };
        this.since = None;
        // With a known length nobody polls again to be told that this was the end.
        if (this.framing.is_over() || piece.is_err())
            && let Some(lease) = this.lease.take()
            && piece.is_ok()
        {
            lease.finish();
        }
        Poll::Ready(
            piece
                .map(|piece| piece.map(Frame::data))
                .map_err(Into::into)
                .transpose(),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.framing.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        self.framing
            .left()
            .map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests;
