//! Stories about the hash of a transaction.

use super::*;

#[test]
fn a_hash_is_that_of_the_bytes_not_of_the_text() {
    // The example of EIP-155: signed with the private key 0x46…46 for chain 1.
    let signed = "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764\
        00008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761a\
        ecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
    let known = "0x33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788";
    assert_eq!(hash(signed).as_deref(), Some(known));
    let loud = signed.to_uppercase().replacen("0X", "0x", 1);
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
