//! Bodies and what is answered to them by a node that echoes the method.

use super::*;

/// What a body is answered with; `""` is no answer at all.
const TOLD: [(&str, &str); 15] = [
    (
        r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":"a"}"#,
    ),
    (
        r#"{"id":1.50e1,"method":"\u0061","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1.50e1,"result":"a"}"#,
    ),
    (
        r#"{"id":"\u00e9","method":"a"}"#,
        r#"{"jsonrpc":"2.0","id":"\u00e9","result":"a"}"#,
    ),
    (
        r#"{"id":null,"method":"a"}"#,
        r#"{"jsonrpc":"2.0","id":null,"result":"a"}"#,
    ),
    (r#"{"method":"a"}"#, ""),
    (r#"[{"method":"a"},{"method":"b"}]"#, ""),
    (
        r#" [ {"id":2,"method":"b"} , {"method":"n"} , 7 , {"id":1,"method":"a"} ] "#,
        r#"[{"jsonrpc":"2.0","id":2,"result":"b"},{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid request"}},{"jsonrpc":"2.0","id":1,"result":"a"}]"#,
    ),
    (
        r#"[{"id":1,"method":"none"}]"#,
        r#"[{"jsonrpc":"2.0","id":1}]"#,
    ),
    (
        r#"{"id":1,"method":"refuse"}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}"#,
    ),
    (
        "[]",
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"empty batch"}}"#,
    ),
    (
        "7",
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid request"}}"#,
    ),
    (
        r#"{"id":1,"method":5}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid request"}}"#,
    ),
    (
        "",
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}"#,
    ),
    (
        r#"{"id":1,"method":"a"} x"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}"#,
    ),
    (
        "\u{feff}{}",
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}"#,
    ),
];

fn echo(call: &Call<'_>) -> Outcome {
    match call.method.as_ref() {
        "none" => Ok(None),
        "refuse" => Err(Refusal::params("no")),
        method => Ok(Some(method.into())),
    }
}

fn answered(body: &[u8]) -> String {
    let answer = Message::read(body).answer(&echo);
    String::from_utf8(answer.unwrap_or_default()).unwrap()
}

#[test]
fn bodies_and_their_answers() {
    for (body, expected) in TOLD {
        assert_eq!(answered(body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn hostile_bodies_are_refused() {
    let deep = "[".repeat(100_000);
    let many = format!("[{}7]", "7,".repeat(BATCH_CALLS_MAX));
    assert!(answered(deep.as_bytes()).contains("-32700"));
    assert!(answered(many.as_bytes()).contains("batch too large"));
    assert!(answered(b"\"\xff\"").contains("-32700"));
}
