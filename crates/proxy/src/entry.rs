//! What is this request? A verdict from its head.

use http::HeaderMap;
use http::Method;
use http::Version;
use http::header;
use http::request::Parts;
use http::uri::Authority;

use crate::strict;
use crate::strict::Breach;
use crate::strict::is_host;

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
    /// It may mean one thing here and another elsewhere.
    Breach(Breach),
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
    if let Err(breach) = strict::check(head) {
        return Verdict::Breach(breach);
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

#[cfg(test)]
mod tests;
