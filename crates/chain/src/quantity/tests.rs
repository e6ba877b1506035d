//! Which spellings are numbers and which are not.

use super::*;

#[test]
fn quantities_as_nodes_spell_them() {
    let told = [
        ("0x0", Some(0)),
        ("0x1a", Some(26)),
        ("0xDEAD", Some(0xdead)),
        ("0x0001", Some(1)),
        ("0xffffffffffffffff", Some(u64::MAX)),
        ("0x10000000000000000", None),
        ("0x00000000000000001", None),
        ("0x", None),
        ("", None),
        ("26", None),
        ("0X1a", None),
        ("0x-1", None),
        ("0x+1", None),
        ("0x 1", None),
        ("0x1g", None),
        ("0x1é", None),
    ];
    for (text, number) in told {
        assert_eq!(parse(text), number, "{text:?}");
    }
}

#[test]
fn absurd_numbers_are_nobodys_block() {
    assert_eq!(number("0x1fffffffffffff"), Some(NUMBER_MAX));
    assert_eq!(number("0x20000000000000"), None);
    assert_eq!(number("0xffffffffffffffff"), None);
}

#[test]
fn chain_ids_from_raw_results() {
    let told: [(&[u8], Option<u64>); 8] = [
        (b"\"0x4571\"", Some(17777)),
        (b" \"0x1\" ", Some(1)),
        (b"\"0x0\"", None),
        (b"\"0xffffffffffffffff\"", None),
        (b"17777", None),
        (b"null", None),
        (b"\"0x1", None),
        (b"\xff", None),
    ];
    for (result, id) in told {
        assert_eq!(
            chain_id(result),
            id,
            "{:?}",
            String::from_utf8_lossy(result)
        );
    }
}
