//! Stories about `unknown`.

use super::*;

#[test]
fn slips_are_recognised() {
    for (name, meant) in [
        ("health.max_leg", Some("health.max_lag")),
        ("health.maxlag", Some("health.max_lag")),
        ("helth.max_lag", Some("health.max_lag")),
        ("server.max_lag", Some("health.max_lag")),
        ("helth", Some("health")),
        ("profil", Some("profile")),
        ("timeout.total", Some("timeouts.total")),
        ("backends.wieght", Some("backends.weight")),
        ("limits.body_byte", Some("limits.body_bytes")),
        ("health.zebra_crossing", None),
        ("x", None),
        ("limits.a", None),
    ] {
        assert_eq!(nearest(name), meant, "{name}");
    }
}

#[test]
fn edits_are_counted() {
    for (from, to, count) in [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("kitten", "sitting", 3),
        ("flaw", "lawn", 2),
        ("same", "same", 0),
    ] {
        assert_eq!(edits(from, to), count, "{from} to {to}");
    }
}
