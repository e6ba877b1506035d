//! Whole, partial, following and malformed messages.

use super::*;

/// The body and the length of the first message; `Ok(None)` when more must come.
fn check(text: &str, wanted: Result<Option<(&str, usize)>, ()>) {
    let found = first(text.as_bytes());
    let found = found.map(|message| message.map(|message| (message.body, message.bytes)));
    let wanted = wanted.map(|message| message.map(|(body, bytes)| (body.as_bytes(), bytes)));
    assert_eq!(found.map_err(|_| ()), wanted, "{text:?}");
}

#[test]
fn a_message_ends_where_its_length_says() {
    check("", Ok(None));
    check("HTTP/1.1 200 OK\r\nContent-Le", Ok(None));
    check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{", Ok(None));
    check(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        Ok(Some(("{}", 40))),
    );
    check(
        "POST / HTTP/1.1\r\nContent-Length:0\r\n\r\nPOST",
        Ok(Some(("", 37))),
    );
    check(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}",
        Err(()),
    );
    check(
        "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n",
        Err(()),
    );
    check(&"x".repeat(MESSAGE_BYTES_MAX), Err(()));
}
