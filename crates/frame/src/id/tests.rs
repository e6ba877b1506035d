//! Which texts are ids, and which ids may be our own come back.

use super::*;

#[test]
fn a1_any_number_is_an_id_and_stays_as_written() {
    for raw in [
        "0",
        "-0",
        "1.0",
        "1.50",
        "1e21",
        "-1E-7",
        "18446744073709551616",
        "\"1\"",
        "null",
    ] {
        assert_eq!(Id::read(raw).map(Id::as_str), Some(raw), "{raw}");
    }
}

#[test]
fn a4_objects_arrays_and_booleans_are_no_ids() {
    for raw in ["{}", "[1]", "true", "false", ""] {
        assert_eq!(Id::read(raw), None, "{raw}");
    }
}

#[test]
fn a3_only_null_is_null() {
    let nulls = ["null", "\"null\"", "0", "\"\""].map(|raw| Id(raw).is_null());
    assert_eq!(nulls, [true, false, false, false]);
    assert!(Id::NULL.is_null());
}

#[test]
fn a6_our_id_comes_back_as_a_number_or_as_a_string() {
    let table = [
        ("7", Some(7)),
        ("\"7\"", Some(7)),
        ("0", Some(0)),
        ("\"0\"", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("-7", None),
        ("7.0", None),
        ("7e0", None),
        ("\"07\"", None),
        ("\"+7\"", None),
        ("\" 7\"", None),
        ("\"\"", None),
        ("\"0x7\"", None),
        ("null", None),
    ];
    for (raw, number) in table {
        assert_eq!(Id(raw).as_u64(), number, "{raw}");
    }
}
