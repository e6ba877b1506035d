//! The bloom against values known from Ethereum.

use super::*;
use crate::hex;

#[test]
fn one_address_sets_its_three_bits() {
    let address = hex::parse_data("0x0f572e5295c57f15886f9b263e2f6d2d6c7b5ec6").unwrap();
    let mut bits = [0; 256];
    add(&mut bits, &address);
    let set: Vec<usize> = (0..2048)
        .filter(|bit| bits[255 - bit / 8] >> (bit % 8) & 1 == 1)
        .collect();
    assert_eq!(set, [431, 1319, 1323]);
}
