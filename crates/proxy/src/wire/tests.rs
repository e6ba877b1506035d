//! A wire over a pipe whose other end misbehaves on purpose.

use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::io::DuplexStream;
use tokio::io::duplex;
use tokio::join;

use super::*;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

/// Bytes the pipe holds before its writer waits.
const PIPE_BYTES: usize = 1024;

fn wire() -> (Wire, DuplexStream) {
    let (ours, theirs) = duplex(PIPE_BYTES);
    (Wire::new(Stream::Pipe(ours), Moment::ZERO), theirs)
}

const HEAD: &[u8] = b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n";

async fn whole(wire: &mut Wire, mut framing: Framing) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(piece) = wire.piece(&mut framing).await? {
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

#[tokio::test]
async fn a_request_is_written_once_and_its_answer_read() {
    let (mut wire, mut backend) = wire();
    for _ in 0..3 {
        let body = Bytes::from_static(b"{}");
        let (head, ()) = join!(wire.ask(HEAD.to_vec(), &body), async {
            let mut request = vec![0; HEAD.len() + 2];
            backend.read_exact(&mut request).await.unwrap();
            assert_eq!(request, [HEAD, b"{}"].concat());
            backend.write_all(ANSWER).await.unwrap();
            backend.write_all(b"true").await.unwrap();
        });
        assert_eq!(whole(&mut wire, head.unwrap().body).await.unwrap(), b"true");
        wire.rest();
        assert!(wire.is_quiet());
    }
}

#[tokio::test]
async fn nobody_there_means_not_sent_and_somebody_gone_means_lost() {
    for (size, takes, expected) in [
        (2, 0, Silence::NotSent),
        (2, 60, Silence::Lost),
        (100_000, 60, Silence::Lost),
    ] {
        let (mut wire, mut backend) = wire();
        let body = Bytes::from(vec![b'x'; size]);
        let gone = async {
            let mut taken = vec![0; takes];
            let _read = backend.read(&mut taken).await;
            drop(backend);
        };
        let asked = if takes == 0 {
            gone.await;
            wire.ask(HEAD.to_vec(), &body).await
        } else {
            join!(wire.ask(HEAD.to_vec(), &body), gone).0
        };
        assert_eq!(asked, Err(expected), "{size} {takes}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_before_the_request_was_read_is_an_answer() {
    for keeps_open in [true, false] {
        let (mut wire, mut backend) = wire();
        let body = Bytes::from(vec![b'x'; 100_000]);
        let early = async {
            backend.read_exact(&mut [0; 10]).await.unwrap();
            backend
                .write_all(b"HTTP/1.1 413 x\r\nconnection: close\r\ncontent-length: 1\r\n\r\n!")
                .await
                .unwrap();
            keeps_open.then_some(backend)
        };
        let (head, _backend) = join!(wire.ask(HEAD.to_vec(), &body), early);
        let head = head.unwrap();
        assert_eq!(
            (head.status.as_u16(), head.after),
            (413, framing::After::Close)
        );
        assert_eq!(whole(&mut wire, head.body).await.unwrap(), b"!");
    }
}

#[tokio::test]
async fn what_is_said_unasked_makes_a_connection_useless() {
    for word in [
        None,
        Some(b"HTTP/1.1 408 Request Timeout\r\n\r\n".as_slice()),
    ] {
        let (mut wire, mut backend) = wire();
        assert!(wire.is_quiet());
        match word {
            Some(word) => backend.write_all(word).await.unwrap(),
            None => drop(backend),
        }
        assert!(!wire.is_quiet());
    }
}

#[tokio::test]
async fn a_head_without_an_end_is_given_up() {
    let (mut wire, mut backend) = wire();
    let body = Bytes::from_static(b"{}");
    let asked = tokio::select! {
        asked = wire.ask(HEAD.to_vec(), &body) => asked,
        () = async {
            backend.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
            loop {
                backend.write_all(&[b'a'; 512]).await.unwrap();
            }
        } => unreachable!(),
    };
    assert_eq!(asked, Err(Silence::Lost));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_one_until_the_end_is_not() {
    for (head, whole_is) in [
        ("content-length: 9", None),
        ("transfer-encoding: chunked", None),
        ("x: y", Some("4\r\nab".to_owned())),
    ] {
        let (mut wire, mut backend) = wire();
        let text = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n4\r\nab");
        let body = Bytes::from_static(b"{}");
        let (asked, ()) = join!(wire.ask(HEAD.to_vec(), &body), async {
            backend.read_exact(&mut [0; 10]).await.unwrap();
            backend.write_all(text.as_bytes()).await.unwrap();
            drop(backend);
        });
        let read = whole(&mut wire, asked.unwrap().body).await.ok();
        assert_eq!(
            read.map(|read| String::from_utf8(read).unwrap()),
            whole_is,
            "{head}"
        );
    }
}

#[tokio::test]
async fn a_long_answer_passes_in_pieces_and_leaves_no_memory_behind() {
    const BYTES: usize = 3_000_000;
    let (mut wire, mut backend) = wire();
    let body = Bytes::from_static(b"{}");
    let answer = async {
        backend.read_exact(&mut [0; 10]).await.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n");
        backend.write_all(head.as_bytes()).await.unwrap();
        backend.write_all(&vec![b'a'; BYTES]).await.unwrap();
        backend
    };
    let read = async {
        let head = wire.ask(HEAD.to_vec(), &body).await.unwrap();
        whole(&mut wire, head.body).await.unwrap().len()
    };
    let (_backend, length) = join!(answer, read);
    assert_eq!(length, BYTES);
    wire.rest();
    assert!(wire.is_quiet() && wire.buffer.capacity() <= LONG_READ_BYTES / 2);
}

#[tokio::test(start_paused = true)]
async fn a_backends_head_has_a_size_and_its_client_hears_of_one_too_large() {
    const BODY: &str = r#"{"jsonrpc":"2.0","id":7,"result":1}"#;
    for (bytes, status) in [
        (HEAD_BYTES_MAX, 200),
        (HEAD_BYTES_MAX + 1, 502),
        (30_000, 502),
        (100_000, 502),
    ] {
        let line = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", BODY.len());
        let filler = "a".repeat(bytes - line.len() - "x: \r\n\r\n".len());
        let text = format!("{line}x: {filler}\r\n\r\n{BODY}");
        let cast = vec![node(
            "read-1",
            rules::ids::Pool::Read,
            [Act::Raw(text.leak())],
        )];
        let proxy = Proxy::start(config(config::checked::Profile::TxProxy), cast);
        let heard = proxy.post(call("7", "eth_call")).await;
        assert_eq!(heard.status, status, "{bytes}");
        if status == 502 {
            assert_eq!(heard.reason(), "upstream_failed");
            assert_eq!(heard.json()["id"], 7);
        }
        proxy.settle().await;
    }
}
