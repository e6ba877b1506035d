//! What follows a request on its way: its id and its trace, and where it went.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use rules::ids::BackendId;
use rules::ids::Pool;

/// The id that a request has in every log on its way.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What traces a request: W3C Trace Context, AWS load balancers, those of Google Cloud.
static TRACES: [HeaderName; 4] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("x-amzn-trace-id"),
    HeaderName::from_static("x-cloud-trace-context"),
];

/// Bytes of a request's id. A longer one is as good as none.
const ID_BYTES_MAX: usize = 128;
/// Bytes of one trace header; W3C asks for 512 at least. A longer one is left behind.
const TRACE_BYTES_MAX: usize = 1024;
/// Trace headers of one request; `tracestate` may have several lines.
const TRACES_MAX: usize = 8;

/// The trail of one request. Most have none: it is kept only for what came with the request or for a
/// log that wants it.
#[derive(Debug)]
pub struct Trail {
    /// As internal backends get them.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether the client gave the id.
    given: bool,
    notes: Option<Mutex<Notes>>,
}

/// Where a request went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// What it asked, if it was one call.
    pub method: Option<String>,
    /// Calls it held.
    pub calls: usize,
    /// The pool and the backend that were asked last, if it was one call.
    pub asked: Option<(Pool, BackendId)>,
}

impl Trail {
    /// The trail of a request with these headers, if it has any. Where `noted`, it always has one, and
    /// an id of ours if need be: elsewhere nobody would ever see that id beside anything.
    #[must_use]
    pub fn of(headers: &HeaderMap, noted: bool) -> Option<Arc<Self>> {
        let mut kept = Vec::new();
        let (mut given, mut traces) = (false, 0);
        for (name, value) in headers {
            if *name == X_REQUEST_ID && !given && is_id(value) {
                given = true;
            } else if TRACES.contains(name) && traces < TRACES_MAX && is_trace(value) {
                traces += 1;
            } else {
                continue;
            }
            kept.push((name.clone(), value.clone()));
        }
        if noted && !given {
            let id = format!("{:032x}", fastrand::u128(..));
            kept.extend(HeaderValue::from_str(&id).map(|id| (X_REQUEST_ID, id)));
        }
        (!kept.is_empty()).then(|| {
            Arc::new(Self {
                headers: kept,
                given,
                notes: noted.then(Mutex::default),
            })
        })
    }

    /// The headers for internal backends.
    #[must_use]
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The id that the client gave, which its answer repeats.
    #[must_use]
    pub fn given_id(&self) -> Option<&HeaderValue> {
        let (_, id) = self
            .headers
            .iter()
            .find(|(name, _)| *name == X_REQUEST_ID)?;
        self.given.then_some(id)
    }

    /// Bytes that the headers take in a request.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let line =
            |(name, value): &(HeaderName, HeaderValue)| name.as_str().len() + value.len() + 4;
        self.headers.iter().map(line).sum()
    }

    /// Writes the headers into a request.
    pub fn write(&self, head: &mut Vec<u8>) {
        for (name, value) in &self.headers {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                head.extend_from_slice(part);
            }
        }
    }

    /// The request was one call of this method.
    pub fn called(&self, method: &str) {
        self.note(|notes| {
            notes.calls = 1;
            notes.method = Some(method.to_owned());
        });
    }

    /// The request held so many calls.
    pub fn batched(&self, calls: usize) {
        self.note(|notes| notes.calls = calls);
    }

    /// A backend of a pool is asked.
    pub fn asked(&self, pool: Pool, backend: &BackendId) {
        self.note(|notes| {
            // The calls of a batch go to many.
            if notes.method.is_some() {
                notes.asked = Some((pool, backend.clone()));
            }
        });
    }

    /// What was noted so far.
    #[must_use]
    pub fn notes(&self) -> Notes {
        let mut noted = Notes::default();
        self.note(|notes| noted = notes.clone());
        noted
    }

    fn note(&self, deed: impl FnOnce(&mut Notes)) {
        if let Some(notes) = &self.notes {
            deed(&mut notes.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// Visible ASCII.
fn is_id(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    (1..=ID_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

/// Visible ASCII with spaces.
fn is_trace(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    let plain = |byte: &u8| matches!(byte, b' '..=b'~');
    (1..=TRACE_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(plain)
}

#[cfg(test)]
mod tests;
