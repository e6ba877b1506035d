//! Stories about text that tries to break out of its field.

use super::*;

#[test]
fn nginx_writes_two_digits_for_what_is_not_plain() {
    for (text, written) in [
        (b"plain text ~".as_slice(), "plain text ~"),
        (b"\"quoted\"", "\\x22quoted\\x22"),
        (b"back\\slash", "back\\x5Cslash"),
        (b"a\tb\r\n\x7f", "a\\x09b\\x0D\\x0A\\x7F"),
        ("\u{e9}".as_bytes(), "\\xC3\\xA9"),
    ] {
        let mut line = String::new();
        nginx(&mut line, text);
        assert_eq!(line, written);
    }
}

#[test]
fn json_reads_back_as_what_was_written() {
    for text in [
        "plain",
        "\"quoted\" back\\slash",
        "a\tb\r\n\0\u{1b}[2J\u{7f}\u{9b}",
        "\u{e9}\u{2028}\u{1f980}",
    ] {
        let mut line = String::from("\"");
        json(&mut line, text.as_bytes());
        line.push('"');
        assert!(
            !line
                .chars()
                .any(|letter| letter.is_control() || letter == '\u{2028}'),
            "{line:?}"
        );
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
    let mut line = String::new();
    json(&mut line, b"broken \xff text");
    assert_eq!(line, "broken \u{fffd} text");
}
