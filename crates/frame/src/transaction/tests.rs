//! Stories about the hash of a transaction.

use super::*;

/// The example of EIP-155: signed with the private key 0x46…46 for chain 1.
const SIGNED: &str = "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764\
        00008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761a\
        ecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";

#[test]
fn a_hash_is_that_of_the_bytes_not_of_the_text() {
    let known = "0x33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788";
    assert_eq!(hash(SIGNED).as_deref(), Some(known));
    let loud = SIGNED.to_uppercase().replacen("0X", "0x", 1);
    assert_eq!(hash(&loud).as_deref(), Some(known));
}

#[test]
fn it_reads_any_number_of_whole_bytes() {
    // Keccak-256 of one zero byte, and of 136 and 300 of them: around a block of the hash and of ours.
    for (bytes, start) in [
        (1, "0xbc36789e"),
        (255, ""),
        (256, ""),
        (257, ""),
        (300, ""),
    ] {
        let found = hash(&format!("0x{}", "00".repeat(bytes))).unwrap();
        let whole: [u8; 32] = Keccak256::digest(vec![0; bytes]).into();
        assert_eq!(found, hex(&whole));
        assert!(found.starts_with(start));
    }
}

#[test]
fn what_is_not_whole_bytes_in_hex_has_no_hash() {
    for raw in [
        "",
        "0x",
        "f86c",
        "0X00",
        "0x0",
        "0x000",
        "0x0g",
        "0x+0",
        "0x0 ",
        "0x\u{e9}0",
    ] {
        assert_eq!(hash(raw), None, "{raw}");
    }
}

#[test]
fn a_transaction_is_a_list_that_ends_with_the_data() {
    let digits = SIGNED.trim_start_matches("0x");
    let typed = format!("0x02{digits}");
    let blobs = format!("0x03fa010000{}", "00".repeat(65_536));
    for raw in [
        SIGNED,
        digits,
        &typed,
        &blobs,
        "0xc0",
        "0x01c20102",
        "0xf90001ff",
    ] {
        assert!(is_signed(raw), "{raw:.80}");
    }
    let data = format!("0xa9059cbb{}", "00".repeat(64));
    let cut = SIGNED.trim_end_matches("83");
    let longer = format!("{SIGNED}00");
    let hash = format!("0x{}", "c1".repeat(32));
    for raw in [
        &*data, cut, &longer, &hash, "0x", "", "0x0", "0x02", "0xzz", "0xff", "0xf8", "latest",
    ] {
        assert!(!is_signed(raw), "{raw:.80}");
    }
    let endless = format!("0xff{}", "ff".repeat(8));
    assert!(!is_signed(&endless));
}

#[test]
fn blobs_beside_a_transaction_are_not_in_its_hash() {
    let long = format!("f848{}", "01".repeat(72));
    for body in ["c20102", "c0", &long] {
        let of = |parts: &str| {
            let bytes = parts.len() / 2;
            let header = match bytes {
                0..=55 => format!("{:02x}", 0xc0 + bytes),
                56..=255 => format!("f8{bytes:02x}"),
                _ => format!("f9{bytes:04x}"),
            };
            hash(&format!("0x03{header}{parts}")).unwrap()
        };
        let alone = hash(&format!("0x03{body}")).unwrap();
        assert_eq!(of(&format!("{body}c0c0c0")), alone, "EIP-4844");
        assert_eq!(
            of(&format!("{body}01{}", "c0".repeat(300))),
            alone,
            "EIP-7594"
        );
    }
    // What is no such thing is hashed as it is.
    for odd in [
        "0x03",
        "0x03c0",
        "0x0380",
        "0x03f8",
        "0x03ffffffffffffffffff",
        "0x03c5c30102",
    ] {
        let bytes: Vec<u8> = (2..odd.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&odd[at..at + 2], 16).unwrap())
            .collect();
        let whole: [u8; 32] = Keccak256::digest(bytes).into();
        assert_eq!(hash(odd).unwrap(), hex(&whole), "{odd}");
    }
}

fn sent_by(call: &str) -> Option<String> {
    use crate::message::Element;
    use crate::message::Message;
    match crate::message::scan(call.as_bytes(), &crate::limits::Limits::default()) {
        Ok(Message::Single(Element::Call(call))) => sent(&call),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_parameter_of_a_raw_send_is_the_transaction() {
    let zero = hash("0x00");
    for method in RAW_SENDS {
        for params in [
            "[\"0x00\"]",
            "[ \"0x00\" , 5000]",
            "[\"0x00\",{\"knownAccounts\":{}}]",
            "[\"\\u0030x00\"]",
        ] {
            let call = format!("{{\"method\":\"{method}\",\"params\":{params}}}");
            assert_eq!(sent_by(&call), zero, "{call}");
        }
        for params in [
            "[]",
            "{}",
            "null",
            "[0]",
            "[[\"0x00\"]]",
            "[\"0x\"]",
            "[null]",
            "\"0x00\"",
        ] {
            let call = format!("{{\"method\":\"{method}\",\"params\":{params}}}");
            assert_eq!(sent_by(&call), None, "{call}");
        }
    }
    assert_eq!(sent_by(r#"{"method":"eth_sendRawTransaction"}"#), None);
    assert_eq!(
        sent_by(r#"{"method":"eth_sendTransaction","params":["0x00"]}"#),
        None
    );
    assert_eq!(sent_by(r#"{"method":"eth_call","params":["0x00"]}"#), None);
}
