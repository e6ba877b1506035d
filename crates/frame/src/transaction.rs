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

/// Whether hex data, with `0x` or without, has the outer form of a signed transaction: one list in RLP
/// that ends where the data ends, behind the byte of its type if it has one (EIP-2718).
#[must_use]
pub fn is_signed(raw: &str) -> bool {
    let digits = raw.strip_prefix("0x").unwrap_or(raw).as_bytes();
    let (pairs, []) = digits.as_chunks::<2>() else {
        return false;
    };
    let byte = |at: usize| pairs.get(at).and_then(|pair| whole(*pair));
    let list = usize::from(byte(0).is_some_and(|first| first < 0x80));
    let (head, length) = match byte(list) {
        Some(first @ 0xc0..=0xf7) => (1, usize::from(first - 0xc0)),
        Some(first @ 0xf8..) => {
            let digits = usize::from(first - 0xf7);
            let length = (1..=digits).try_fold(0_usize, |length, at| {
                let next = usize::from(byte(list + at)?);
                length.checked_mul(256)?.checked_add(next)
            });
            (1 + digits, length.unwrap_or(usize::MAX))
        }
        Some(_) | None => return false,
    };
    (pairs.len() - list).checked_sub(head) == Some(length)
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
