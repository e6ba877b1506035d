//! JSON string literals: where one ends and what text it stands for.

use std::borrow::Cow;

use memchr::memchr2;

/// Offset of the quote that closes the string whose inside begins at offset `begin`; `None` when
/// the string goes on beyond the end of `text`.
pub(crate) fn end(text: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// The text a string literal stands for; `None` if it stands for none, because of an escaped
/// surrogate without its other half.
pub(crate) fn unescape(literal: &str) -> Option<Cow<'_, str>> {
    let inside = inside(literal);
    if inside.as_bytes().contains(&b'\\') {
        serde_json::from_str::<String>(literal).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

/// What stands between the quotes of a string literal, escapes as they are.
pub(crate) fn inside(literal: &str) -> &str {
    literal
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(literal)
}

#[cfg(test)]
mod tests;
