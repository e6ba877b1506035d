//! Heads and bodies of answers as bytes: good ones, contradicting ones, and any bytes at all.

use proptest::prelude::*;

use super::*;

/// What a head is read as, in a few words.
fn gist(text: &str) -> String {
    match head(text.as_bytes()) {
        Err(NotHttp) => "not http".to_owned(),
        Ok(None) => "more".to_owned(),
        Ok(Some((head, length))) => {
            let left = text.len() - length;
            format!(
                "{} {:?} {:?} {left}",
                head.status.as_u16(),
                head.body,
                head.after
            )
        }
    }
}

fn check(fields: &str, expected: &str) {
    let text = format!("HTTP/1.1 200 OK\r\n{fields}\r\n").replace('|', "\r\n");
    assert_eq!(gist(&text), expected, "{fields}");
}

#[test]
fn the_length_of_a_body_is_where_rfc_9112_says() {
    check("content-length: 19|", "200 Length(19) Again(None) 0");
    check("Content-Length: 0|", "200 Length(0) Again(None) 0");
    check("transfer-encoding: chunked|", "200 ChunkLine Again(None) 0");
    check("Transfer-Encoding: CHUNKED|", "200 ChunkLine Again(None) 0");
    check("", "200 UntilClose Close 0");
    // Both framings: chunks count, and the connection is not trusted afterwards.
    check(
        "content-length: 5|transfer-encoding: chunked|",
        "200 ChunkLine Close 0",
    );
    check(
        "content-length: 5|content-length: 5|",
        "200 Length(5) Again(None) 0",
    );
}

#[test]
fn what_contradicts_itself_is_not_read() {
    for fields in [
        "content-length: 5|content-length: 6|",
        "content-length: -1|",
        "content-length: +5|",
        "content-length: 5, 5|",
        "content-length: |",
        "content-length: 99999999999999999999|",
        "transfer-encoding: gzip, chunked|",
        "transfer-encoding: identity|",
        "transfer-encoding: chunked|transfer-encoding: chunked|",
        "no colon|",
        "space : before|",
        " folded: line|",
    ] {
        check(fields, "not http");
    }
}

#[test]
fn a_connection_is_kept_as_the_backend_says() {
    check(
        "content-length: 1|connection: close|",
        "200 Length(1) Close 0",
    );
    check(
        "content-length: 1|Connection: foo, Close|",
        "200 Length(1) Close 0",
    );
    check(
        "content-length: 1|connection: keep-alive|",
        "200 Length(1) Again(None) 0",
    );
    check(
        "content-length: 1|keep-alive: max=9, timeout=5|",
        "200 Length(1) Again(Some(5s)) 0",
    );
    check(
        "content-length: 1|keep-alive: timeout=never|",
        "200 Length(1) Again(None) 0",
    );
    let old = "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n";
    assert_eq!(gist(&format!("{old}\r\n")), "200 Length(1) Close 0");
    let kept = format!("{old}connection: keep-alive\r\n\r\n");
    assert_eq!(gist(&kept), "200 Length(1) Again(None) 0");
}

#[test]
fn a_backend_says_when_it_wants_to_be_asked_again() {
    let told = [
        ("120", Some(RetryAfter::Wait(120))),
        ("0", Some(RetryAfter::Wait(0))),
        ("99999999999", Some(RetryAfter::Wait(u32::MAX))),
        (
            "Wed, 21 Oct 2026 07:28:00 GMT",
            Some(RetryAfter::At(1_792_567_680)),
        ),
        (
            "Wednesday, 21-Oct-26 07:28:00 GMT",
            Some(RetryAfter::At(1_792_567_680)),
        ),
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(RetryAfter::At(0))),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
    ];
    for (value, meant) in told {
        let text = format!("HTTP/1.1 503 x\r\nRetry-After: {value}\r\n\r\n");
        let (head, _) = head(text.as_bytes()).unwrap().unwrap();
        assert_eq!(head.retry_after, meant, "{value}");
    }
}

#[test]
fn statuses_without_a_body_have_none() {
    for status in ["204 No Content", "304 Not Modified"] {
        let text = format!("HTTP/1.1 {status}\r\ncontent-length: 9\r\n\r\n");
        assert_eq!(
            gist(&text),
            format!("{} Length(0) Again(None) 0", &status[..3])
        );
    }
    // After 101 another protocol is spoken, which nobody asked for.
    assert_eq!(gist("HTTP/1.1 101 x\r\n\r\n"), "101 Length(0) Close 0");
}

#[test]
fn interim_answers_are_stepped_over() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n";
    assert_eq!(gist(interim), "more");
    let whole = format!("{interim}HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");
    assert_eq!(gist(&whole), "200 Length(3) Again(None) 3");
}

#[test]
fn a_head_has_an_end_and_a_number_of_fields() {
    assert_eq!(gist("HTTP/1.1 200 OK\r\ncontent-le"), "more");
    assert_eq!(gist(""), "more");
    assert_eq!(gist("<html>"), "not http");
    assert_eq!(gist("HTTP/2.0 200 OK\r\n\r\n"), "not http");
    assert_eq!(
        gist("HTTP/1.1 099 x\r\ncontent-length: 1\r\n\r\n"),
        "not http"
    );
    let fields = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
    assert_eq!(gist(&fields(100)), "200 UntilClose Close 0");
    assert_eq!(gist(&fields(101)), "not http");
}

/// A body read as it would be if it came in pieces of these sizes: its data, and what is left over.
fn body(mut framing: Framing, bytes: &[u8], sizes: &[usize]) -> Result<(Vec<u8>, usize), NotHttp> {
    let (mut data, mut at, mut end, mut sizes) = (Vec::new(), 0, 0, sizes.iter().cycle());
    while !framing.is_over() {
        match framing.step(&bytes[at..end])? {
            Step::Skip(skipped) => at += skipped,
            Step::Data(length) => {
                data.extend_from_slice(&bytes[at..at + length]);
                at += length;
            }
            Step::More if end == bytes.len() => break,
            Step::More => end = (end + sizes.next().unwrap()).min(bytes.len()),
        }
    }
    Ok((data, bytes.len() - at))
}

#[test]
fn chunks_are_put_together() {
    let text = b"4;name=value\r\nabcd\r\n3\r\nefg\r\n0\r\nx-trailer: 1\r\n\r\nNEXT";
    let read = body(Framing::ChunkLine, text, &[text.len()]);
    assert_eq!(read, Ok((b"abcdefg".to_vec(), 4)));
    let plain = b"A\r\n0123456789\r\n0\r\n\r\n";
    assert_eq!(
        body(Framing::ChunkLine, plain, &[1]),
        Ok((b"0123456789".to_vec(), 0))
    );
}

#[test]
fn broken_chunks_are_not_read() {
    for text in [
        "x\r\n",
        "-1\r\n",
        "4\r\nabcdX\r\n",
        "11111111111111111\r\n",
        "4 4\r\n",
    ] {
        assert_eq!(
            body(Framing::ChunkLine, text.as_bytes(), &[99]),
            Err(NotHttp),
            "{text}"
        );
    }
    let line = format!("4;{}", "x".repeat(CHUNK_LINE_BYTES_MAX));
    assert_eq!(
        body(Framing::ChunkLine, line.as_bytes(), &[line.len()]),
        Err(NotHttp)
    );
    let trailers = format!("0\r\n{}", "a: b\r\n".repeat(TRAILER_BYTES_MAX / 6 + 1));
    assert_eq!(
        body(Framing::ChunkLine, trailers.as_bytes(), &[trailers.len()]),
        Err(NotHttp)
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, sizes in prop::collection::vec(1_usize..9, 1..5)) {
        let _read = head(&bytes);
        for framing in [Framing::ChunkLine, Framing::ChunkEnd, Framing::Trailers, Framing::Chunk(3)] {
            let _read = body(framing, &bytes, &sizes);
        }
    }

    #[test]
    fn chunks_of_any_size_in_pieces_of_any_size_are_the_same_body(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
        sizes in prop::collection::vec(1_usize..50, 1..6),
    ) {
        let mut text = Vec::new();
        for chunk in &chunks {
            text.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            text.extend_from_slice(chunk);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"0\r\n\r\nrest");
        // The whole text may lie there at once, so what follows the body is never taken for it.
        prop_assert_eq!(body(Framing::ChunkLine, &text, &[text.len()]), Ok((chunks.concat(), 4)));
        let (data, _left) = body(Framing::ChunkLine, &text, &sizes).unwrap();
        prop_assert_eq!(data, chunks.concat());
    }
}
