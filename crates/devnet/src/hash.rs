//! Keccak-256, and hashes that carry a position, so that a lookup by hash needs no index.

use sha3::Digest;
use sha3::Keccak256;

/// 32 bytes: the hash of a block or a transaction, or a log topic.
pub(crate) type Hash = [u8; 32];

/// 20 bytes: an account or a contract.
pub(crate) type Address = [u8; 20];

/// Keccak-256 of the parts one after another.
pub(crate) fn keccak(parts: &[&[u8]]) -> Hash {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The first eight bytes as a number: dice that fall the same way every time.
pub(crate) fn dice(hash: &Hash) -> u64 {
    let (first, _) = hash.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    u64::from_be_bytes(*first)
}

/// The last 20 bytes, as an address is cut from a public key's hash.
pub(crate) fn address(hash: &Hash) -> Address {
    let (_, last) = hash.split_last_chunk::<20>().unwrap_or((&[], &[0; 20]));
    *last
}

/// Hides `position` in the last eight bytes of a digest; the result still looks like a hash.
pub(crate) fn seal(digest: Hash, position: u64) -> Hash {
    let mut sealed = digest;
    if let Some((front, back)) = sealed.split_last_chunk_mut::<8>() {
        *back = (position ^ mask(front)).to_be_bytes();
    }
    sealed
}

/// What [`seal`] hid. Of a foreign hash it is noise, so the caller compares the hash of what it finds.
pub(crate) fn position(hash: &Hash) -> u64 {
    let (front, back) = hash.split_last_chunk::<8>().unwrap_or((&[], &[0; 8]));
    u64::from_be_bytes(*back) ^ mask(front)
}

fn mask(front: &[u8]) -> u64 {
    dice(&keccak(&[b"mask", front]))
}

#[cfg(test)]
mod tests;
