//! How deep a text is nested, counted in one pass without recursion.

use crate::literal;

/// Offset of the first bracket or brace that opens more than `nesting_max` levels.
///
/// Runs before the parser, on text that may not be JSON at all: stray closing brackets are left
/// for the parser to refuse.
pub(crate) fn too_deep_at(text: &[u8], nesting_max: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = literal::end(text, at + 1)?,
            b'[' | b'{' if depth == nesting_max => return Some(at),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests;
