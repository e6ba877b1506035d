//! What is said about HTTP itself: pages, health, and refusals before there is a call.

use frame::id::Id;
use http::HeaderValue;
use http::StatusCode;
use http::header;

use crate::body::AnswerBody;
use crate::clock;
use crate::reply::Refusal;
use crate::reply::Reply;
use crate::reply::Voice;
use crate::strict::Breach;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

impl Voice {
    /// The page for a browser that comes by.
    #[must_use]
    pub fn page(&self) -> Reply {
        self.say(self.root_status, Some(HTML), self.page.into())
    }

    /// What a browser asks before it sends a call from a page of another origin.
    #[must_use]
    pub fn preflight(&self) -> Reply {
        let mut reply = self.nothing();
        if !self.common.is_empty() {
            reply
                .headers_mut()
                .insert(header::ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        }
        reply
    }

    /// 200 or 503, in a word for people.
    #[must_use]
    pub fn health(&self, good: bool) -> Reply {
        match good {
            true => self.say(StatusCode::OK, Some(TEXT), "ok\n".into()),
            false => self.say(
                StatusCode::SERVICE_UNAVAILABLE,
                Some(TEXT),
                "not ready\n".into(),
            ),
        }
    }

    /// A request line or header that HTTP itself forbids (RFC 9112, section 3.2).
    #[must_use]
    pub fn bad_request(&self, why: &'static str) -> Reply {
        let mut reply = self.refuse(Id::NULL, Refusal::InvalidRequest(why), &[]);
        *reply.status_mut() = StatusCode::BAD_REQUEST;
        reply
    }

    /// A head after which nobody can say where the next one begins.
    #[must_use]
    pub fn breach(&self, breach: Breach) -> Reply {
        let mut reply = self.bad_request(breach.why);
        *reply.status_mut() = breach.status;
        let close = HeaderValue::from_static("close");
        reply.headers_mut().insert(header::CONNECTION, close);
        reply
    }

    /// A body in a coding that is not understood here (RFC 9110, sections 12.5.3 and 15.5.16).
    #[must_use]
    pub fn unknown_coding(&self) -> Reply {
        let why = Refusal::InvalidRequest("send the body as it is, or packed by gzip once");
        let mut reply = self.refuse(Id::NULL, why, &[]);
        *reply.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let gzip = HeaderValue::from_static("gzip");
        reply.headers_mut().insert(header::ACCEPT_ENCODING, gzip);
        reply
    }

    /// An HTTP method that nobody serves here (RFC 9110, section 15.5.6).
    #[must_use]
    pub fn method_not_allowed(&self) -> Reply {
        let why = Refusal::InvalidRequest("send JSON-RPC by POST");
        let mut reply = self.refuse(Id::NULL, why, &[]);
        *reply.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let allow = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");
        reply.headers_mut().insert(header::ALLOW, allow);
        reply
    }

    /// The answer that makes a WebSocket of a connection (RFC 6455, section 4.2.2).
    #[must_use]
    pub fn web_socket(accept: HeaderValue, protocol: Option<HeaderValue>) -> Reply {
        let mut reply = Reply::new("".into());
        *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = reply.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        if let Some(protocol) = protocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        reply
    }

    /// A version of the WebSocket protocol that is not served (RFC 6455, section 4.4).
    #[must_use]
    pub fn unknown_web_socket(&self) -> Reply {
        let why = Refusal::InvalidRequest("only version 13 of the WebSocket protocol is served");
        let mut reply = self.refuse(Id::NULL, why, &[]);
        *reply.status_mut() = StatusCode::UPGRADE_REQUIRED;
        let version = HeaderValue::from_static("13");
        reply
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_VERSION, version);
        reply
    }

    /// A page whose origin may not connect (RFC 6455, section 10.2).
    #[must_use]
    pub fn foreign_origin(&self) -> Reply {
        let why = Refusal::InvalidRequest("pages of this origin may not connect here");
        let mut reply = self.refuse(Id::NULL, why, &[]);
        *reply.status_mut() = StatusCode::FORBIDDEN;
        reply
    }
}

/// A short reply as HTTP/1 writes it, for a connection that ends with it and on which nobody else
/// speaks HTTP.
#[must_use]
pub fn written(reply: Reply) -> Vec<u8> {
    let (mut head, body) = reply.into_parts();
    let body = match body {
        AnswerBody::Whole(bytes) => bytes,
        AnswerBody::Streamed { first, .. } => first,
    };
    let close = HeaderValue::from_static("close");
    head.headers.insert(header::CONNECTION, close);
    let length = HeaderValue::from(body.len());
    head.headers.insert(header::CONTENT_LENGTH, length);
    if let Ok(date) = HeaderValue::from_str(&clock::http_date()) {
        head.headers.insert(header::DATE, date);
    }
    let mut bytes = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes
}
