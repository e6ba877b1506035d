//! Where strings end, and which stand for no text.

use super::*;

#[test]
fn an_escaped_quote_does_not_end_a_string() {
    let table = [
        (r#""" "#, Some(1)),
        (r#""ab" ""#, Some(3)),
        (r#""\"""#, Some(3)),
        (r#""\\""#, Some(3)),
        (r#""\\\"\\" "#, Some(7)),
        (r#""ab"#, None),
        (r#""\""#, None),
        (r#""\"#, None),
        (r#"""#, None),
    ];
    for (text, expected) in table {
        assert_eq!(end(text.as_bytes(), 1), expected, "{text}");
    }
}

#[test]
fn c2_a_lone_surrogate_stands_for_no_text() {
    let table = [
        (r#""""#, Some("")),
        (r#""é""#, Some("é")),
        (r#""\u00e9\/""#, Some("é/")),
        (r#""\ud83d\ude00""#, Some("😀")),
        (r#""\ud83d""#, None),
        (r#""\ude00\ud83d""#, None),
    ];
    for (literal, expected) in table {
        assert_eq!(unescape(literal).as_deref(), expected, "{literal}");
    }
}
