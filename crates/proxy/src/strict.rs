//! What HTTP forbids and hyper lets through: where two parsers could read a request differently, it
//! is refused, and nothing more is heard on its connection.

use http::Method;
use http::StatusCode;
use http::Uri;
use http::Version;
use http::header;
use http::request::Parts;
use http::uri::Authority;

/// Bytes of a request target, of one header field, and of all of them: the sizes of an AWS load
/// balancer.
const TARGET_BYTES_MAX: usize = 16 * 1024;
const FIELD_BYTES_MAX: usize = 16 * 1024;
const FIELDS_BYTES_MAX: usize = 64 * 1024;

/// What is wrong with a head, and how that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The HTTP status that means it.
    pub status: StatusCode,
    /// In words.
    pub why: &'static str,
}

const fn breach(status: StatusCode, why: &'static str) -> Breach {
    Breach { status, why }
}

/// Looks through a head once.
///
/// # Errors
/// What is wrong with it.
pub fn check(head: &Parts) -> Result<(), Breach> {
    check_target(head)?;
    let (mut codings, mut bytes) = (0, 0);
    for (name, value) in &head.headers {
        let value = value.as_bytes();
        let field = name.as_str().len() + value.len();
        bytes += field;
        if field > FIELD_BYTES_MAX || bytes > FIELDS_BYTES_MAX {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Err(breach(status, "the header fields are too large"));
        }
        if *name == header::TRANSFER_ENCODING {
            codings += check_codings(value)?;
        } else if *name == header::EXPECT {
            check_expect(head.version, value)?;
        } else if is_twin(name.as_str()) {
            // Some servers read underscores as dashes (the way of CGI), and so another length.
            let why = "a header that could be taken for the length of the body";
            return Err(breach(StatusCode::BAD_REQUEST, why));
        }
    }
    match codings {
        0 | 1 => Ok(()),
        _ => Err(breach(StatusCode::BAD_REQUEST, "chunked more than once")),
    }
}

/// RFC 9112, section 3.2: a path, a whole `http` URI, or `*` where the server itself is asked.
fn check_target(head: &Parts) -> Result<(), Breach> {
    let uri = &head.uri;
    if target_bytes(uri) > TARGET_BYTES_MAX {
        let why = "the request target is too long";
        return Err(breach(StatusCode::URI_TOO_LONG, why));
    }
    let good = match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(authority)) => is_host(authority),
        (Some(_), _) => false,
        // Nobody connects through here, which is said later.
        (None, Some(_)) => head.method == Method::CONNECT,
        (None, None) => uri.path().starts_with('/') || head.method == Method::OPTIONS,
    };
    match good {
        true => Ok(()),
        false => Err(breach(
            StatusCode::BAD_REQUEST,
            "not a valid request target",
        )),
    }
}

fn target_bytes(uri: &Uri) -> usize {
    let authority = uri.authority().map_or(0, |part| part.as_str().len());
    authority + uri.path_and_query().map_or(0, |part| part.as_str().len())
}

/// A host and at most a port behind it: nobody logs in by a Host header or a request target.
#[must_use]
pub fn is_host(authority: &Authority) -> bool {
    let behind = authority.as_str().strip_prefix(authority.host());
    behind.is_some_and(|behind| match behind.strip_prefix(':') {
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => behind.is_empty(),
    })
}

/// How many codings a Transfer-Encoding names; all of them must be the one that is understood
/// (RFC 9112, section 6.1).
fn check_codings(value: &[u8]) -> Result<usize, Breach> {
    let mut codings = 0;
    for coding in value.split(|byte| *byte == b',') {
        if !coding.trim_ascii().eq_ignore_ascii_case(b"chunked") {
            let why = "a transfer coding other than chunked";
            return Err(breach(StatusCode::NOT_IMPLEMENTED, why));
        }
        codings += 1;
    }
    Ok(codings)
}

/// RFC 9110, section 10.1.1; HTTP/1.0 has no expectations.
fn check_expect(version: Version, value: &[u8]) -> Result<(), Breach> {
    if version == Version::HTTP_10 || value.eq_ignore_ascii_case(b"100-continue") {
        return Ok(());
    }
    let why = "an expectation that nobody can meet";
    Err(breach(StatusCode::EXPECTATION_FAILED, why))
}

fn is_twin(name: &str) -> bool {
    let known = match name.len() {
        14 => "content-length",
        17 => "transfer-encoding",
        _ => return false,
    };
    let mut pairs = name.bytes().zip(known.bytes());
    name != known && pairs.all(|(byte, known)| byte == known || (byte == b'_' && known == b'-'))
}

#[cfg(test)]
mod tests;
