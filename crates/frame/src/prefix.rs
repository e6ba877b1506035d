//! The members of an object of which only the first bytes have arrived.

use std::borrow::Cow;
use std::ops::Range;

use crate::literal;

/// A reading position inside the first bytes of an object.
///
/// It looks at as much as is needed to tell top-level members apart and leaves the rest of JSON's
/// grammar unchecked: the bytes that follow have not been seen anyway.
pub(crate) struct Prefix<'a> {
    bytes: &'a [u8],
    at: usize,
    stands: Stands,
}

enum Stands {
    Outside,
    AtValue,
}

/// Why there is no further member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The prefix ends here; the object goes on.
    Cut,
    /// The object ends here.
    Closed,
    /// No JSON object looks like this.
    Broken,
}

/// A member whose value has begun.
pub(crate) struct Begun<'a> {
    /// Its name, unescaped where that is possible.
    pub(crate) name: Cow<'a, str>,
    /// The first byte of its value.
    pub(crate) first: u8,
}

impl<'a> Prefix<'a> {
    /// Stands before the object that `bytes` should begin with.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            stands: Stands::Outside,
        }
    }

    /// Steps to the value of the next member.
    pub(crate) fn next(&mut self) -> Result<Begun<'a>, Stop> {
        match self.stands {
            Stands::Outside => self.expect(b'{')?,
            Stands::AtValue => _ = self.value()?,
        }
        if self.peek()? == b'}' {
            return Err(Stop::Closed);
        }
        match self.stands {
            Stands::Outside => self.stands = Stands::AtValue,
            Stands::AtValue => self.expect(b',')?,
        }
        self.member()
    }

    /// Steps over the value and says where it stands; it must be whole.
    pub(crate) fn value(&mut self) -> Result<Range<usize>, Stop> {
        let begin = self.at;
        match self.peek()? {
            b'"' => self.string()?,
            b'{' | b'[' => self.nested()?,
            _ => self.scalar()?,
        }
        Ok(begin..self.at)
    }

    fn member(&mut self) -> Result<Begun<'a>, Stop> {
        if self.peek()? != b'"' {
            return Err(Stop::Broken);
        }
        let begin = self.at;
        self.string()?;
        let name = self.bytes.get(begin..self.at).unwrap_or_default();
        let name = std::str::from_utf8(name).map_err(|_| Stop::Broken)?;
        let name = literal::unescape(name).unwrap_or(Cow::Borrowed(name));
        self.expect(b':')?;
        match self.peek()? {
            first @ (b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                Ok(Begun { name, first })
            }
            _ => Err(Stop::Broken),
        }
    }

    /// The next byte that is not white space, without stepping over it.
    fn peek(&mut self) -> Result<u8, Stop> {
        loop {
            match self.bytes.get(self.at) {
                None => return Err(Stop::Cut),
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(byte) => return Ok(*byte),
            }
        }
    }

    fn expect(&mut self, wanted: u8) -> Result<(), Stop> {
        if self.peek()? != wanted {
            return Err(Stop::Broken);
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Stop> {
        self.at = literal::end(self.bytes, self.at + 1).ok_or(Stop::Cut)? + 1;
        Ok(())
    }

    fn nested(&mut self) -> Result<(), Stop> {
        let mut depth = 0_usize;
        loop {
            match self.bytes.get(self.at).ok_or(Stop::Cut)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn scalar(&mut self) -> Result<(), Stop> {
        loop {
            match self.bytes.get(self.at).ok_or(Stop::Cut)? {
                b',' | b'}' | b' ' | b'\t' | b'\n' | b'\r' => return Ok(()),
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests;
