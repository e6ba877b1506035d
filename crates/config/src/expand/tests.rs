//! Stories about `expand`.

use super::*;

#[test]
fn names_are_replaced_once() {
    let environment = [
        ("KEY".to_owned(), "abc".to_owned()),
        ("NESTED".to_owned(), "${KEY}".to_owned()),
    ];
    for (text, expected) in [
        ("plain", Ok(None)),
        ("$KEY", Ok(None)),
        ("${KEY}", Ok(Some("abc"))),
        (
            "http://h/${KEY}/v3?x=${KEY}",
            Ok(Some("http://h/abc/v3?x=abc")),
        ),
        ("$${KEY} and ${KEY}", Ok(Some("${KEY} and abc"))),
        ("${NESTED}", Ok(Some("${KEY}"))),
        ("${MISSING}", Err("the environment has no MISSING")),
        ("${KEY", Err("${ without }")),
        ("${}", Err("no variable name between ${ and }")),
        ("${a b}", Err("no variable name between ${ and }")),
        ("${1A}", Err("no variable name between ${ and }")),
    ] {
        let expected = expected
            .map(|e| e.map(str::to_owned))
            .map_err(str::to_owned);
        assert_eq!(expand(text, &environment), expected, "{text:?}");
    }
}
