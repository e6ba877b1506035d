//! What the node says to calls, to probes and to what it does not know.

use super::*;

fn check(body: &str, wanted: &str) {
    let found = answer(body.as_bytes(), 0x1f);
    assert!(found.contains(wanted), "{body}: {found}");
    let id = found.contains(r#""id":"a""#) || body == "{";
    assert!(id, "{body}: the id is another one in {found}");
}

#[test]
fn it_answers_calls_and_probes_like_a_node() {
    let call = |method: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":"a","method":"{method}","params":{params}}}"#)
    };
    let address = format!(r#"["0x{:024x}{:016x}","latest"]"#, 5, 0xabc);
    check(
        &call("eth_getBalance", &address),
        r#""result":"0x0000000000000abc""#,
    );
    check(&call("eth_getBalance", "[]"), "-32602");
    check(
        &call("eth_getBlockByNumber", r#"["latest",false]"#),
        r#""number":"0x1f""#,
    );
    check(
        &call("eth_getBlockByNumber", r#"["0x1e",false]"#),
        r#"00001e","parentHash""#,
    );
    check(&call("eth_chainId", "[]"), r#""result":"0x4571""#);
    check(&call("eth_gasPrice", "[]"), r#""result":"0x22ecb25c00""#);
    check(&call("eth_newFilter", "[]"), "-32601");
    check("{", "-32700");
}
