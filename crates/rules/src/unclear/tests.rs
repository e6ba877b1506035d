//! What is remembered of transactions without an answer.

use super::*;

fn at(second: u64) -> Moment {
    Moment::from_micros(second * 1_000_000)
}

#[test]
fn a_hash_is_remembered_for_ten_minutes_from_the_last_time() {
    let mut unclear = Unclear::default();
    unclear.note("0xa", at(0));
    assert!(unclear.holds("0xa", at(599)) && !unclear.holds("0xa", at(600)));
    assert!(!unclear.holds("0xb", at(0)));
    unclear.note("0xa", at(300));
    assert!(unclear.holds("0xa", at(899)) && !unclear.holds("0xa", at(900)));
}

#[test]
fn the_oldest_goes_when_there_are_too_many() {
    let mut unclear = Unclear::default();
    for number in 0..=HASHES_MAX {
        unclear.note(&number.to_string(), at(0));
    }
    assert!(!unclear.holds("0", at(1)));
    for number in 1..=HASHES_MAX {
        assert!(unclear.holds(&number.to_string(), at(1)), "{number}");
    }
}
