//! Stories about `reading`: what an answer means to the one who asked in this shape.

use super::*;

fn read_as(shape: Shape, status: u16, body: &'static str) -> (Outcome, Reading) {
    let answered = Answered {
        cut: false,
        status: StatusCode::from_u16(status).unwrap(),
        first: Bytes::from_static(body.as_bytes()),
        rest: None,
        retry_after: None,
    };
    read(&answered, shape, &Phrases::default())
}

/// What was read, in a word, with the texts of what was said.
fn word(reading: &Reading) -> String {
    let said = |value: &Value| format!("{:?} {}", value.got, String::from_utf8_lossy(&value.text));
    match reading {
        Reading::Whole { value, .. } => said(value),
        Reading::Beginning { got, .. } => format!("beginning {got:?}"),
        Reading::Parts(parts) => {
            let part =
                |part: &Part| format!("{}={:?} {}", part.id, part.outcome, said(&part.value));
            parts.iter().map(part).collect::<Vec<_>>().join("; ")
        }
        Reading::BatchRefused => "batch refused".to_owned(),
        Reading::TooLong => "too long".to_owned(),
        Reading::NoRoom => "no room".to_owned(),
        Reading::Nothing => "nothing".to_owned(),
    }
}

fn check(shape: Shape, rows: &[(u16, &'static str, Outcome, &str)]) {
    for (status, body, outcome, wanted) in rows {
        let (meant, reading) = read_as(shape, *status, body);
        assert_eq!(
            (meant, word(&reading).as_str()),
            (*outcome, *wanted),
            "{status} {body}"
        );
    }
}

#[test]
fn an_answer_in_json_rpc_wins_over_its_status() {
    let reverted = r#"{"id":1,"error":{"code":3,"message":"reverted"}}"#;
    let raw = r#"Error {"code":3,"message":"reverted"}"#;
    check(
        Shape::Single,
        &[
            (
                200,
                r#"{"id":1,"result": 1.0 }"#,
                Outcome::Answer,
                "Result 1.0",
            ),
            (
                200,
                r#"{"id":1,"result":null}"#,
                Outcome::Answer,
                "Result null",
            ),
            (
                200,
                r#"{"result":1,"error":null}"#,
                Outcome::Answer,
                "Result 1",
            ),
            (
                200,
                r#"{"result":null,"error":"no"}"#,
                Outcome::Answer,
                "Error \"no\"",
            ),
            (200, reverted, Outcome::Answer, raw),
            (302, reverted, Outcome::Answer, raw),
            (401, reverted, Outcome::Answer, raw),
            (500, reverted, Outcome::Answer, raw),
            (429, reverted, Outcome::Busy, raw),
            (503, reverted, Outcome::Busy, raw),
            (429, r#"{"id":1,"result":1}"#, Outcome::Answer, "Result 1"),
        ],
    );
}

#[test]
fn what_is_no_answer_is_judged_by_its_status() {
    let rows = [
        (200, Outcome::Broken),
        (204, Outcome::Broken),
        (302, Outcome::Broken),
        (401, Outcome::Broken),
        (404, Outcome::Broken),
        (500, Outcome::Broken),
        (429, Outcome::Busy),
        (503, Outcome::Busy),
    ];
    for (status, outcome) in rows {
        for body in [
            "",
            "<html>",
            "1",
            "null",
            "[1]",
            "{}",
            "{\"id\":1}",
            "{\"result\":1",
        ] {
            check(Shape::Single, &[(status, body, outcome, "nothing")]);
        }
        check(Shape::Batch, &[(status, "<html>", outcome, "nothing")]);
    }
}

#[test]
fn the_text_of_an_error_tells_what_another_backend_may_do_better() {
    let error = |code, text| -> &'static str {
        format!("{{\"error\":{{\"code\":{code},\"message\":\"{text}\"}}}}").leak()
    };
    for (code, text, outcome) in [
        (-32000, "Header not found", Outcome::Missing),
        (-32000, "missing trie node 0x", Outcome::Missing),
        (-32001, "resource not found", Outcome::Missing),
        (-32005, "rate limit exceeded", Outcome::Busy),
        (429, "compute units", Outcome::Busy),
        (
            -32005,
            "query returned more than 10000 results",
            Outcome::Answer,
        ),
        (-32000, "nonce too low", Outcome::Answer),
        (-32601, "method not found", Outcome::NoMethod),
        (-32000, "node is not ready", Outcome::Busy),
    ] {
        let (meant, _) = read_as(Shape::Single, 200, error(code, text));
        assert_eq!(meant, outcome, "{code} {text}");
    }
}

#[test]
fn a_batch_is_read_element_by_element() {
    check(
        Shape::Batch,
        &[
            (200, "[]", Outcome::Answer, ""),
            (
                200,
                r#"[{"id":2,"result":"b"},1,{"result":0},{"id":null,"result":0},{"id":"0","error":{"code":429}},{"id":1}]"#,
                Outcome::Answer,
                r#"2=Answer Result "b"; 0=Busy Error {"code":429}"#,
            ),
            (
                200,
                r#"{"id":null,"error":{"code":-32600,"message":"no batches"}}"#,
                Outcome::Answer,
                "batch refused",
            ),
            (
                200,
                r#"{"id":null,"error":{"code":429}}"#,
                Outcome::Busy,
                "nothing",
            ),
            (
                429,
                r#"{"id":null,"error":{"code":1}}"#,
                Outcome::Busy,
                "nothing",
            ),
            (
                400,
                r#"{"id":null,"error":{"code":1}}"#,
                Outcome::Answer,
                "batch refused",
            ),
            (
                502,
                r#"{"id":null,"error":{"code":1}}"#,
                Outcome::Broken,
                "nothing",
            ),
        ],
    );
}

#[test]
fn of_a_notification_only_the_status_counts() {
    check(
        Shape::Silent,
        &[
            (200, "", Outcome::Answer, "nothing"),
            (204, "", Outcome::Answer, "nothing"),
            (200, "<html>", Outcome::Answer, "nothing"),
            (500, r#"{"id":1,"result":1}"#, Outcome::Broken, "nothing"),
            (429, "", Outcome::Busy, "nothing"),
            (302, "", Outcome::Broken, "nothing"),
        ],
    );
}
