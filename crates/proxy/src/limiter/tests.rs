//! A flood makes few lines.

use super::*;

#[test]
fn one_line_a_minute_is_told() {
    let limiter = Limiter::default();
    let at = Moment::from_micros;
    for (micros, told) in [
        (0, true),
        (0, false),
        (59_999_999, false),
        (60_000_001, true),
        (60_000_001, false),
        (90_000_000, false),
        (540_000_000, true),
        // The calls of another worker may be a little behind.
        (539_999_999, false),
    ] {
        assert_eq!(limiter.may_tell(at(micros)), told, "{micros}");
    }
}
