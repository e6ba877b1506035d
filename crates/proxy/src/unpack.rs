//! Request bodies that come packed: which coding is understood, and how it is unpacked within limits.

use std::io;
use std::io::Write;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header;

use crate::memory::Room;
use crate::reply::Refusal;

/// Bytes that come out for each that went in; text rarely reaches a fifth of it.
const RATIO_MAX: usize = 100;
/// So much may come out of anything: a short call with a long row of zeros in it is no attack.
const FREE_BYTES: usize = 64 * 1024;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// By gzip (RFC 1952).
    Gzip,
}

/// The coding of a request's body; none if it is not understood (RFC 9110, section 8.4).
#[must_use]
pub fn coding(headers: &HeaderMap) -> Option<Coding> {
    let mut coding = Coding::Identity;
    for line in headers.get_all(header::CONTENT_ENCODING) {
        for name in line.as_bytes().split(|byte| *byte == b',') {
            let name = name.trim_ascii();
            if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            let gzip = [&b"gzip"[..], b"x-gzip"];
            let known = gzip.iter().any(|gzip| name.eq_ignore_ascii_case(gzip));
            // Twice packed is an attack or a mistake.
            if !known || coding == Coding::Gzip {
                return None;
            }
            coding = Coding::Gzip;
        }
    }
    Some(coding)
}

/// A gzipped body on its way in.
#[derive(Debug)]
pub struct Unpacking<'a> {
    decoder: MultiGzDecoder<Unpacked<'a>>,
}

/// What has come out so far, and what limits it.
#[derive(Debug)]
struct Unpacked<'a> {
    bytes: Vec<u8>,
    packed: usize,
    bytes_max: usize,
    room: &'a mut Room,
    refusal: Option<Refusal>,
}

impl Unpacked<'_> {
    fn refused(&mut self, refusal: Refusal) -> io::Error {
        self.refusal.get_or_insert(refusal);
        io::Error::from(io::ErrorKind::OutOfMemory)
    }
}

impl Write for Unpacked<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let whole = self.bytes.len() + piece.len();
        let fair = self.packed.saturating_mul(RATIO_MAX).max(FREE_BYTES);
        if whole > self.bytes_max.min(fair) {
            return Err(self.refused(Refusal::TooLarge));
        }
        if !self.room.grow(piece.len()) {
            return Err(self.refused(Refusal::Overloaded));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> Unpacking<'a> {
    /// Nothing yet; at most `bytes_max` come out, and take room.
    #[must_use]
    pub fn new(bytes_max: usize, room: &'a mut Room) -> Self {
        let unpacked = Unpacked {
            bytes: Vec::new(),
            packed: 0,
            bytes_max,
            room,
            refusal: None,
        };
        Self {
            decoder: MultiGzDecoder::new(unpacked),
        }
    }

    /// Unpacks the next piece.
    ///
    /// # Errors
    /// It is not gzip, or too much comes out of it.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        let unpacked = self.decoder.get_mut();
        unpacked.packed += piece.len();
        if unpacked.packed > unpacked.bytes_max {
            return Err(Refusal::TooLarge);
        }
        let ended = self.decoder.write_all(piece);
        ended.map_err(|_broken| self.refusal())
    }

    /// All that came out.
    ///
    /// # Errors
    /// The end is missing, or what came out is not what went in.
    pub fn finish(mut self) -> Result<Bytes, Refusal> {
        if self.decoder.try_finish().is_err() {
            return Err(self.refusal());
        }
        Ok(std::mem::take(&mut self.decoder.get_mut().bytes).into())
    }

    fn refusal(&mut self) -> Refusal {
        let refusal = self.decoder.get_mut().refusal;
        refusal.unwrap_or(Refusal::ParseError)
    }
}

#[cfg(test)]
mod tests;
