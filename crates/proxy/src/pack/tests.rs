//! Stories about packed answers, read back by a client of the same library.

use config::checked::Profile;
use futures_util::stream::poll_fn;
use http::StatusCode;
use http_body::Body;
use http_body::Frame;
use http_body_util::StreamBody;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tower_http::decompression::DecompressionLayer;

use super::*;
use crate::body::BodyError;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

const ROOMY: usize = 64 << 20;
const CODINGS: [&str; 3] = ["gzip", "br", "zstd"];

fn reply(body: impl Into<AnswerBody>) -> Reply {
    Response::new(body.into())
}

fn long() -> Vec<u8> {
    (0..400)
        .flat_map(|n: u32| n.to_string().into_bytes())
        .collect()
}

/// Packs an answer for a client that says this about codings.
async fn packed(reply: Reply, asked: &'static str) -> Reply {
    pack(reply, HeaderValue::from_static(asked), &Memory::new(ROOMY)).await
}

fn coding(reply: &Reply) -> Option<&str> {
    let coding = reply.headers().get(header::CONTENT_ENCODING)?;
    Some(coding.to_str().unwrap())
}

/// The same answer as a client unpacks it.
async fn unpacked(
    reply: Reply,
) -> impl Body<Data = Bytes, Error = Box<dyn std::error::Error + Send + Sync>> + Unpin {
    let mut reply = Some(reply);
    let server =
        service_fn(move |_request: Request<()>| ready(Ok::<_, Infallible>(reply.take().unwrap())));
    let client = DecompressionLayer::new().layer(server);
    let Ok(answer) = client.oneshot(Request::new(())).await;
    Box::pin(answer.into_body())
}

#[tokio::test]
async fn a_long_answer_is_packed_as_its_client_likes_it() {
    for (asked, expected) in [
        ("gzip", Some("gzip")),
        ("br", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip;q=1.0, br;q=0.5", Some("gzip")),
        ("gzip;q=0, br", Some("br")),
        ("GZIP", Some("gzip")),
        ("*", Some("zstd")),
        ("gzip;q=0", None),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("deflate", None),
        ("nonsense", None),
        ("", None),
        ("*;q=0", None),
        ("identity;q=0", None),
    ] {
        let answer = packed(reply(long()), asked).await;
        assert_eq!(answer.status(), StatusCode::OK, "{asked}");
        assert_eq!(coding(&answer), expected, "{asked}");
        let length = answer.body().length();
        assert_eq!(length.is_none(), expected.is_some(), "{asked}");
        let vary = answer.headers().get(header::VARY).unwrap();
        assert_eq!(vary, "accept-encoding", "{asked}");
        let bytes = unpacked(answer).await.collect().await.unwrap().to_bytes();
        assert_eq!(bytes, long(), "{asked}");
    }
}

#[test]
fn a_short_answer_is_left_alone() {
    for (bytes, expected) in [(0, false), (1023, false), (1024, true)] {
        assert_eq!(is_long(&reply(vec![b'x'; bytes])), expected, "{bytes}");
    }
}

/// An answer whose rest comes when a story sends it.
fn streamed() -> (mpsc::Sender<Result<&'static str, BodyError>>, Reply) {
    let (sender, mut receiver) = mpsc::channel(8);
    let pieces = poll_fn(move |cx| receiver.poll_recv(cx));
    let frames = futures_util::StreamExt::map(pieces, |piece: Result<&'static str, BodyError>| {
        piece.map(|text| Frame::data(Bytes::from_static(text.as_bytes())))
    });
    let body = AnswerBody::Streamed {
        first: Bytes::from_static(b"first, "),
        rest: StreamBody::new(frames).boxed_unsync(),
    };
    (sender, reply(body))
}

#[tokio::test]
async fn what_has_come_of_a_streamed_answer_goes_out_at_once() {
    for asked in CODINGS {
        let (sender, reply) = streamed();
        let answer = packed(reply, asked).await;
        assert_eq!(coding(&answer), Some(asked));
        let mut body = unpacked(answer).await;
        let mut heard = Vec::new();
        for piece in ["first, ", "second, ", "third"] {
            if piece != "first, " {
                sender.send(Ok(piece)).await.unwrap();
            }
            while !heard.ends_with(piece.as_bytes()) {
                let frame = body.frame().await.unwrap().unwrap();
                heard.extend_from_slice(&frame.into_data().unwrap());
            }
        }
        drop(sender);
        let rest = body.collect().await.unwrap().to_bytes();
        heard.extend_from_slice(&rest);
        assert_eq!(heard, b"first, second, third", "{asked}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_made_whole() {
    for asked in CODINGS {
        let (sender, reply) = streamed();
        let answer = packed(reply, asked).await;
        sender.send(Ok("second, ")).await.unwrap();
        sender.send(Err("broken".into())).await.unwrap();
        assert!(answer.into_body().collect().await.is_err(), "{asked}");
    }
}

#[tokio::test]
async fn packing_takes_room_and_is_left_out_when_there_is_little() {
    let gzip = || HeaderValue::from_static("gzip");
    let memory = Memory::new(ROOMY);
    let answer = pack(reply(long()), gzip(), &memory).await;
    assert_eq!(memory.used(), PACKING_BYTES);
    drop(answer);
    assert_eq!(memory.used(), 0);
    let answer = pack(reply(long()), HeaderValue::from_static("identity"), &memory).await;
    assert_eq!(memory.used(), 0);
    drop(answer);
    let mut most = memory.room();
    assert!(most.grow(ROOMY / 2 + 1));
    assert_eq!(coding(&pack(reply(long()), gzip(), &memory).await), None);
    let little = Memory::new(PACKING_BYTES - 1);
    assert_eq!(coding(&pack(reply(long()), gzip(), &little).await), None);
}

#[test]
fn several_lines_are_one_list() {
    let mut headers = HeaderMap::new();
    assert_eq!(asked(&headers), None);
    for line in ["gzip", "br;q=0.5", "zstd"] {
        headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
    }
    assert_eq!(asked(&headers).unwrap(), "gzip, br;q=0.5, zstd");
}

/// What a client hears that posts a call and says this about codings, and how many bytes that is.
async fn post(act: Act, compression: bool, asked: &str) -> (String, usize) {
    let mut config = config(Profile::Evm);
    config.server.compression = compression;
    let proxy = Proxy::start(config, vec![node("read-1", Pool::Read, [act])]);
    let body = call("7", "eth_call");
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{asked}content-length: {length}\r\n\r\n{body}"
    );
    let mut stream = proxy.connect();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    assert_eq!(proxy.got("read-1")[0].header("accept-encoding"), None);
    drop(stream);
    proxy.settle().await;
    (String::from_utf8_lossy(&heard).into_owned(), heard.len())
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_gets_less_to_read_and_nobody_else() {
    for (act, compression, asked, expected) in [
        (Act::Long(200_000), true, "accept-encoding: gzip\r\n", true),
        (
            Act::LongCounted(200_000),
            true,
            "accept-encoding: zstd\r\n",
            true,
        ),
        (
            Act::LongCounted(2_000),
            true,
            "accept-encoding: br\r\n",
            true,
        ),
        (
            Act::Long(200_000),
            true,
            "via: 1.1 google\r\naccept-encoding: gzip\r\n",
            true,
        ),
        (Act::Long(200_000), true, "", false),
        (
            Act::Long(200_000),
            false,
            "accept-encoding: gzip\r\n",
            false,
        ),
        (
            Act::Long(200_000),
            true,
            "accept-encoding: gzip;q=0\r\n",
            false,
        ),
        (Act::Echo, true, "accept-encoding: gzip\r\n", false),
    ] {
        let (heard, bytes) = post(act, compression, asked).await;
        assert!(heard.starts_with("HTTP/1.1 200 "), "{asked}");
        assert_eq!(heard.contains("content-encoding: "), expected, "{asked}");
        assert_eq!(
            bytes < 1_900,
            expected || !heard.contains("aaaa"),
            "{asked}{bytes}"
        );
    }
}
