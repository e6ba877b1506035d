//! The id of a call as text that is echoed byte for byte and never turned into a number.

/// The text of a JSON number, string or null, exactly as it was written
/// (JSON-RPC 2.0, section 4, member `id`).
///
/// Two ids are equal when their bytes are: `1`, `1.0` and `"1"` are three ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a>(&'a str);

impl<'a> Id<'a> {
    /// The id of an answer to something whose own id could not be read.
    pub const NULL: Id<'static> = Id("null");

    /// The id written as `raw`, which must be one valid JSON value without white space around it;
    /// `None` when that value is an object, an array or a boolean.
    pub(crate) fn read(raw: &'a str) -> Option<Self> {
        match raw.bytes().next()? {
            b'"' | b'-' | b'0'..=b'9' | b'n' => Some(Self(raw)),
            _ => None,
        }
    }

    /// The text, quotes and escapes included.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether this is the `null` id. A call may carry it and still wants an answer.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// The number this id stands for if it is one Headway may have written itself: `7`, or the
    /// `"7"` that some backends make of it. Any other spelling is not ours.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        let inside = self
            .0
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        let digits = inside.unwrap_or(self.0);
        let canonical = digits == "0" || !digits.starts_with('0');
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        if canonical && plain {
            digits.parse().ok()
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;
