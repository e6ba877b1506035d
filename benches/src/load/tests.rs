//! Which answers the load takes for right.

use super::*;

fn check(head: &str, body: &str, wrong: u64) {
    let mut tally = Tally::default();
    let message = Message {
        head,
        body: body.as_bytes(),
        bytes: 0,
    };
    tally.answered(Duration::from_micros(5), 0xa1, &message);
    assert_eq!(tally.wrong, wrong, "{head} {body}");
    assert_eq!(tally.first_wrong.is_some(), wrong > 0, "{head} {body}");
    assert_eq!(tally.micros, [5], "{head} {body}");
}

#[test]
fn only_the_answer_to_this_very_call_is_right() {
    let good = "HTTP/1.1 200 OK\r\nContent-Length: 62";
    let right = r#"{"jsonrpc":"2.0","id":161,"result":"0x00000000000000a1"}"#;
    check(good, right, 0);
    check(
        good,
        r#"{ "result" : "0x00000000000000a1", "id" : 161 }"#,
        0,
    );
    check("HTTP/1.1 503 Service Unavailable", right, 1);
    check(good, &right.replace("161", "162"), 1);
    check(good, &right.replace("0a1", "0a2"), 1);
    check(
        good,
        r#"{"jsonrpc":"2.0","id":161,"error":{"code":-32000}}"#,
        1,
    );
    check(good, "", 1);
}
