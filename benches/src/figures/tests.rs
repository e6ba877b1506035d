//! The median of odd, even, single and no measurements.

use super::*;

fn check(values: &[f64], wanted: (f64, f64, f64)) {
    let found = Spread::of(values.iter().copied());
    assert_eq!(
        (found.least, found.median, found.most),
        wanted,
        "{values:?}"
    );
}

#[test]
fn the_median_stands_in_the_middle_whatever_the_order() {
    check(&[], (0.0, 0.0, 0.0));
    check(&[7.0], (7.0, 7.0, 7.0));
    check(&[3.0, 1.0], (1.0, 2.0, 3.0));
    check(&[9.0, 1.0, 2.0], (1.0, 2.0, 9.0));
    check(&[4.0, 1.0, 100.0, 2.0], (1.0, 3.0, 100.0));
}
