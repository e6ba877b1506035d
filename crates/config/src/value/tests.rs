//! Stories about `value`.

use super::*;

#[test]
fn times() {
    for (text, millis) in [
        ("500ms", Some(500)),
        ("2s", Some(2_000)),
        (" 10 m ", Some(600_000)),
        ("1h", Some(3_600_000)),
        ("2", None),
        ("s", None),
        ("", None),
        ("1.5s", None),
        ("-1s", None),
        ("2S", None),
        ("1d", None),
        ("18446744073709551615h", None),
        ("99999999999999999999s", None),
    ] {
        let expected = millis.map(Duration::from_millis);
        assert_eq!(time(text), expected, "{text:?}");
    }
}

#[test]
fn sizes() {
    for (text, bytes) in [
        ("0", Some(0)),
        ("1024", Some(1024)),
        ("64KiB", Some(65_536)),
        ("10 MiB", Some(10_485_760)),
        ("1GiB", Some(1_073_741_824)),
        ("7B", Some(7)),
        ("10MB", None),
        ("MiB", None),
        ("99999999999GiB", None),
    ] {
        assert_eq!(size(text), bytes, "{text:?}");
    }
}

#[test]
fn what_is_shown_reads_back_the_same() {
    for millis in [1, 999, 1_000, 1_500, 60_000, 90_000, 3_600_000, 86_400_000] {
        let is = Duration::from_millis(millis);
        assert_eq!(time(&time_shown(is)), Some(is));
    }
    for bytes in [0, 1, 1_023, 1_024, 1_536, 1 << 20, 3 << 30] {
        assert_eq!(size(&size_shown(bytes)), Some(bytes));
    }
    assert_eq!(time_shown(Duration::from_secs(90)), "90s");
    assert_eq!(size_shown(10 << 20), "10MiB");
}
