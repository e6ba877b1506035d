//! Stories about packed bodies: what comes out of them, and what is refused before memory grows.

use config::checked::Profile;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;
use crate::memory::Memory;

const MIB: usize = 1 << 20;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What comes out when this comes in pieces, and the most memory it took.
fn unpack(
    packed: &[u8],
    piece: usize,
    (bytes_max, allowed): (usize, usize),
) -> (Result<Bytes, Refusal>, usize) {
    let memory = Memory::new(allowed);
    let mut room = memory.room();
    let mut unpacking = Unpacking::new(bytes_max, &mut room);
    let mut pieces = packed.chunks(piece);
    let ended = pieces.try_for_each(|piece| unpacking.push(piece));
    let ended = ended.and_then(|()| unpacking.finish());
    (ended, memory.used())
}

#[test]
fn codings_are_known_by_their_names() {
    for (lines, expected) in [
        (&[][..], Some(Coding::Identity)),
        (&["identity"], Some(Coding::Identity)),
        (&["gzip"], Some(Coding::Gzip)),
        (&["X-GZIP"], Some(Coding::Gzip)),
        (&[" gzip , identity"], Some(Coding::Gzip)),
        (&["", "gzip"], Some(Coding::Gzip)),
        (&["gzip, gzip"], None),
        (&["gzip", "gzip"], None),
        (&["br"], None),
        (&["deflate"], None),
        (&["gzip, br"], None),
        (&["zstd"], None),
        (&["gzip;q=1"], None),
    ] {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(line));
        }
        assert_eq!(coding(&headers), expected, "{lines:?}");
    }
}

#[test]
fn what_went_in_comes_out_in_whatever_pieces() {
    let text: Vec<u8> = (0..20_000)
        .flat_map(|n: u32| n.to_string().into_bytes())
        .collect();
    let two = [gzip(b"[1,"), gzip(b"2]")].concat();
    for piece in [1, 7, 1000, usize::MAX] {
        let (out, used) = unpack(&gzip(&text), piece, (MIB, MIB));
        assert_eq!((out.unwrap(), used), (text.clone().into(), text.len()));
        assert_eq!(unpack(&gzip(b""), piece, (MIB, MIB)).0.unwrap(), "");
        // RFC 1952, section 2.2: members one after another are one file.
        assert_eq!(unpack(&two, piece, (MIB, MIB)).0.unwrap(), "[1,2]");
    }
}

#[test]
fn what_is_broken_is_no_body() {
    let good = gzip(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\"}");
    let changed = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        bytes
    };
    let end = good.len();
    for packed in [
        b"".to_vec(),
        b"{}".to_vec(),
        good[..5].to_vec(),
        good[..end / 2].to_vec(),
        good[..end - 1].to_vec(),
        good[..end - 8].to_vec(),
        changed(0),
        changed(end - 1),
        changed(end - 8),
        [&good[..], b"x"].concat(),
        [&good[..], b"garbage behind the end"].concat(),
    ] {
        for piece in [1, usize::MAX] {
            let (out, _) = unpack(&packed, piece, (MIB, MIB));
            assert_eq!(out, Err(Refusal::ParseError), "{packed:?}");
        }
    }
}

#[test]
fn bombs_are_refused_before_memory_grows() {
    let bomb = gzip(&vec![b'0'; 50 * MIB]);
    assert!(bomb.len() < MIB / 10);
    // By its ratio, long before its size.
    let (out, used) = unpack(&bomb, 100, (100 * MIB, 100 * MIB));
    assert_eq!(out, Err(Refusal::TooLarge));
    assert!(used <= FREE_BYTES + MIB / 4, "{used}");
    // By its size, where it is let in at once.
    let (out, used) = unpack(&bomb, usize::MAX, (MIB, 100 * MIB));
    assert_eq!(out, Err(Refusal::TooLarge));
    assert!(used <= MIB, "{used}");
    // By the memory there is.
    let noise: Vec<u8> = (0..MIB).map(|n| ((n * n) >> 7) as u8).collect();
    let (out, used) = unpack(&gzip(&noise), 1000, (2 * MIB, MIB / 2));
    assert_eq!(out, Err(Refusal::Overloaded));
    assert!(used <= MIB / 2, "{used}");
    let (out, _) = unpack(&gzip(&noise), 1000, (MIB - 1, 2 * MIB));
    assert_eq!(out, Err(Refusal::TooLarge));
    // A short row of zeros is none.
    let zeros = vec![b'0'; FREE_BYTES];
    assert_eq!(unpack(&gzip(&zeros), 1, (MIB, MIB)).0.unwrap(), zeros);
}

/// The status line, the head and the body that a client hears who posts this.
async fn post(proxy: &Proxy, head: &str, body: &[u8]) -> String {
    let mut stream = proxy.connect();
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n{head}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // It may have heard enough before the end.
    let _enough = stream.write_all(body).await;
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    String::from_utf8(heard).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_packed_call_reaches_its_node_as_it_was() {
    let cast = vec![node("read-1", Pool::Read, [Act::Echo])];
    let mut config = config(Profile::TxProxy);
    config.limits.body_bytes = 100_000;
    let proxy = Proxy::start(config, cast);
    let question = call("7", "eth_call");
    let packed = gzip(question.as_bytes());
    let coded = "content-encoding: gzip\r\n";
    let heard = post(&proxy, coded, &packed).await;
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
    assert!(heard.contains("read-1/eth_call"), "{heard}");
    let got = &proxy.got("read-1")[0];
    assert_eq!(got.body, question);
    assert_eq!(got.header("content-encoding"), None);
    let bomb = gzip(&vec![b' '; 200_000]);
    for (head, body, status, reason) in [
        (
            "content-encoding: br\r\n",
            &packed,
            "415",
            "invalid_request",
        ),
        (
            "content-encoding: gzip, gzip\r\n",
            &packed,
            "415",
            "invalid_request",
        ),
        (coded, &packed[..9].to_vec(), "400", "parse_error"),
        (coded, &bomb, "413", "too_large"),
        ("", &packed, "400", "parse_error"),
    ] {
        let heard = post(&proxy, head, body).await;
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
        assert!(heard.contains(reason), "{heard}");
        let told = heard.contains("accept-encoding: gzip\r\n");
        assert_eq!(told, status == "415", "{heard}");
    }
    proxy.settle().await;
    assert_eq!(proxy.count("read-1"), 1);
}
