//! Retries within their share.

use super::*;

#[test]
fn a_full_bucket_gives_all_its_tokens_and_not_one_more() {
    let budget = Budget::new(3, 20);
    let given: Vec<bool> = (0..4).map(|_| budget.withdraw()).collect();
    assert_eq!(given, [true, true, true, false]);
    assert_eq!(budget.refused(), 1);
}

#[test]
fn a_hundred_calls_pay_for_a_share_of_retries() {
    for share in [0, 1, 20, 100] {
        let budget = Budget::new(200, share);
        while budget.withdraw() {}
        (0..100).for_each(|_| budget.deposit());
        assert_eq!(budget.tokens(), u64::from(share));
    }
}

#[test]
fn it_never_holds_more_than_its_size() {
    let budget = Budget::new(2, 50);
    (0..1000).for_each(|_| budget.deposit());
    assert_eq!(budget.tokens(), 2);
    assert!(!Budget::new(0, 100).withdraw());
}
