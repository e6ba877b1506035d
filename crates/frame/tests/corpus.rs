//! Texts at the edges of JSON's grammar: what is JSON and what is not, in every place it can stand.

use frame::answer;
use frame::limits::Limits;
use frame::message::Element;
use frame::message::Fault;
use frame::message::Message;
use frame::message::scan;

/// RFC 8259 allows these.
const JSON: &[&str] = &[
    // Numbers.
    "0",
    "-0",
    "-1",
    "10",
    "0.0",
    "-0.1",
    "1e0",
    "1E+2",
    "1e-2",
    "0e0",
    "1.5E10",
    "1e9999",
    "-1e-9999",
    "123456789012345678901234567890.123456789",
    // Words.
    "true",
    "false",
    "null",
    // Strings.
    r#""""#,
    r#""a""#,
    r#""\"\\\/\b\f\n\r\t""#,
    r#""\u0000""#,
    r#""\uD834\uDD1E""#,
    r#""\ud800""#,
    r#""\uDC00\uD800""#,
    r#""\uFFFE""#,
    "\"\u{7f}\"",
    "\"\u{2028}\"",
    "\"é€𝄞\"",
    "\"\u{feff}\"",
    // Arrays and objects.
    "[]",
    "[ ]",
    "[1]",
    "[1 , 2]",
    "[[],[[]]]",
    "[null]",
    "{}",
    "{ }",
    r#"{"":0}"#,
    r#"{"a":{"a":{}}}"#,
    r#"{"a":1,"a":1}"#,
    r#"{"a":[1,{"b":[]}]}"#,
    r#"{"\u0000":1}"#,
    "[\"]\",\"}\"]",
    "\r\n\t [\t] ",
];

/// RFC 8259 does not allow these.
const NOT_JSON: &[&[u8]] = &[
    // Numbers.
    b"01",
    b"-01",
    b"00",
    b"+1",
    b".5",
    b"-.5",
    b"1.",
    b"1.e1",
    b"1e",
    b"1e+",
    b"1eE2",
    b"0x1",
    b"-",
    b"--1",
    b"1 000",
    b"1_000",
    b"1,5",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1.2.3",
    b"1a",
    b"\xef\xbc\x91",
    // Words.
    b"nul",
    b"nulll",
    b"True",
    b"FALSE",
    b"undefined",
    b"tru e",
    // Strings.
    b"\"",
    b"\"a",
    b"'a'",
    b"\"\\\"",
    b"\"\\x\"",
    b"\"\\u12\"",
    b"\"\\u12g4\"",
    b"\"\\U0041\"",
    b"\"a\nb\"",
    b"\"a\tb\"",
    b"\"\x00\"",
    b"\"\x1f\"",
    b"\"\\\n\"",
    b"a",
    b"\"a\"b",
    b"\"\\'\"",
    b"\"\\a\"",
    // Strings that are not UTF-8: stray, cut short, overlong, a surrogate, beyond the last.
    b"\"\xff\"",
    b"\"\x80\"",
    b"\"\xc3\"",
    b"\"\xe2\x82\"",
    b"\"\xc0\xaf\"",
    b"\"\xe0\x80\xaf\"",
    b"\"\xed\xa0\x80\"",
    b"\"\xf4\x90\x80\x80\"",
    b"\xff",
    // Arrays.
    b"[",
    b"]",
    b"[1",
    b"[1,",
    b"[1,]",
    b"[,1]",
    b"[1,,2]",
    b"[1 2]",
    b"[1:2]",
    b"[1}",
    b"[[]",
    b"[]]",
    b"[\x0b]",
    b"[\xc2\xa0]",
    b"[1]//",
    b"[/**/]",
    b"[#]",
    // Objects.
    b"{",
    b"}",
    b"{]",
    b"{\"a\"}",
    b"{\"a\":}",
    b"{\"a\":1,}",
    b"{,}",
    b"{\"a\":1,,}",
    b"{a:1}",
    b"{1:1}",
    b"{'a':1}",
    b"{\"a\" 1}",
    b"{\"a\"::1}",
    b"{\"a\":1 \"b\":2}",
    b"{\"a\":1}}",
    b"{null:1}",
    b"{\"a\":1;}",
    b"{[]:1}",
    b"{\"a\nb\":1}",
    b"{\"\xff\":1}",
    b"{\"a\\x\":1}",
    // Around the value.
    b"1 2",
    b"{} {}",
    b"[][]",
    b"\xef\xbb\xbf1",
    b"1\x00",
    b"\x001",
    b"\x0c1",
    b"1,",
    b",1",
];

/// The places a value may stand in a client's message.
const PLACES: &[(&str, &str)] = &[
    ("", ""),
    ("[", "]"),
    (r#"{"jsonrpc":"2.0","id":1,"method":"m","params":"#, "}"),
    (r#"{"id":"#, r#","method":"m"}"#),
    (r#"{"id":1,"method":"#, "}"),
    (r#"{"jsonrpc":"#, r#","id":1,"method":"m"}"#),
    (r#"[{"id":1,"method":"m","params":["#, "]}]"),
    (r#"{"unknown":"#, "}"),
];

fn around(place: &(&str, &str), value: &[u8]) -> Vec<u8> {
    [place.0.as_bytes(), value, place.1.as_bytes()].concat()
}

#[test]
fn json_is_read_wherever_it_stands() {
    for value in JSON {
        for place in PLACES {
            let body = around(place, value.as_bytes());
            let found = scan(&body, &Limits::default());
            assert!(
                !matches!(found, Err(Fault::NotJson { .. })),
                "{place:?} {value}: {found:?}"
            );
        }
    }
}

#[test]
fn what_is_not_json_is_refused_wherever_it_stands() {
    for value in NOT_JSON {
        for place in PLACES {
            if makes_sense(place, value) {
                continue;
            }
            let body = around(place, value);
            let found = scan(&body, &Limits::default());
            let shown = String::from_utf8_lossy(&body).into_owned();
            assert!(
                matches!(found, Err(Fault::NotJson { .. })),
                "{shown:?}: {found:?}"
            );
        }
    }
}

/// `1,5` is no value and yet two elements.
fn makes_sense(place: &(&str, &str), value: &[u8]) -> bool {
    place.0.ends_with('[') && value == b"1,5"
}

#[test]
fn params_come_out_as_they_went_in() {
    for value in JSON {
        let value = value.trim();
        let body = format!(r#"{{"id":1,"method":"m","params": {value} }}"#);
        let found = scan(body.as_bytes(), &Limits::default());
        let Ok(Message::Single(Element::Call(call))) = found else {
            panic!("{value}: {found:?}")
        };
        assert_eq!((call.params, call.raw), (Some(value), &*body));
    }
}

#[test]
fn results_come_out_as_they_went_in_and_broken_ones_do_not() {
    for value in JSON {
        let value = value.trim();
        let body = format!(r#"{{"id":1,"result": {value} }}"#);
        let said = answer::read(body.as_bytes()).map(|answer| answer.said);
        assert_eq!(said, Some(answer::Said::Result(value)));
    }
    for value in NOT_JSON {
        let body = around(&(r#"{"id":1,"result":"#, "}"), value);
        assert_eq!(
            answer::read(&body),
            None,
            "{}",
            String::from_utf8_lossy(&body)
        );
        let body = around(&("[", "]"), &body);
        assert_eq!(
            answer::read_many(&body),
            None,
            "{}",
            String::from_utf8_lossy(&body)
        );
    }
}
