//! What backends say: whole, in batches, and as far as it has arrived.

use super::*;

fn tell(answer: &Answer<'_>, body: &str) -> String {
    let id = answer.id.map_or("-", Id::as_str);
    let there = answer.id_at.clone().map_or("-", |at| &body[at]);
    let said = match &answer.said {
        Said::Result(raw) => format!("result {raw}"),
        Said::Error { raw, code, message } => format!("error {code} '{message}' {raw}"),
    };
    format!("{id} at {there}: {said}")
}

fn check(body: &str, expected: &str) {
    let told = read(body.as_bytes()).map_or("nothing".to_owned(), |answer| tell(&answer, body));
    assert_eq!(told, expected, "{body}");
}

fn check_many(body: &str, expected: &str) {
    let told = match read_many(body.as_bytes()) {
        None => "nothing".to_owned(),
        Some(Many::One(answer)) => tell(&answer, body),
        Some(Many::Each(answers)) => {
            let tell = |answer: &Option<Answer<'_>>| {
                answer
                    .as_ref()
                    .map_or("nothing".to_owned(), |answer| tell(answer, body))
            };
            format!(
                "[{}]",
                answers.iter().map(tell).collect::<Vec<_>>().join("; ")
            )
        }
    };
    assert_eq!(told, expected, "{body}");
}

fn check_start(prefix: &str, expected: Start, id: Option<&str>) {
    let found = start_id(prefix.as_bytes()).map(|at| &prefix[at]);
    assert_eq!(
        (start(prefix.as_bytes()), found),
        (expected, id),
        "{prefix}"
    );
}

#[test]
fn a6_retyped_and_odd_ids_are_readable() {
    check(r#"{"id":7,"result":1}"#, "7 at 7: result 1");
    check(r#"{"result":1, "id" : "7" }"#, "\"7\" at \"7\": result 1");
    check(r#"{"id":[7],"result":1}"#, "- at [7]: result 1");
}

#[test]
fn a7_a_missing_or_null_id_does_not_spoil_the_answer() {
    check(r#"{"result":1}"#, "- at -: result 1");
    check(
        r#"{"id":null,"error":{"code":-32700}}"#,
        r#"null at null: error -32700 '' {"code":-32700}"#,
    );
}

#[test]
fn b12_a_batch_may_come_back_as_one_object_short_or_spoiled() {
    check_many(
        r#"{"id":null,"error":{"code":-32005,"message":"no"}}"#,
        r#"null at null: error -32005 'no' {"code":-32005,"message":"no"}"#,
    );
    check_many(
        r#"[{"id":2,"result":[ 1 ]},7,{},{"id":1,"result":null}]"#,
        "[2 at 2: result [ 1 ]; nothing; nothing; 1 at 1: result null]",
    );
    check_many("[]", "[]");
    for body in ["", "{}", "null", "[1", "[] []", "<html>"] {
        check_many(body, "nothing");
    }
}

#[test]
fn b12_answers_beyond_the_bound_are_dropped() {
    let body = format!("[{}1]", "1,".repeat(ANSWERS_MAX));
    let Some(Many::Each(answers)) = read_many(body.as_bytes()) else {
        panic!("an array")
    };
    assert_eq!(answers.len(), ANSWERS_MAX);
}

#[test]
fn c1_results_and_errors_are_slices_of_what_came() {
    let values = [
        "1e21",
        "1.500",
        "123456789012345678901234567890",
        r#"{"b": 1,"a":"\u00e9"}"#,
    ];
    for raw in values {
        check(
            &format!(r#"{{"id":1,"result":{raw}}}"#),
            &format!("1 at 1: result {raw}"),
        );
    }
    let error = r#"{"code":3 ,"message":"execution reverted","data":"0x08c379a0"}"#;
    check(
        &format!(r#"{{"id":1,"error":{error}}}"#),
        &format!("1 at 1: error 3 'execution reverted' {error}"),
    );
}

#[test]
fn c2_lone_surrogates_pass_through() {
    check(
        r#"{"id":1,"result":"\ud800"}"#,
        r#"1 at 1: result "\ud800""#,
    );
    check(
        r#"{"error":{"message":"a\ud800"}}"#,
        r#"- at -: error 0 'a\ud800' {"message":"a\ud800"}"#,
    );
}

#[test]
fn a_deep_result_does_not_exhaust_the_stack() {
    let deep = format!(
        r#"{{"result":{}{}}}"#,
        "[".repeat(3_000_000),
        "]".repeat(3_000_000)
    );
    let answer = read(deep.as_bytes()).unwrap();
    assert_eq!(answer.said, Said::Result(&deep[10..deep.len() - 1]));
}

#[test]
fn an_error_of_null_is_absent_and_any_other_error_wins() {
    check(
        r#"{"result":null,"error":null,"id":1}"#,
        "1 at 1: result null",
    );
    check(r#"{"result":1,"error":{},"id":1}"#, "1 at 1: error 0 '' {}");
    check(r#"{"error":null,"id":1}"#, "nothing");
}

#[test]
fn codes_and_messages_are_read_leniently() {
    let table = [
        (r#"{"code":-32000,"message":"a\u0062"}"#, "-32000 'ab'"),
        (r#"{"code":99999999999999999999,"message":7}"#, "0 ''"),
        (r#"{"code":"-32000"}"#, "0 ''"),
        (r#"{"code":-32000.0}"#, "0 ''"),
        (r#""rate limited""#, "0 'rate limited'"),
        ("429", "0 ''"),
        ("[]", "0 ''"),
    ];
    for (raw, expected) in table {
        check(
            &format!(r#"{{"error":{raw}}}"#),
            &format!("- at -: error {expected} {raw}"),
        );
    }
}

#[test]
fn what_is_no_answer_is_nothing() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "{\"id\":1}",
        "{\"result\":1}x",
        "{\"result\":1",
        "<html>",
    ] {
        check(body, "nothing");
    }
    assert_eq!(read(b"{\"result\":\"\xff\"}"), None);
    assert_eq!(read(b"\xef\xbb\xbf{\"result\":1}"), None);
}

#[test]
fn c3_a_long_answer_is_judged_by_its_first_bytes() {
    check_start(
        r#"{"jsonrpc":"2.0","id":1,"result":["#,
        Start::Result,
        Some("1"),
    );
    check_start(
        r#"{"jsonrpc":"2.0","id":1,"error":{"co"#,
        Start::Error,
        Some("1"),
    );
    check_start(
        r#"{"jsonrpc":"2.0","id":"a}","resu"#,
        Start::Undecided,
        Some("\"a}\""),
    );
    check_start(r#"{"jsonrpc":"2.0","id":1"#, Start::Undecided, None);
    check_start(r#"{"id":1,"result":"#, Start::Undecided, Some("1"));
    check_start(r#"{"r\u0065sult":"0x"#, Start::Result, None);
    check_start(r#"{"x":{"result":1},"error""#, Start::Undecided, None);
    check_start(r#"{"result":"0x","id":1}"#, Start::Result, None);
    check_start("", Start::Undecided, None);
}

#[test]
fn c3_a_null_beside_the_other_does_not_decide() {
    check_start(r#"{"result":null,"#, Start::Undecided, None);
    check_start(r#"{"result":null,"error":{"#, Start::Error, None);
    check_start(r#"{"error":null,"id":1,"result":["#, Start::Result, None);
    check_start(
        r#"{"result":null,"error":null,"id":5}"#,
        Start::Result,
        None,
    );
    check_start(r#"{"id":5,"error":null}"#, Start::Rubbish, Some("5"));
}

#[test]
fn c3_rubbish_is_known_early() {
    for prefix in [
        "<html",
        "[{\"id\"",
        "null",
        "{}",
        "{\"a\":1}",
        "upstream",
        "{\"result\":}",
    ] {
        check_start(prefix, Start::Rubbish, None);
    }
}

#[test]
fn outcomes_are_not_shown() {
    let shown = format!(
        "{:?}",
        read(br#"{"id":1,"error":{"message":"bad raw 0xf86c"}}"#)
    );
    assert!(!shown.contains("f86c"), "{shown}");
    let shown = format!("{:?}", read(br#"{"id":1,"result":"0xf86c"}"#));
    assert!(!shown.contains("f86c"), "{shown}");
}
