//! What a block looks like when nodes are well, and what is refused when they are not.

use super::*;

const HASH: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";
const PARENT: &str = "0x2222222222222222222222222222222222222222222222222222222222222222";

fn block(number: &str, hash: &str, timestamp: &str) -> String {
    format!(
        r#"{{"baseFeePerGas":"0x1","number":{number},"hash":{hash},"parentHash":"{PARENT}",
            "transactions":["0xaa"],"uncles":[],"timestamp":{timestamp},"extra":{{"a":[1e400]}}}}"#
    )
}

fn check(result: &str, expected: &Result<Option<(u64, u64)>, NotABlock>) {
    let read = head(result.as_bytes()).map(|head| head.map(|head| (head.number, head.timestamp)));
    assert_eq!(read, *expected, "{result}");
}

#[test]
fn a_head_is_read_and_the_rest_left_alone() {
    let quoted = format!("\"{HASH}\"");
    let read = head(block("\"0x10\"", &quoted, "\"0x65\"").as_bytes());
    let expected = Head {
        number: 16,
        hash: BlockHash([0x11; 32]),
        parent: BlockHash([0x22; 32]),
        timestamp: 101,
    };
    assert_eq!(read, Ok(Some(expected)));
}

#[test]
fn blocks_that_are_none() {
    let hash = format!("\"{HASH}\"");
    let good = block("\"0x1\"", &hash, "\"0x2\"");
    check(&good, &Ok(Some((1, 2))));
    check(&block("\"0x0\"", &hash, "\"0x2\""), &Ok(Some((0, 2))));
    check(&block(r#""\u0030x1""#, &hash, "\"0x2\""), &Ok(Some((1, 2))));
    check("null", &Ok(None));
    check(" null ", &Ok(None));
    for bad in [
        block("null", "null", "\"0x2\""),
        block("1", &hash, "\"0x2\""),
        block("\"1\"", &hash, "\"0x2\""),
        block("\"0xffffffffffffffff\"", &hash, "\"0x2\""),
        block("\"0x1\"", "\"0x11\"", "\"0x2\""),
        block("\"0x1\"", &hash, "\"0xfffffffffffffff\""),
        good.replacen("parentHash", "parent", 1),
        good.replacen("\"hash\"", "\"number\"", 1),
        good[..good.len() - 1].to_owned(),
        format!("{good}1"),
        "{}".to_owned(),
        "[]".to_owned(),
        "false".to_owned(),
        "\"0x10\"".to_owned(),
        String::new(),
    ] {
        check(&bad, &Err(NotABlock));
    }
    assert_eq!(head(b"\xff\xfe"), Err(NotABlock));
}
