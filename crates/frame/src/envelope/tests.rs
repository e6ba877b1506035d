//! Second spellings of the envelope's members are noticed, other members are not.

use super::*;

fn twins(text: &str) -> [bool; 4] {
    let envelope = Envelope::read(text).unwrap();
    [
        envelope.jsonrpc,
        envelope.id,
        envelope.method,
        envelope.params,
    ]
    .map(|slot| slot.is_twin())
}

#[test]
fn b2_each_member_is_watched_for_twins() {
    let table = [
        (
            r#"{"jsonrpc":1,"id":2,"method":3,"params":4}"#,
            [false, false, false, false],
        ),
        (r#"{"jsonrpc":1,"JSONRPC":1}"#, [true, false, false, false]),
        (
            "{\"jsonrpc\":1,\"j\u{17f}onrpc\":1}",
            [true, false, false, false],
        ),
        (r#"{"id":2,"Id":2}"#, [false, true, false, false]),
        (
            r#"{"method":3,"m\u0065thod":3}"#,
            [false, false, true, false],
        ),
        (r#"{"METHOD":3,"Method":3}"#, [false, false, true, false]),
        (r#"{"params":4,"PARAMS":4}"#, [false, false, false, true]),
        (
            r#"{"params":4,"param\u017f":4}"#,
            [false, false, false, true],
        ),
        (
            r#"{"x":1,"x":2,"X":3,"methods":1,"idd":1}"#,
            [false, false, false, false],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(twins(text), expected, "{text}");
    }
}

#[test]
fn b2_the_kelvin_sign_folds_to_k() {
    assert_eq!(
        ['\u{212a}', 'K', '\u{17f}', '\u{131}'].map(fold),
        ['k', 'k', 's', '\u{131}']
    );
}

#[test]
fn only_the_exact_spelling_is_read() {
    let envelope = Envelope::read(r#"{"METHOD":1,"iD":2}"#).unwrap();
    assert_eq!((envelope.method.raw, envelope.id.raw), (None, None));
    assert_eq!(envelope.says, Says::Nothing);
}
