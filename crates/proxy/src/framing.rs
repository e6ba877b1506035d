//! Where the answer of a backend begins and ends in its bytes (RFC 9112, sections 4 and 6); no IO.

use std::mem::MaybeUninit;
use std::time::Duration;
use std::time::SystemTime;

use http::StatusCode;
use httparse::Header;
use httparse::ParserConfig;
use httparse::Status;

/// Header fields of an answer.
const HEAD_FIELDS_MAX: usize = 100;
/// Bytes of a chunk's first line, extensions included.
const CHUNK_LINE_BYTES_MAX: usize = 1024;
/// Bytes of the trailers after the last chunk.
const TRAILER_BYTES_MAX: usize = 16 * 1024;

/// These bytes are not HTTP as a proxy may read it: nothing after them can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHttp;

/// What may follow on the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Another request. The backend says how long it will wait, if it says so.
    Again(Option<Duration>),
    /// Nothing.
    Close,
}

/// The head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its status.
    pub status: StatusCode,
    /// How its body is framed.
    pub body: Framing,
    /// What may follow.
    pub after: After,
    /// When to come again, if it says so.
    pub retry_after: Option<RetryAfter>,
}

/// The `Retry-After` of an answer (RFC 9110, section 10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// So many seconds later.
    Wait(u32),
    /// At this second since 1970, by the wall clock.
    At(u32),
}

/// How much of a body is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes.
    Length(u64),
    /// So many bytes of this chunk, then its line end, then the next chunk.
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd,
    /// The line that begins a chunk.
    ChunkLine,
    /// The trailers after the last chunk.
    Trailers,
    /// Everything until the backend closes.
    UntilClose,
}

impl Framing {
    /// Whether nothing more is to come.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Length(0))
    }

    /// Bytes still to come, when the head told.
    #[must_use]
    pub const fn left(self) -> Option<u64> {
        match self {
            Self::Length(left) => Some(left),
            Self::Chunk(_)
            | Self::ChunkEnd
            | Self::ChunkLine
            | Self::Trailers
            | Self::UntilClose => None,
        }
    }
}

/// Reads the head of an answer: what it says and how long it is, or `None` when more bytes are
/// needed. Interim answers (1xx but 101) are stepped over; the length counts them in.
///
/// # Errors
/// The bytes are not HTTP/1, or contradict each other about the body's length.
pub fn head(bytes: &[u8]) -> Result<Option<(Head, usize)>, NotHttp> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let mut fields = [const { MaybeUninit::<Header<'_>>::uninit() }; HEAD_FIELDS_MAX];
        let mut answer = httparse::Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(
            &mut answer,
            rest,
            &mut fields,
        );
        let Status::Complete(length) = parsed.map_err(|_| NotHttp)? else {
            return Ok(None);
        };
        at += length;
        match answer.code {
            Some(100 | 102..=199) => {}
            _ => return read(&answer).map(|head| Some((head, at))),
        }
    }
}

fn read(answer: &httparse::Response<'_, '_>) -> Result<Head, NotHttp> {
    let status = StatusCode::from_u16(answer.code.ok_or(NotHttp)?).map_err(|_| NotHttp)?;
    let (mut length, mut chunked, mut wait, mut retry_after) = (None, None, None, None);
    let mut keep = answer.version == Some(1);
    for field in answer.headers.iter() {
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            let said = number(field.value).ok_or(NotHttp)?;
            if length.is_some_and(|before| before != said) {
                return Err(NotHttp);
            }
            length = Some(said);
        } else if is("transfer-encoding") {
            // One coding is all a backend may use: another one would have to be undone here.
            let plain = chunked.is_none() && field.value.eq_ignore_ascii_case(b"chunked");
            chunked = Some(plain.then_some(()).ok_or(NotHttp)?);
        } else if is("connection") {
            keep = (keep || token(field.value, b"keep-alive")) && !token(field.value, b"close");
        } else if is("keep-alive") {
            wait = timeout(field.value);
        } else if is("retry-after") {
            retry_after = again(field.value);
        }
    }
    let body = match (status.as_u16(), chunked, length) {
        (100..=199 | 204 | 304, _, _) => Framing::Length(0),
        (_, Some(()), _) => Framing::ChunkLine,
        (_, None, Some(length)) => Framing::Length(length),
        (_, None, None) => Framing::UntilClose,
    };
    // Both framings at once is how requests are smuggled: whatever follows is not believed.
    let clear = !(chunked.is_some() && length.is_some())
        && body != Framing::UntilClose
        && status != StatusCode::SWITCHING_PROTOCOLS;
    let after = if keep && clear {
        After::Again(wait)
    } else {
        After::Close
    };
    Ok(Head {
        status,
        body,
        after,
        retry_after,
    })
}

/// Digits only: signs, spaces and lists are where parsers disagree.
fn number(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}

fn token(value: &[u8], wanted: &[u8]) -> bool {
    value
        .split(|byte| *byte == b',')
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(wanted))
}

/// `Keep-Alive: timeout=5`
fn timeout(value: &[u8]) -> Option<Duration> {
    let parts = std::str::from_utf8(value).ok()?.split(',');
    let seconds = parts
        .filter_map(|part| part.trim().strip_prefix("timeout="))
        .next()?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// `Retry-After: 120` or `Retry-After: Wed, 21 Oct 2026 07:28:00 GMT`
fn again(value: &[u8]) -> Option<RetryAfter> {
    if let Some(seconds) = number(value) {
        return Some(RetryAfter::Wait(u32::try_from(seconds).unwrap_or(u32::MAX)));
    }
    let date = httpdate::parse_http_date(std::str::from_utf8(value).ok()?).ok()?;
    let since = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(RetryAfter::At(
        u32::try_from(since.as_secs()).unwrap_or(u32::MAX),
    ))
}

/// One step through a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many of the bytes at hand belong to the body.
    Data(usize),
    /// So many of the bytes at hand are framing, to be passed over.
    Skip(usize),
    /// More bytes are needed.
    More,
}

impl Framing {
    /// What the bytes at hand are, and moves on past them. Not to be asked when it is over.
    ///
    /// # Errors
    /// The framing is broken.
    pub fn step(&mut self, bytes: &[u8]) -> Result<Step, NotHttp> {
        if bytes.is_empty() {
            return Ok(Step::More);
        }
        match self {
            Self::Length(left) => Ok(Step::Data(data(left, bytes))),
            Self::UntilClose => Ok(Step::Data(bytes.len())),
            Self::Chunk(left) => {
                let taken = data(left, bytes);
                if *left == 0 {
                    *self = Self::ChunkEnd;
                }
                Ok(Step::Data(taken))
            }
            Self::ChunkEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    *self = Self::ChunkLine;
                    Ok(Step::Skip(2))
                }
                [b'\r'] => Ok(Step::More),
                _ => Err(NotHttp),
            },
            Self::ChunkLine => match httparse::parse_chunk_size(bytes).map_err(|_| NotHttp)? {
                Status::Complete((line, size)) => {
                    *self = if size == 0 {
                        Self::Trailers
                    } else {
                        Self::Chunk(size)
                    };
                    Ok(Step::Skip(line))
                }
                Status::Partial if bytes.len() > CHUNK_LINE_BYTES_MAX => Err(NotHttp),
                Status::Partial => Ok(Step::More),
            },
            Self::Trailers => self.trailers(bytes),
        }
    }

    /// Nothing in JSON-RPC asks for trailers: they are passed over, up to the empty line.
    fn trailers(&mut self, bytes: &[u8]) -> Result<Step, NotHttp> {
        let end = match bytes {
            [b'\r', b'\n', ..] => Some(2),
            _ => bytes
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
                .map(|at| at + 4),
        };
        match end {
            Some(end) => {
                *self = Self::Length(0);
                Ok(Step::Skip(end))
            }
            None if bytes.len() > TRAILER_BYTES_MAX => Err(NotHttp),
            None => Ok(Step::More),
        }
    }
}

fn data(left: &mut u64, bytes: &[u8]) -> usize {
    let taken = usize::try_from(*left)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    *left -= taken as u64;
    taken
}

#[cfg(test)]
mod tests;
