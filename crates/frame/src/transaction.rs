//! A signed transaction as clients send it, and the hash by which everybody knows it.

use sha3::Digest;
use sha3::Keccak256;

use crate::literal;
use crate::members;
use crate::message::Call;

/// Methods whose first parameter is a raw transaction (the second and third by EIP-7966 and EIP-7796).
const RAW_SENDS: [&str; 3] = [
    "eth_sendRawTransaction",
    "eth_sendRawTransactionSync",
    "eth_sendRawTransactionConditional",
];

/// The type of a transaction that carries blobs (EIP-4844).
const WITH_BLOBS: u8 = 3;

/// The hash of the transaction a call submits, where it submits a raw one.
#[must_use]
pub fn sent(call: &Call<'_>) -> Option<String> {
    if !RAW_SENDS.contains(&&*call.method) {
        return None;
    }
    let params = members::items(call.params?, 1).ok()?;
    let first = params.kept.first().filter(|raw| raw.starts_with('"'))?;
    hash(&literal::unescape(first)?)
}

/// The Keccak-256 hash of a raw transaction, as `0x` and 64 hex digits. Raw is what
/// `eth_sendRawTransaction` takes: `0x` and whole bytes in hex (EIP-2718; a legacy one is its RLP).
#[must_use]
pub fn hash(raw: &str) -> Option<String> {
    let (pairs, rest) = raw.strip_prefix("0x")?.as_bytes().as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    let mut hasher = Keccak256::new();
    let pairs = match without_blobs(pairs) {
        Some(body) => {
            hasher.update([WITH_BLOBS]);
            body
        }
        None => pairs,
    };
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
    let first = pairs.first().and_then(|pair| whole(*pair));
    let typed = usize::from(first.is_some_and(|first| first < 0x80));
    let rest = pairs.get(typed..).unwrap_or_default();
    list(rest).is_some_and(|(header, bytes)| rest.len().checked_sub(header) == Some(bytes))
}

/// The body of a transaction that travels with its blobs beside it: the hash is that of the body, not
/// of all that travels (EIP-4844, Networking).
fn without_blobs(pairs: &[[u8; 2]]) -> Option<&[[u8; 2]]> {
    let (kind, wrapped) = pairs.split_first()?;
    if whole(*kind)? != WITH_BLOBS {
        return None;
    }
    let (header, _) = list(wrapped)?;
    let body = wrapped.get(header..)?;
    let (header, bytes) = list(body)?;
    body.get(..header.checked_add(bytes)?)
}

/// The bytes of an RLP list's header, and of what is in it.
fn list(pairs: &[[u8; 2]]) -> Option<(usize, usize)> {
    let first = whole(*pairs.first()?)?;
    match first {
        0..=0xbf => None,
        0xc0..=0xf7 => Some((1, usize::from(first - 0xc0))),
        0xf8.. => {
            let digits = usize::from(first - 0xf7);
            let length = pairs
                .get(1..=digits)?
                .iter()
                .try_fold(0_usize, |sum, pair| {
                    sum.checked_mul(256)?.checked_add(whole(*pair)?.into())
                });
            Some((1 + digits, length?))
        }
    }
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
