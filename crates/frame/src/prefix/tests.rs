//! How far the beginning of an object can be read.

use super::*;

fn check(text: &str, names: &str, expected: Stop) {
    let mut prefix = Prefix::new(text.as_bytes());
    let mut found = Vec::new();
    let stop = loop {
        match prefix.next() {
            Ok(begun) => found.push(format!("{}:{}", begun.name, char::from(begun.first))),
            Err(stop) => break stop,
        }
    };
    assert_eq!(
        (found.join(" "), stop),
        (names.to_owned(), expected),
        "{text}"
    );
}

#[test]
fn members_are_walked_over_values_of_any_kind() {
    check(r#"{}"#, "", Stop::Closed);
    check(
        r#" { "a" : [ {"x":"]}"} ] , "b":"\"}", "c":-1.5e3,"d":{"\\":[]} } rest"#,
        "a:[ b:\" c:- d:{",
        Stop::Closed,
    );
    check(
        r#"{"\u0061":1,"\ud800":true,"n":null}"#,
        r#"a:1 "\ud800":t n:n"#,
        Stop::Closed,
    );
}

#[test]
fn a_value_that_has_begun_is_told_before_it_ends() {
    check(r#"{"a":1,"b":[[["#, "a:1 b:[", Stop::Cut);
    check(r#"{"a":1,"b":12"#, "a:1 b:1", Stop::Cut);
    check(r#"{"a":1,"b":"#, "a:1", Stop::Cut);
    check(r#"{"a":1,"b"#, "a:1", Stop::Cut);
    check(r#"{"a":"\"#, "a:\"", Stop::Cut);
    check("", "", Stop::Cut);
}

#[test]
fn what_is_no_object_is_broken() {
    for text in [
        "[1]", "<html>", "x", "{1:2}", "{,", "{\"a\" 1", "{\"a\":}", "{\"a\":<",
    ] {
        check(text, "", Stop::Broken);
    }
    check(r#"{"a":1 "b":2}"#, "a:1", Stop::Broken);
    check(r#"{"a":1,}"#, "a:1", Stop::Broken);
}
