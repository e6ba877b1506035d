//! Answers packed for clients that ask for it, streamed ones as they come.

use std::convert::Infallible;
use std::future::ready;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::header;
use http_body_util::BodyExt;
use tower::Layer;
use tower::ServiceExt;
use tower::service_fn;
use tower_http::compression::CompressionLayer;
use tower_http::compression::CompressionLevel;
use tower_http::compression::predicate::SizeAbove;

use crate::body::AnswerBody;
use crate::memory::Memory;
use crate::reply::Reply;

/// Shorter answers go as they are: packing them saves nothing that a network would notice.
const BYTES_MIN: u64 = 1024;
/// What the window and the tables of the most demanding coding take while one answer is packed.
const PACKING_BYTES: usize = 4 << 20;

/// What a client says about codings; nothing for most that are no browsers. The lines of a list field
/// mean the same as one line with all of them (RFC 9110, section 5.3).
#[must_use]
pub fn asked(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    let first = lines.next()?;
    let Some(second) = lines.next() else {
        return Some(first.clone());
    };
    let mut all = first.as_bytes().to_vec();
    for line in std::iter::once(second).chain(lines) {
        all.extend_from_slice(b", ");
        all.extend_from_slice(line.as_bytes());
    }
    HeaderValue::from_bytes(&all).ok()
}

/// Whether an answer is long enough; one of unknown length is.
#[must_use]
pub fn is_long(reply: &Reply) -> bool {
    let length = reply.body().length();
    length.is_none_or(|length| length >= BYTES_MIN)
}

/// Packs a long answer in the coding a client likes best, unless memory is short.
pub async fn pack(reply: Reply, asked: HeaderValue, memory: &Memory) -> Reply {
    let mut room = memory.room();
    if memory.is_short() || !room.grow(PACKING_BYTES) {
        return reply;
    }
    let status = reply.status();
    let mut request = Request::new(());
    request.headers_mut().insert(header::ACCEPT_ENCODING, asked);
    let mut made = reply;
    let inside = service_fn(move |_asked: Request<()>| {
        let nothing = Response::new(AnswerBody::from(""));
        ready(Ok::<_, Infallible>(std::mem::replace(&mut made, nothing)))
    });
    let packing = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(BYTES_MIN))
        .layer(inside);
    let Ok(packed) = packing.oneshot(request).await;
    let (mut head, body) = packed.into_parts();
    // Who accepts nothing gets the answer all the same: the call was made, and may have been a send.
    head.status = status;
    let body = if head.headers.contains_key(header::CONTENT_ENCODING) {
        let held = body.map_frame(move |frame| {
            let _while_it_is_packed = &room;
            frame
        });
        held.boxed_unsync()
    } else {
        body.boxed_unsync()
    };
    let first = Bytes::new();
    Response::from_parts(head, AnswerBody::Streamed { first, rest: body })
}

#[cfg(test)]
mod tests;
