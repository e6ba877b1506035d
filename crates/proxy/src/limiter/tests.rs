//! A flood makes few lines.

use super::*;

#[test]
fn one_line_a_second_is_told() {
    let limiter = Limiter::default();
    let at = Moment::from_micros;
    for (micros, told) in [
        (0, true),
        (0, false),
        (999_999, false),
        (1_000_001, true),
        (1_000_001, false),
        (1_500_000, false),
        (9_000_000, true),
        // The calls of another worker may be a little behind.
        (8_999_999, false),
    ] {
        assert_eq!(limiter.may_tell(at(micros)), told, "{micros}");
    }
}
