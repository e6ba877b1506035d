//! Where a text becomes too deep.

use super::*;

#[test]
fn b15_the_level_after_the_last_allowed_is_named() {
    let table = [
        ("[[[]]]", None),
        ("[[[[]]]]", Some(3)),
        ("[{\"a\":[{", Some(7)),
        ("[[]],[[]],[[]]", None),
        (r#"["[[[[[[","\"[[[["]"#, None),
        (r#"["\\",[[["]"#, Some(8)),
        ("]]]][[[", None),
        ("\"[[[[", None),
        ("\"\\", None),
        ("", None),
    ];
    for (text, at) in table {
        assert_eq!(too_deep_at(text.as_bytes(), 3), at, "{text}");
    }
}

#[test]
fn no_level_is_allowed_when_none_is() {
    assert_eq!(too_deep_at(b" 1 ", 0), None);
    assert_eq!(too_deep_at(b" {}", 0), Some(1));
}
