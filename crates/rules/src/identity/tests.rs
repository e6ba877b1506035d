//! Whose chain id counts, and when it is asked for.

use super::*;

fn check(configured: Option<u64>, words: &[Option<u64>], right: Expected) {
    assert_eq!(
        expected(configured, words),
        right,
        "{configured:?} {words:?}"
    );
}

#[test]
fn a_majority_of_at_least_two() {
    check(None, &[], Expected::Unknown);
    check(None, &[None, None], Expected::Unknown);
    check(None, &[Some(1), None], Expected::Unknown);
    check(None, &[Some(1), Some(1)], Expected::Id(1));
    check(None, &[Some(1), Some(2)], Expected::Tied);
    check(None, &[Some(1), Some(2), Some(1)], Expected::Id(1));
    check(None, &[Some(1), Some(2), Some(3)], Expected::Tied);
    check(None, &[Some(1), Some(1), Some(2), Some(2)], Expected::Tied);
    check(None, &[Some(1), Some(1), Some(2), Some(3)], Expected::Tied);
}

#[test]
fn the_configuration_knows_best() {
    check(Some(7), &[Some(1), Some(1)], Expected::Id(7));
    check(Some(7), &[], Expected::Id(7));
}

#[test]
fn when_to_ask() {
    let at = |second| Moment::ZERO.after(Duration::from_secs(second));
    let mut identity = Identity::default();
    assert!(identity.wants(false, at(0)), "at first contact");
    identity.answered(Some(1), at(0));
    assert!(!identity.wants(false, at(599)));
    assert!(identity.wants(false, at(600)));
    assert!(!identity.wants(true, at(9)));
    assert!(identity.wants(true, at(10)));
    identity.ask_soon();
    assert!(identity.wants(false, at(1)));
    identity.answered(None, at(1));
    assert!(
        !identity.wants(false, at(2)),
        "a missing method is not asked for at once again"
    );
    assert_eq!(identity.said(), Some(1));
}
