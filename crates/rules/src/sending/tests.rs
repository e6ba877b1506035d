//! When a miner is passed over, and when it is tried again.

use super::*;

fn at(second: u64) -> Moment {
    Moment::from_micros(second * 1_000_000)
}

#[test]
fn three_in_a_row_rest_it_for_half_a_minute() {
    let sending = Sending::default();
    assert!(sending.is_ready(at(0)));
    assert_eq!(
        [at(0), at(1), at(2)].map(|now| sending.troubled(now)),
        [false, false, true]
    );
    assert!(!sending.is_ready(at(31)) && sending.is_ready(at(32)));
    assert!(!sending.is_ready(at(3)));
    assert!(!sending.troubled(at(3)), "it is not ready already");
    assert!(!sending.is_ready(at(32)) && sending.is_ready(at(33)));
    assert!(sending.troubled(at(40)), "one more is enough");
    assert!(!sending.is_ready(at(69)));
}

#[test]
fn one_that_was_taken_begins_the_count_anew() {
    let sending = Sending::default();
    for _ in 0..10 {
        assert!(!sending.troubled(at(0)) && !sending.troubled(at(0)));
        sending.answered();
    }
    assert!(sending.is_ready(at(0)));
    for _ in 0..3 {
        _ = sending.troubled(at(0));
    }
    sending.answered();
    assert!(sending.is_ready(at(0)), "it takes them again");
}
