//! Where one HTTP/1.1 message with a Content-Length ends (RFC 9112, section 6.3).

use std::io;

use memchr::memmem;

/// Bytes of one message, head and body; a bench knows its own messages and they are small.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// The first message of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// The request line or status line and the fields.
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
    /// Bytes of head and body, with the empty line between them.
    pub(crate) bytes: usize,
}

/// The first message; `None` as long as some of it is still to come.
///
/// # Errors
/// A message that has no length, or that is too long for a bench.
pub(crate) fn first(bytes: &[u8]) -> io::Result<Option<Message<'_>>> {
    let message = cut(bytes)?;
    if message.is_none() && bytes.len() >= MESSAGE_BYTES_MAX {
        return Err(malformed("a message of more bytes than a bench reads"));
    }
    Ok(message)
}

fn cut(bytes: &[u8]) -> io::Result<Option<Message<'_>>> {
    let Some((head, rest)) =
        memmem::find(bytes, b"\r\n\r\n").and_then(|end| bytes.split_at_checked(end))
    else {
        return Ok(None);
    };
    let head = std::str::from_utf8(head).map_err(|_| malformed("a head that is not text"))?;
    let length = length(head).ok_or_else(|| malformed("a message without Content-Length"))?;
    let body = rest.get(4..).and_then(|rest| rest.get(..length));
    Ok(body.map(|body| Message {
        head,
        body,
        bytes: head.len() + 4 + length,
    }))
}

fn length(head: &str) -> Option<usize> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    value
        .trim()
        .parse()
        .ok()
        .filter(|length| *length <= MESSAGE_BYTES_MAX)
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests;
