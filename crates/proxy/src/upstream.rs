//! Sends one body once and says how it ended; keeps the connection for the next.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use frame::id::Id;
use http::StatusCode;
use http::Uri;
use http_body_util::BodyExt;
use rules::moment::Moment;
use tokio::time::timeout_at;

use crate::body::AnswerBody;
use crate::bulkhead::Berth;
use crate::client::Client;
use crate::dial::Means;
use crate::framing::RetryAfter;
use crate::held::Held;
use crate::live::Backend;
use crate::metrics::Cap;
use crate::rest::Lease;
use crate::rest::Rest;
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
    /// There was no room in memory for what should have been held.
    pub cut: bool,
}

impl Answered {
    /// The same answer with the id at this place replaced by the client's own.
    #[must_use]
    pub fn with_id(mut self, at: &std::ops::Range<usize>, id: Id<'_>) -> Self {
        if self.first.get(at.clone()) == Some(id.as_str().as_bytes()) {
            return self;
        }
        let (before, after) = (self.first.get(..at.start), self.first.get(at.end..));
        if let (Some(before), Some(after)) = (before, after) {
            self.first = [before, id.as_str().as_bytes(), after].concat().into();
        }
        self
    }

    /// Keeps the room of a request until the last byte of its answer has come.
    pub fn keep(&mut self, berth: Berth) {
        if let Some(rest) = &mut self.rest {
            rest.keep(berth);
        }
    }

    /// The answer as a body for the client.
    #[must_use]
    pub fn into_body(self) -> AnswerBody {
        match self.rest {
            None => AnswerBody::Whole(self.first),
            Some(rest) => AnswerBody::Streamed {
                first: self.first,
                rest: (*rest).boxed_unsync(),
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
    let lease = Lease::new(wire, worker, backend, seat);
    match timeout_at(until, answer(worker, lease, &errand)).await {
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
async fn answer(
    worker: &Worker,
    mut lease: Lease,
    errand: &Errand<'_>,
) -> Result<Answered, Silence> {
    let request = head(&lease.backend, errand);
    let head = lease.wire.ask(request, &errand.body).await?;
    lease.after = head.after;
    let (status, retry_after, mut framing) = (head.status, head.retry_after, head.body);
    let answered = |held: Held, rest, cut| Answered {
        status,
        first: held.into_bytes(),
        rest,
        retry_after,
        cut,
    };
    // A probe must not fail because clients ask for much.
    let mut held = Held::new(errand.client.map(|_| &worker.memory));
    while !framing.is_over() {
        if held.len() >= errand.held_bytes_max {
            let idle = worker.live.snapshot().settings.config.timeouts.answer_idle;
            let rest = Box::new(Rest::new(framing, lease, idle));
            return Ok(answered(held, Some(rest), false));
        }
        match lease.wire.piece(&mut framing).await {
            Ok(Some(piece)) => {
                if !held.push(piece) {
                    worker.metrics.front.capped(Cap::BufferedBytes);
                    return Ok(answered(held, None, true));
                }
            }
            Ok(None) => {}
            Err(_) => return Err(Silence::Lost),
        }
    }
    lease.finish();
    Ok(answered(held, None, false))
}

#[cfg(test)]
mod tests;
