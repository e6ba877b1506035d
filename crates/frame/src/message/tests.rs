//! What clients send, as a line of text for each element: the traps of ids, envelopes and batches.

use super::*;

const LIMITS: Limits = Limits {
    nesting_max: 64,
    calls_max: 3,
    method_bytes_max: 128,
};

fn tell(element: &Element<'_>) -> String {
    match element {
        Element::Call(call) => {
            let id = call.id.map_or("notification", Id::as_str);
            let params = call.params.unwrap_or("-");
            let version = match call.version {
                Version::Two => "2.0",
                Version::Other(raw) => raw,
                Version::Missing => "-",
            };
            format!("{id} {} {params} v{version}", call.method)
        }
        Element::Invalid { id, why } => format!("{} {why}", id.as_str()),
        Element::Response => "response".to_owned(),
    }
}

fn tell_all(body: &[u8]) -> String {
    match scan(body, &LIMITS) {
        Ok(Message::Single(element)) => tell(&element),
        Ok(Message::Batch(elements)) => {
            format!(
                "[{}]",
                elements.iter().map(tell).collect::<Vec<_>>().join("; ")
            )
        }
        Ok(Message::Overfull(ids)) => {
            format!(
                "overfull {}",
                ids.iter()
                    .map(|id| id.as_str())
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        }
        Err(fault) => format!("{fault:?}"),
    }
}

fn check(body: impl AsRef<[u8]>, expected: &str) {
    let body = body.as_ref();
    let shown = String::from_utf8_lossy(body.get(..200).unwrap_or(body));
    assert_eq!(tell_all(body), expected, "{shown}");
}

#[test]
fn a1_numbers_of_any_size_and_shape_are_echoed_as_written() {
    for id in [
        "9007199254740993",
        "-0",
        "1.50",
        "1E400",
        "123456789012345678901234567890",
    ] {
        check(
            format!(r#"{{"method":"m","id":{id}}}"#),
            &format!("{id} m - v-"),
        );
    }
}

#[test]
fn a2_a_number_and_a_string_are_different_ids() {
    check(r#"{"id":1,"method":"m"}"#, "1 m - v-");
    check(r#"{"id":"1","method":"m"}"#, "\"1\" m - v-");
    check(
        r#"{"id":"\u0031\ud800","method":"m"}"#,
        r#""\u0031\ud800" m - v-"#,
    );
}

#[test]
fn a3_an_absent_id_makes_a_notification_and_null_does_not() {
    check(r#"{"method":"m"}"#, "notification m - v-");
    check(r#"{"method":"m","id":null}"#, "null m - v-");
}

#[test]
fn a4_an_id_of_the_wrong_kind_spoils_only_its_own_element() {
    let why = "null id is not a string, a number or null";
    for id in ["{}", "[1]", "true", "false"] {
        check(format!(r#"{{"id":{id},"method":"m"}}"#), why);
    }
    check(
        r#"[{"id":[],"method":"m"},{"id":2,"method":"n"}]"#,
        &format!("[{why}; 2 n - v-]"),
    );
}

#[test]
fn b1_the_version_is_reported_and_not_judged() {
    check(r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, "1 m - v2.0");
    check(
        r#"{"jsonrpc":"2\u002e0","id":1,"method":"m"}"#,
        "1 m - v2.0",
    );
    check(r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, "1 m - v\"1.0\"");
    check(r#"{"jsonrpc":2.0,"id":1,"method":"m"}"#, "1 m - v2.0");
    check(r#"{"jsonrpc":null,"id":1,"method":"m"}"#, "1 m - vnull");
    check(r#"{"id":1,"method":"m"}"#, "1 m - v-");
    let bare = scan(br#"{"jsonrpc":2.0,"method":"m"}"#, &LIMITS);
    let Ok(Message::Single(Element::Call(call))) = bare else {
        panic!("{bare:?}")
    };
    assert_eq!(call.version, Version::Other("2.0"));
}

#[test]
fn b2_duplicate_members_are_refused() {
    check(r#"{"id":1,"method":"a","method":"b"}"#, "1 twins");
    check(
        r#"{"id":1,"method":"a","params":[],"params":[]}"#,
        "1 twins",
    );
    check(
        r#"{"id":1,"jsonrpc":"2.0","jsonrpc":"2.0","method":"a"}"#,
        "1 twins",
    );
    check(r#"{"id":1,"id":1,"method":"a"}"#, "null twins");
    check(r#"{"method":"a","method":"a"}"#, "null twins");
}

#[test]
fn b2_case_folded_twins_are_refused() {
    check(
        r#"{"id":1,"method":"eth_call","METHOD":"debug_x"}"#,
        "1 twins",
    );
    check(
        r#"{"METHOD":"debug_x","id":1,"method":"eth_call"}"#,
        "1 twins",
    );
    check(r#"{"id":1,"ID":2,"method":"a"}"#, "null twins");
    check(
        "{\"id\":1,\"method\":\"a\",\"params\":[],\"param\u{17f}\":[]}",
        "1 twins",
    );
    check(
        r#"{"id":1,"method":"a","params":[],"PARAM\u017f":[]}"#,
        "1 twins",
    );
    check(
        r#"[{"id":1,"method":"a","Method":"b"},{"id":2,"method":"c"}]"#,
        "[1 twins; 2 c - v-]",
    );
}

#[test]
fn b2_escaped_twins_are_refused() {
    check(r#"{"id":1,"method":"a","\u006dethod":"b"}"#, "1 twins");
    check(r#"{"id":1,"method":"a","\u004dethod":"b"}"#, "1 twins");
}

#[test]
fn b2_a_case_variant_alone_is_an_unknown_member() {
    check(r#"{"id":1,"METHOD":"a"}"#, "1 no method");
    check(r#"{"id":1,"method":"a","Params":[1]}"#, "1 a - v-");
    check(r#"{"Id":1,"method":"a"}"#, "notification a - v-");
}

#[test]
fn b2_unknown_members_may_repeat() {
    check(
        r#"{"id":1,"x":1,"X":2,"x":3,"method":"a","\ud800":0}"#,
        "1 a - v-",
    );
}

#[test]
fn b3_names_are_unescaped() {
    check(r#"{"id":1,"method":"eth\u005fcall"}"#, "1 eth_call - v-");
    check(
        r#"{"\u0069d":1,"\u006dethod":"a","p\u0061rams":[]}"#,
        "1 a [] v-",
    );
}

#[test]
fn b3_bytes_that_are_not_utf8_are_not_json() {
    check(b"{\"method\":\"\xff\",\"id\":1}", "NotJson { at: 11 }");
    check(
        b"{\"method\":\"m\",\"params\":[\"\xc3(\"],\"id\":1}",
        "NotJson { at: 25 }",
    );
    check(
        b"{\"method\":\"m\",\"\xed\xa0\x80\":1}",
        "NotJson { at: 15 }",
    );
}

#[test]
fn b3_names_that_are_no_names_are_refused() {
    for method in ["1", "null", "true", "[\"m\"]", "{}"] {
        check(
            format!(r#"{{"id":1,"method":{method}}}"#),
            "1 method is not a string",
        );
    }
    check(r#"{"id":1,"method":""}"#, "1 method is empty");
    check(r#"{"id":1,"method":"\ud83d"}"#, "1 method is not Unicode");
    check(r#"{"id":1}"#, "1 no method");
    check(r#"{}"#, "null no method");
}

#[test]
fn b3_the_length_of_a_name_is_counted_unescaped() {
    let longest = "m".repeat(128);
    check(
        format!(r#"{{"method":"{longest}"}}"#),
        &format!("notification {longest} - v-"),
    );
    let escaped = "\\u006d".repeat(128);
    check(
        format!(r#"{{"method":"{escaped}"}}"#),
        &format!("notification {longest} - v-"),
    );
    check(
        format!(r#"{{"id":4,"method":"{longest}m"}}"#),
        "4 method is too long",
    );
}

#[test]
fn b5_only_white_space_may_stand_around_the_value() {
    check(" \t\r\n{\"method\":\"m\"} \r\n\t", "notification m - v-");
    check("{\"method\":\"m\"}x", "NotJson { at: 14 }");
    check("{\"method\":\"m\"}{\"method\":\"m\"}", "NotJson { at: 14 }");
    check("\u{feff}{\"method\":\"m\"}", "NotJson { at: 0 }");
    check("{\"method\":\"m\"}\0", "NotJson { at: 14 }");
    check("\0", "NotJson { at: 0 }");
    check("\u{a0}{}", "NotJson { at: 0 }");
    check("[{\"method\":\"m\"}]]", "NotJson { at: 16 }");
    check("", "NotJson { at: 0 }");
    check(" \n ", "NotJson { at: 2 }");
}

#[test]
fn b5_the_place_is_counted_from_the_start_over_all_lines() {
    check("\n\n {\"a\":\n  x}", "NotJson { at: 11 }");
    check("[\n{},\r\n{]", "NotJson { at: 8 }");
}

#[test]
fn b15_nesting_is_bounded() {
    let nested = |levels: usize| {
        format!(
            r#"{{"method":"m","params":{}{}}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    check(
        nested(63),
        &format!("notification m {}{} v-", "[".repeat(63), "]".repeat(63)),
    );
    check(nested(64), "TooDeep { at: 86 }");
    check(r#"[[{"id":1,"method":"m"}]]"#, "[null not an object]");
    let quoted = format!("\"{}\"", "[{".repeat(99));
    check(
        format!(r#"{{"method":"m","params":{quoted}}}"#),
        &format!("notification m {quoted} v-"),
    );
}

#[test]
fn b15_a_depth_bomb_does_not_exhaust_the_stack() {
    let bomb = "[".repeat(10_000_000);
    check(&bomb, "TooDeep { at: 64 }");
    let unbounded = Limits {
        nesting_max: usize::MAX,
        ..LIMITS
    };
    assert_eq!(
        scan(bomb.as_bytes(), &unbounded),
        Err(Fault::NotJson { at: 9_999_999 })
    );
}

#[test]
fn c2_lone_surrogates_outside_the_name_are_nobodys_business() {
    check(
        r#"{"id":1,"method":"m","params":["\ud800\udfff\udfff"]}"#,
        r#"1 m ["\ud800\udfff\udfff"] v-"#,
    );
    check(
        r#"{"id":1,"method":"m","params":["\u12"]}"#,
        "NotJson { at: 37 }",
    );
    check(
        r#"{"id":1,"method":"m","params":["\x"]}"#,
        "NotJson { at: 33 }",
    );
}

#[test]
fn c11_params_of_any_kind_are_kept_as_written() {
    for params in ["null", "{}", "[ 1 , 2.50 ]", "7", "\"x\"", "{\"a\": 1e21}"] {
        check(
            format!(r#"{{"id":1,"method":"m","params":{params}}}"#),
            &format!("1 m {params} v-"),
        );
    }
}

#[test]
fn a_name_without_escapes_is_not_copied() {
    let Ok(Message::Single(Element::Call(call))) = scan(br#"{"method":"m"}"#, &LIMITS) else {
        panic!("a call")
    };
    assert!(matches!(call.method, Cow::Borrowed("m")));
}

#[test]
fn params_are_not_shown() {
    let body = br#"{"id":1,"method":"eth_sendRawTransaction","params":["0xf86c"]}"#;
    let shown = format!("{:?}", scan(body, &LIMITS));
    assert!(
        shown.contains("eth_sendRawTransaction") && !shown.contains("0xf86c"),
        "{shown}"
    );
}

mod batches;
