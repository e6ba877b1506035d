//! A signed transaction as clients send it, and the hash by which everybody knows it.

use sha3::Digest;
use sha3::Keccak256;

/// The Keccak-256 hash of a raw transaction, as `0x` and 64 hex digits. Raw is what
/// `eth_sendRawTransaction` takes: `0x` and whole bytes in hex (EIP-2718; a legacy one is its RLP).
#[must_use]
pub fn hash(raw: &str) -> Option<String> {
    let (pairs, rest) = raw.strip_prefix("0x")?.as_bytes().as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    let mut hasher = Keccak256::new();
    // In blocks, so that a long transaction is not held twice.
    let mut block = [0; 256];
    for part in pairs.chunks(block.len()) {
        for (byte, pair) in block.iter_mut().zip(part) {
            *byte = whole(*pair)?;
        }
        hasher.update(block.get(..part.len())?);
    }
    Some(hex(&hasher.finalize()))
}

fn whole([high, low]: [u8; 2]) -> Option<u8> {
    let half = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(half(high)? << 4 | half(low)?).ok()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("0x");
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
mod tests;
