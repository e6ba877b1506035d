//! What is this request? A verdict from its head; its body read within limits.

use bytes::Bytes;
use bytes::BytesMut;
use http::HeaderMap;
use http::Method;
use http::Version;
use http::header;
use http::request::Parts;
use http::uri::Authority;
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::memory::Room;
use crate::reply::Refusal;

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Show the page.
    Page,
    /// Say whether the process serves.
    Health(Asked),
    /// Answer a browser's question before a call.
    Preflight,
    /// Tunnel a WebSocket.
    Upgrade,
    /// Serve what its body says.
    Call,
    /// HTTP itself forbids it.
    BadRequest(&'static str),
    /// Nobody serves this HTTP method.
    MethodNotAllowed,
}

/// Which health a load balancer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The process works.
    Live,
    /// It should get traffic.
    Ready,
}

/// Judges the head of a request.
#[must_use]
pub fn judge(head: &Parts) -> Verdict {
    if let Err(why) = check_host(head) {
        return Verdict::BadRequest(why);
    }
    match head.method {
        Method::POST => Verdict::Call,
        Method::OPTIONS => Verdict::Preflight,
        Method::GET if wants_web_socket(head) => Verdict::Upgrade,
        Method::GET | Method::HEAD => match head.uri.path() {
            "/healthz" | "/livez" => Verdict::Health(Asked::Live),
            "/readyz" => Verdict::Health(Asked::Ready),
            _ => Verdict::Page,
        },
        _ => Verdict::MethodNotAllowed,
    }
}

/// RFC 9112, section 3.2: one valid Host, or none where HTTP/1.0 does without. Any name will do:
/// load balancers ask by address.
fn check_host(head: &Parts) -> Result<(), &'static str> {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => Err("more than one Host header"),
        (None, _) if head.version == Version::HTTP_10 => Ok(()),
        (None, _) => Err("no Host header"),
        (Some(host), None) => match Authority::try_from(host.as_bytes()) {
            Ok(authority) if is_host(&authority) => Ok(()),
            Ok(_) | Err(_) => Err("not a valid Host header"),
        },
    }
}

/// A host and at most a port behind it: nobody logs in by a Host header.
fn is_host(authority: &Authority) -> bool {
    let behind = authority.as_str().strip_prefix(authority.host());
    behind.is_some_and(|behind| match behind.strip_prefix(':') {
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => behind.is_empty(),
    })
}

/// Whether the request asks for a WebSocket (RFC 6455, section 4.1). Every other upgrade token is
/// ignored, as RFC 9110, section 7.8 allows.
fn wants_web_socket(head: &Parts) -> bool {
    head.version == Version::HTTP_11
        && has_token(&head.headers, &header::UPGRADE, "websocket")
        && has_token(&head.headers, &header::CONNECTION, "upgrade")
}

fn has_token(headers: &HeaderMap, name: &header::HeaderName, wanted: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value
                .split(',')
                .any(|token| token.trim().eq_ignore_ascii_case(wanted))
        })
}

/// Why a body was not read.
#[derive(Debug)]
pub enum BodyFault {
    /// The client is told.
    Refused(Refusal),
    /// The client broke off.
    Gone,
}

/// Reads a whole body. A declared length that is too large is refused before a byte of the body is
/// read, so that a client waiting for `100 Continue` is spared the upload.
///
/// # Errors
/// The body is too large, memory is short, or the client broke off.
pub async fn read(
    mut incoming: Incoming,
    bytes_max: usize,
    room: &mut Room,
) -> Result<Bytes, BodyFault> {
    let refused = |refusal| Err(BodyFault::Refused(refusal));
    if incoming.size_hint().lower() > bytes_max as u64 {
        return refused(Refusal::TooLarge);
    }
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|_broken| BodyFault::Gone)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len().max(all.len()) + data.len() > bytes_max {
            return refused(Refusal::TooLarge);
        }
        if !room.grow(data.len()) {
            return refused(Refusal::Overloaded);
        }
        // Most bodies are one piece, which is then not copied.
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

#[cfg(test)]
mod tests;
