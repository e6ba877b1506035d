//! Keccak against known values, and positions that come back out of hashes.

use super::*;
use crate::hex;

#[test]
fn keccak_is_the_one_of_ethereum() {
    let known = [
        (
            "",
            "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
        ),
        (
            "Transfer(address,address,uint256)",
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
        ),
    ];
    for (text, hash) in known {
        assert_eq!(hex::data(&keccak(&[text.as_bytes()])), hash);
    }
}

#[test]
fn a_sealed_position_comes_back_and_a_foreign_hash_gives_noise() {
    for number in [0, 1, 300, u64::MAX] {
        assert_eq!(position(&seal(keccak(&[b"any"]), number)), number);
    }
    assert!(position(&keccak(&[b"foreign"])) > 1 << 32);
}
