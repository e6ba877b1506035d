//! Members and elements come out raw, whatever is inside them.

use super::*;

fn check(text: &str, expected: &[(&str, &str)]) {
    let mut found = Vec::new();
    each(text, |name, raw| found.push((name.to_owned(), raw))).unwrap();
    let found: Vec<(&str, &str)> = found.iter().map(|(name, raw)| (&**name, *raw)).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn values_are_not_decoded_and_names_are() {
    check(r#"{}"#, &[]);
    check(
        r#" { "a" : 1e999 , "b":[ 1, 2 ] } "#,
        &[("a", "1e999"), ("b", "[ 1, 2 ]")],
    );
    check(r#"{"\u0061":"\u0061"}"#, &[("a", r#""\u0061""#)]);
    check(r#"{"a":1,"a":2}"#, &[("a", "1"), ("a", "2")]);
}

#[test]
fn c2_lone_surrogates_are_passed_over_in_values_and_in_names() {
    check(
        r#"{"a":"\ud800","\udc00":1,"b":2}"#,
        &[("a", r#""\ud800""#), ("b", "2")],
    );
}

#[test]
fn what_is_not_one_object_is_refused() {
    for text in [
        "",
        "[]",
        "1",
        "{}{}",
        "{} 1",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\nb\":1}",
    ] {
        assert!(each(text, |_, _| ()).is_err(), "{text}");
    }
}

#[test]
fn elements_beyond_the_bound_are_counted_and_not_kept() {
    let items = items("[1, [2] ,3,4]", 2).unwrap();
    assert_eq!((items.kept, items.count), (vec!["1", "[2]"], 4));
}

#[test]
fn elements_beyond_the_bound_must_be_json_too() {
    assert!(items("[1,2,3,x]", 2).is_err());
    assert!(items("[1,2,3", 2).is_err());
    assert!(items("[1,2,3] 4", 2).is_err());
}
