//! Hashes are read strictly and printed as they came.

use super::*;

#[test]
fn a_hash_is_64_digits_and_nothing_else() {
    let good = format!("0x{}", "0a".repeat(32));
    assert_eq!(BlockHash::parse(&good), Some(BlockHash([10; 32])));
    assert_eq!(
        BlockHash::parse(&good.replace('a', "A")),
        Some(BlockHash([10; 32]))
    );
    let long = format!("{good}0");
    let sign = good.replacen("0a", "+a", 1);
    let wide = good.replacen("0a0a", "éé", 1);
    for bad in ["", "0x", &good[2..], &good[..64], &long, &sign, &wide] {
        assert_eq!(BlockHash::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn a_hash_prints_as_it_came() {
    let text = format!("0x{}", "c4".repeat(32));
    let hash = BlockHash::parse(&text).unwrap();
    assert_eq!(hash.to_string(), text);
    assert_eq!(format!("{hash:?}"), text);
}
