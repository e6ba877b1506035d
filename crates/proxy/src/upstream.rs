//! Sends one body once and says how it ended; keeps the connection for the next.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use frame::id::Id;
use http::StatusCode;
use http::Uri;
use http_body::Body;
use http_body::Frame;
use http_body::SizeHint;
use http_body_util::BodyExt;
use rules::moment::Moment;
use rules::vitals::InFlight;
use tokio::time::timeout_at;

use crate::body::AnswerBody;
use crate::body::BodyError;
use crate::bulkhead::Berth;
use crate::client::Client;
use crate::clock::Clock;
use crate::dial::Means;
use crate::framing::After;
use crate::framing::Framing;
use crate::framing::RetryAfter;
use crate::live::Backend;
use crate::stream::Stream;
use crate::trail::Trail;
use crate::wire::Silence;
use crate::wire::Wire;
use crate::worker::Worker;

/// Room for the lines of a request's head that differ from call to call.
const LINES_BYTES: usize = 192;

/// Which connection a try may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A pooled one if there is one.
    Any,
    /// A new one: nothing on it can be stale.
    Fresh,
}

/// One body for one backend.
pub struct Errand<'a> {
    /// What is sent.
    pub body: Bytes,
    /// To another path than the backend's own.
    pub path: Option<Uri>,
    /// On whose behalf; nobody's for probes.
    pub client: Option<&'a Client>,
    /// On which connection.
    pub line: Line,
    /// When to stop waiting for the answer.
    pub deadline: Moment,
    /// Bytes of the answer to hold; what is longer is handed over as a stream.
    pub held_bytes_max: usize,
}

/// How a try ended, as far as bytes can tell.
pub enum TryEnd {
    /// An HTTP answer came.
    Answered(Answered),
    /// Not a byte of the request left: it may go anywhere. On a pooled line that says nothing
    /// about the backend.
    NotSent(Line),
    /// The connection broke after the request was, or may have been, sent.
    Lost(Line),
    /// No answer in time; the request was, or may have been, sent.
    TimedOut,
}

/// An HTTP answer whose beginning is in memory.
pub struct Answered {
    /// Its status.
    pub status: StatusCode,
    /// All of it, or as much as may be held.
    pub first: Bytes,
    /// The rest, if that was not all.
    pub rest: Option<Box<Rest>>,
    /// When it wants to be asked again, if it says so.
    pub retry_after: Option<RetryAfter>,
}

/// The part of an answer that is still to come, and what it keeps busy.
pub struct Rest {
    framing: Framing,
    /// `None` once the last byte has come, or the answer broke off.
    lease: Option<Lease>,
}

/// A connection in use. Dropping it closes the connection, which cancels what it carries.
struct Lease {
    wire: Wire,
    backend: Arc<Backend>,
    worker: usize,
    after: After,
    clock: Clock,
    seat: InFlight,
    /// For whatever comes after the answer's head.
    berth: Option<Berth>,
}

impl Lease {
    /// The answer is complete: the connection may carry the next request. What a backend says of
    /// its own patience counts, less a second for the way.
    fn finish(self) {
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
        let Self { framing, lease } = self.get_mut();
        let Some(held) = lease else {
            return Poll::Ready(None);
        };
        let piece = std::task::ready!(held.wire.poll_piece(cx, framing));
        // With a known length nobody polls again to be told that this was the end.
        if (framing.is_over() || piece.is_err())
            && let Some(lease) = lease.take()
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

impl Answered {
    /// The same answer with the id at this place replaced by the client's own.
    #[must_use]
    pub fn with_id(mut self, at: &std::ops::Range<usize>, id: Id<'_>) -> Self {
        let (before, after) = (self.first.get(..at.start), self.first.get(at.end..));
        if let (Some(before), Some(after)) = (before, after) {
            self.first = [before, id.as_str().as_bytes(), after].concat().into();
        }
        self
    }

    /// Keeps the room of a request until the last byte of its answer has come.
    pub fn keep(&mut self, berth: Berth) {
        let lease = self.rest.as_mut().and_then(|rest| rest.lease.as_mut());
        if let Some(lease) = lease {
            lease.berth = Some(berth);
        }
    }

    /// The answer as a body for the client.
    #[must_use]
    pub fn into_body(self) -> AnswerBody {
        match self.rest {
            None => AnswerBody::Whole(self.first),
            Some(rest) => AnswerBody::Streamed {
                first: self.first,
                rest: rest.boxed_unsync(),
            },
        }
    }
}

/// Sends once. Has no opinion: neither repeats nor judges.
///
/// Dropping the future closes the connection and so cancels the request, if it was sent.
pub async fn send_once(worker: &Worker, backend: &Arc<Backend>, errand: Errand<'_>) -> TryEnd {
    let until = worker.clock.instant(errand.deadline);
    let seat = backend.vitals.seat();
    let pooled = match errand.line {
        Line::Any => backend.pool.take(worker.index, worker.clock.now()),
        Line::Fresh => None,
    };
    let line = if pooled.is_some() {
        Line::Any
    } else {
        Line::Fresh
    };
    let wire = match pooled {
        Some(wire) => wire,
        None => match reach(worker, backend, errand.deadline).await {
            Some(stream) => Wire::new(stream, worker.clock.now()),
            None => return TryEnd::NotSent(Line::Fresh),
        },
    };
    let lease = Lease {
        wire,
        backend: Arc::clone(backend),
        worker: worker.index,
        after: After::Close,
        clock: worker.clock,
        seat,
        berth: None,
    };
    match timeout_at(until, answer(lease, &errand)).await {
        Err(_) => TryEnd::TimedOut,
        Ok(Ok(answered)) => TryEnd::Answered(answered),
        Ok(Err(Silence::NotSent)) => TryEnd::NotSent(line),
        Ok(Err(Silence::Lost)) => TryEnd::Lost(line),
    }
}

/// A new connection, opened within the time that a connect may take. What keeps one from opening is in
/// the log once, and that it does no more, too.
pub async fn reach(worker: &Worker, backend: &Backend, deadline: Moment) -> Option<Stream> {
    let snapshot = worker.live.snapshot();
    let allowed = snapshot.settings.config.timeouts.connect;
    let means = Means {
        tls: &snapshot.settings.tls,
        clock: &worker.clock,
        until: worker.clock.now().after(allowed).min(deadline),
    };
    let opened = worker.dial.open(&backend.target, &means).await;
    let news = backend
        .target
        .news(opened.as_ref().err().copied(), worker.clock.now());
    match news {
        Some(Some(why)) => {
            tracing::warn!(backend = %backend.id, why = why.as_str(), "cannot be connected to");
        }
        Some(None) => tracing::info!(backend = %backend.id, "can be connected to again"),
        None => {}
    }
    opened.ok()
}

/// The head of a request, built from scratch: of what the client said only its address and its
/// traces go on, and those to nobody outside.
fn head(backend: &Backend, errand: &Errand<'_>) -> Vec<u8> {
    let path = errand.path.as_ref().unwrap_or(&backend.path);
    let path = path.path_and_query().map_or("/", |path| path.as_str());
    let client = errand.client.filter(|_| !backend.external);
    let trail = client.and_then(|client| client.trail.as_deref());
    let traces = trail.map_or(0, Trail::bytes);
    let bytes = backend.head.len() + path.len() + errand.body.len() + traces + LINES_BYTES;
    let mut head = Vec::with_capacity(bytes);
    for part in [b"POST ", path.as_bytes(), b" HTTP/1.1\r\n", &backend.head] {
        head.extend_from_slice(part);
    }
    if let Some(client) = client {
        head.extend_from_slice(b"x-forwarded-for: ");
        if let Some(list) = client.forwarded() {
            head.extend_from_slice(list.as_bytes());
            head.extend_from_slice(b", ");
        }
        let (peer, address) = (client.peer.text.as_bytes(), client.address.text.as_bytes());
        for part in [peer, b"\r\nx-real-ip: ", address, b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    if let Some(trail) = trail {
        trail.write(&mut head);
    }
    // Writing to a Vec cannot fail.
    let _written = write!(head, "content-length: {}\r\n\r\n", errand.body.len());
    head
}

/// Sends the request and holds as much of its answer as may be held.
async fn answer(mut lease: Lease, errand: &Errand<'_>) -> Result<Answered, Silence> {
    let request = head(&lease.backend, errand);
    let head = lease.wire.ask(request, &errand.body).await?;
    lease.after = head.after;
    let (status, retry_after, mut framing) = (head.status, head.retry_after, head.body);
    let mut held = Held::Nothing;
    while !framing.is_over() {
        if held.len() >= errand.held_bytes_max {
            let rest = Some(Box::new(Rest {
                framing,
                lease: Some(lease),
            }));
            return Ok(Answered {
                status,
                first: held.into_bytes(),
                rest,
                retry_after,
            });
        }
        match lease.wire.piece(&mut framing).await {
            Ok(Some(piece)) => held.push(piece),
            Ok(None) => {}
            Err(_) => return Err(Silence::Lost),
        }
    }
    lease.finish();
    Ok(Answered {
        status,
        first: held.into_bytes(),
        rest: None,
        retry_after,
    })
}

/// Bytes as they come: most answers are one piece, which is then not copied.
enum Held {
    Nothing,
    One(Bytes),
    Many(BytesMut),
}

impl Held {
    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, data: Bytes) {
        *self = match std::mem::replace(self, Self::Nothing) {
            Self::Nothing => Self::One(data),
            Self::One(first) => {
                let mut bytes = BytesMut::with_capacity((first.len() + data.len()) * 2);
                bytes.extend_from_slice(&first);
                bytes.extend_from_slice(&data);
                Self::Many(bytes)
            }
            Self::Many(mut bytes) => {
                bytes.extend_from_slice(&data);
                Self::Many(bytes)
            }
        };
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}

#[cfg(test)]
mod tests;
