//! Sends one body once and says how it ended; keeps the connection for the next.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use frame::id::Id;
use http::HeaderName;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::Response;
use http::StatusCode;
use http::Uri;
use http::header;
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rules::moment::Moment;
use rules::vitals::InFlight;
use tokio::time::timeout_at;

use crate::body::AnswerBody;
use crate::body::Keep;
use crate::live::Backend;
use crate::pool::Connection;
use crate::tasks;
use crate::worker::Client;
use crate::worker::Worker;

/// Bytes of an answer's head; a load balancer in front would refuse more than 32 KiB.
const HEAD_BYTES_MAX: usize = 24 * 1024;
/// Header fields of an answer.
const HEAD_FIELDS_MAX: usize = 100;
/// Bytes of the client's `X-Forwarded-For` that are passed on.
const FORWARDED_BYTES_MAX: usize = 2 * 1024;

/// The headers a request may have.
const HEADERS: usize = 7;

/// Whom a call was made for, hop by hop.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

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
    pub rest: Option<Rest>,
}

/// The part of an answer that is still to come, and what it keeps busy.
pub struct Rest {
    incoming: Incoming,
    lease: Lease,
}

/// A connection in use. Dropping it closes the connection, which cancels what it carries.
struct Lease {
    connection: Connection,
    backend: Arc<Backend>,
    worker: usize,
    rest: Duration,
    clock: crate::clock::Clock,
    seat: InFlight,
}

impl Lease {
    /// The answer is complete: the connection may carry the next request.
    fn finish(self) {
        let now = self.clock.now();
        self.backend
            .pool
            .give(self.worker, self.connection, (now, self.rest));
        drop(self.seat);
    }
}

impl Keep for Lease {
    fn ended(self: Box<Self>) {
        self.finish();
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

    /// The answer as a body for the client.
    #[must_use]
    pub fn into_body(self) -> AnswerBody {
        match self.rest {
            None => AnswerBody::Whole(self.first),
            Some(rest) => AnswerBody::Streamed {
                first: self.first,
                rest: rest.incoming,
                keep: Some(Box::new(rest.lease)),
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
    let connection = match pooled {
        Some(connection) => connection,
        None => match timeout_at(until, connect(worker, backend)).await {
            Ok(Some(connection)) => connection,
            Ok(None) | Err(_) => return TryEnd::NotSent(Line::Fresh),
        },
    };
    let mut lease = Lease {
        connection,
        backend: Arc::clone(backend),
        worker: worker.index,
        rest: backend.keep_alive,
        clock: worker.clock,
        seat,
    };
    let request = request(backend, &errand);
    match timeout_at(until, lease.connection.sender.try_send_request(request)).await {
        Err(_) => TryEnd::TimedOut,
        // hyper hands the request back only when it had not begun to write it.
        Ok(Err(mut error)) => match error.take_message() {
            Some(_) => TryEnd::NotSent(line),
            None => TryEnd::Lost(line),
        },
        Ok(Ok(response)) => {
            let held = hold(response, lease, errand.held_bytes_max);
            match timeout_at(until, held).await {
                Err(_) => TryEnd::TimedOut,
                Ok(None) => TryEnd::Lost(line),
                Ok(Some(answered)) => TryEnd::Answered(answered),
            }
        }
    }
}

/// A new connection, opened within the time a connect may take.
async fn connect(worker: &Worker, backend: &Backend) -> Option<Connection> {
    let now = worker.clock.now();
    let allowed = worker.live.snapshot().settings.config.timeouts.connect;
    let until = worker.clock.instant(now.after(allowed));
    let opened = timeout_at(until, worker.dial.open(&backend.target, &worker.clock));
    let stream = opened.await.ok()?.ok()?;
    let mut builder = http1::Builder::new();
    builder
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEAD_FIELDS_MAX);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.ok()?;
    tasks::background(connection);
    Some(Connection { sender, born: now })
}

/// The request is built from scratch: nothing of the client's but its address goes on.
fn request(backend: &Backend, errand: &Errand<'_>) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(errand.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = errand.path.clone().unwrap_or_else(|| backend.path.clone());
    let headers = request.headers_mut();
    // Room for all of them at once: a map that grows while it is filled costs more than the rest.
    headers.reserve(HEADERS);
    headers.extend(
        backend
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(errand.body.len()));
    if let Some(client) = errand.client.filter(|_| !backend.external) {
        introduce(headers, client);
    }
    request
}

/// Tells an internal backend who asks.
pub fn introduce(headers: &mut http::HeaderMap, client: &Client) {
    let forwarded = client
        .forwarded
        .as_ref()
        .and_then(|list| list.to_str().ok());
    let forwarded = forwarded.filter(|list| !list.is_empty() && list.len() <= FORWARDED_BYTES_MAX);
    let list =
        forwarded.and_then(|list| HeaderValue::from_str(&format!("{list}, {}", client.peer)).ok());
    let address = client.address.clone();
    headers.insert(X_FORWARDED_FOR, list.unwrap_or_else(|| address.clone()));
    headers.insert(X_REAL_IP, address);
}

/// Holds as much of the answer as may be held; `None` when it broke off.
async fn hold(
    response: Response<Incoming>,
    mut lease: Lease,
    bytes_max: usize,
) -> Option<Answered> {
    let (head, mut incoming) = response.into_parts();
    lease.rest = rest(&head.headers, lease.rest);
    let status = head.status;
    let mut held = Held::Nothing;
    loop {
        if held.len() >= bytes_max && !incoming.is_end_stream() {
            let rest = Some(Rest { incoming, lease });
            return Some(Answered {
                status,
                first: held.into_bytes(),
                rest,
            });
        }
        let Some(frame) = incoming.frame().await else {
            break;
        };
        if let Ok(data) = frame.ok()?.into_data() {
            held.push(data);
        }
    }
    lease.finish();
    Some(Answered {
        status,
        first: held.into_bytes(),
        rest: None,
    })
}

/// What a backend says of its own patience (`Keep-Alive: timeout=`) counts, less a second for the way.
fn rest(headers: &http::HeaderMap, usual: Duration) -> Duration {
    let said = headers
        .get("keep-alive")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let timeout = value
                .split(',')
                .find_map(|part| part.trim().strip_prefix("timeout="))?;
            timeout.parse::<u64>().ok()
        });
    said.map_or(usual, |said| {
        usual.min(Duration::from_secs(said.saturating_sub(1)))
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
