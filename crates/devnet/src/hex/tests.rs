//! Quantities and data, there and back.

use super::*;

#[test]
fn quantities() {
    let told = [
        ("0x0", Some(0)),
        ("0x1a", Some(26)),
        ("0xffffffffffffffff", Some(u64::MAX)),
        ("0x", None),
        ("0x+1", None),
        ("0x10000000000000000", None),
        ("12", None),
        ("latest", None),
    ];
    for (text, number) in told {
        assert_eq!(parse_quantity(text), number, "{text}");
        if let Some(number) = number {
            assert_eq!(quantity(number), text);
        }
    }
}

#[test]
fn bytes() {
    let told = [
        ("0x", Some(vec![])),
        ("0x00ff", Some(vec![0, 255])),
        ("0x0", None),
        ("0xgg", None),
        ("00", None),
        ("0xé", None),
    ];
    for (text, bytes) in told {
        assert_eq!(parse_data(text), bytes, "{text}");
        if let Some(bytes) = bytes {
            assert_eq!(data(&bytes), text);
        }
    }
    assert_eq!(parse_fixed("0x0102"), Some([1, 2]));
    assert_eq!(parse_fixed::<3>("0x0102"), None);
}
