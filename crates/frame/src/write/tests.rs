//! What is written is JSON, and what was not ours is in it byte for byte.

use super::*;
use crate::limits::Limits;
use crate::message::Element;
use crate::message::Message;
use crate::message::scan;

fn check(expected: &str, write: impl FnOnce(&mut Vec<u8>)) {
    let mut out = b"before ".to_vec();
    write(&mut out);
    let text = String::from_utf8(out).unwrap();
    let text = text.strip_prefix("before ").unwrap();
    assert_eq!(text, expected);
    serde_json::from_str::<serde_json::Value>(text).unwrap();
}

fn check_call(body: &str, called: &str, notified: &str) {
    let limits = Limits::default();
    let Ok(Message::Single(Element::Call(found))) = scan(body.as_bytes(), &limits) else {
        panic!("{body} is a call")
    };
    check(called, |out| call(out, 7, &found));
    check(notified, |out| notification(out, &found));
}

#[test]
fn a8_calls_go_out_under_our_id() {
    check_call(
        r#"{"id":"theirs","method":"eth\u005fcall","params":[ 1e21 ],"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"eth\u005fcall","params":[ 1e21 ]}"#,
        r#"{"jsonrpc":"2.0","method":"eth\u005fcall","params":[ 1e21 ]}"#,
    );
}

#[test]
fn b1_the_version_goes_out_as_it_came() {
    check_call(
        r#"{"method":"m"}"#,
        r#"{"id":7,"method":"m"}"#,
        r#"{"method":"m"}"#,
    );
    check_call(
        r#"{"method":"m","jsonrpc":1.0}"#,
        r#"{"jsonrpc":1.0,"id":7,"method":"m"}"#,
        r#"{"jsonrpc":1.0,"method":"m"}"#,
    );
}

#[test]
fn b2_unknown_members_are_left_behind() {
    check_call(
        r#"{"id":1,"ethod":"debug_x","x":1,"params":null,"method":"m"}"#,
        r#"{"id":7,"method":"m","params":null}"#,
        r#"{"method":"m","params":null}"#,
    );
}

#[test]
fn a2_and_c1_answers_carry_the_clients_id_and_the_backends_bytes() {
    check(
        r#"{"jsonrpc":"2.0","id":"1","result":{"a": 1.50}}"#,
        |out| {
            let body = br#"{"id":99,"result":{"a": 1.50}}"#;
            let said = crate::answer::read(body).unwrap().said;
            let client = br#"{"id":"1","method":"m"}"#;
            let Ok(Message::Single(Element::Call(call))) = scan(client, &Limits::default()) else {
                panic!("a call")
            };
            answer(out, call.id.unwrap(), &said);
        },
    );
    check(
        r#"{"jsonrpc":"2.0","id":null,"error":{"code" :3}}"#,
        |out| {
            let said = crate::answer::read(br#"{"error":{"code" :3}}"#)
                .unwrap()
                .said;
            answer(out, Id::NULL, &said);
        },
    );
}

#[test]
fn b11_a_refusal_says_code_message_and_reason() {
    let body = RefusalBody {
        code: -32603,
        message: "nobody left",
        reason: "no_backend",
        facts: &[],
    };
    check(
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"nobody left","data":{"reason":"no_backend"}}}"#,
        |out| refusal(out, Id::NULL, &body),
    );
}

#[test]
fn facts_are_escaped() {
    let facts = [("txHash", "0xab"), ("a\"b", "line\nbreak \\ \u{1} é")];
    let body = RefusalBody {
        code: -1,
        message: "\"",
        reason: "r",
        facts: &facts,
    };
    check(
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-1,\"message\":\"\\\"\",\"data\":\
         {\"reason\":\"r\",\"txHash\":\"0xab\",\"a\\\"b\":\"line\\nbreak \\\\ \\u0001 é\"}}}",
        |out| refusal(out, Id::NULL, &body),
    );
}
