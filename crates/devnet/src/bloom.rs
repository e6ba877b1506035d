//! The 2048-bit log bloom of a block or receipt (Ethereum yellow paper, section 4.3.1).

use crate::hash::keccak;

/// 256 bytes; bit 0 is the lowest bit of the last byte.
pub(crate) type Bits = [u8; 256];

/// Whether blocks say which logs they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bloom {
    /// `logsBloom` is computed from the logs, as on Ethereum.
    Full,
    /// `logsBloom` is all zero even when there are logs, as on EOS EVM.
    Zero,
}

/// Adds one entry (a log's address or one of its topics).
pub(crate) fn add(bits: &mut Bits, entry: &[u8]) {
    let hash = keccak(&[entry]);
    let (pairs, _) = hash.as_chunks::<2>();
    for pair in pairs.iter().take(3) {
        let bit = usize::from(u16::from_be_bytes(*pair) & 2047);
        if let Some(byte) = bits.get_mut(255 - bit / 8) {
            *byte |= 1 << (bit % 8);
        }
    }
}

#[cfg(test)]
mod tests;
