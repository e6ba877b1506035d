//! How deep a text is nested, counted in one pass without recursion.

use std::iter::Enumerate;
use std::slice::Iter;

/// Offset of the first bracket or brace that opens more than `nesting_max` levels.
///
/// Runs before the parser, on text that may not be JSON at all: stray closing brackets are left
/// for the parser to refuse.
pub(crate) fn too_deep_at(text: &[u8], nesting_max: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'[' | b'{' if depth == nesting_max => return Some(at),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn skip_string(bytes: &mut Enumerate<Iter<'_, u8>>) {
    while let Some((_, byte)) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => _ = bytes.next(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
