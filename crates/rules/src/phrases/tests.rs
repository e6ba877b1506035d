//! What nodes say, word by word.

use super::*;

fn says(code: i64, message: &str) -> Says {
    Phrases::default().says(code, message)
}

const ERRORS: [(i64, &str, Says); 36] = [
    // geth, erigon
    (3, "execution reverted: header not found", Says::Other),
    (-32000, "execution reverted: too many requests", Says::Other),
    (
        -32000,
        "nonce too low: next nonce 5, tx nonce 4",
        Says::NonceUsed,
    ),
    (-32000, "already known", Says::Known),
    (-32000, "ALREADY_EXISTS: already known", Says::Known),
    (
        -32000,
        "insufficient funds for gas * price + value",
        Says::Other,
    ),
    (-32000, "replacement transaction underpriced", Says::Other),
    (-32000, "header not found", Says::Missing),
    (-32000, "Missing Trie Node 0xab (path )", Says::Missing),
    (
        -32000,
        "historical state 0xab is not available",
        Says::Missing,
    ),
    (
        -32601,
        "the method eth_x does not exist/is not available",
        Says::NoMethod,
    ),
    (-32602, "invalid argument 0: header not found", Says::Other),
    (-32603, "internal error", Says::Other),
    // nethermind, besu, reth, anvil, parity
    (-32010, "AlreadyKnown", Says::Known),
    (
        -32010,
        "OldNonce, Current nonce: 5, nonce of rejected tx: 4",
        Says::NonceUsed,
    ),
    (-32000, "Known transaction", Says::Known),
    (-32000, "Unknown transaction type", Says::Other),
    (-32604, "Method not enabled", Says::NoMethod),
    (-32003, "transaction already imported", Says::Known),
    (
        -32010,
        "Transaction with the same hash was already imported.",
        Says::Known,
    ),
    (-32001, "resource not found", Says::Missing),
    // EOS EVM and its miner
    (
        -32000,
        "assertion failure with message: validate_transaction error: 21",
        Says::NonceUsed,
    ),
    (
        -32000,
        "assertion failure with message: validate_transaction error: 23",
        Says::Other,
    ),
    (
        -32000,
        "connect ECONNREFUSED 127.0.0.1:8888",
        Says::NotReady,
    ),
    (-32000, "FetchError: fetch failed", Says::NotReady),
    // providers
    (-32005, "Too Many Requests, slow down", Says::Busy),
    (
        -32005,
        "query returned more than 10000 results",
        Says::Other,
    ),
    (-32016, "over rate limit", Says::Busy),
    (-32007, "50/second request limit reached", Says::Busy),
    (
        -32600,
        "Unsupported method: eth_x on ETH_MAINNET",
        Says::NoMethod,
    ),
    (-32004, "", Says::NoMethod),
    (429, "", Says::Busy),
    // whoever is quoted decides nothing
    (-32000, "cannot parse \"rate limit\"", Says::Other),
    (
        -32601,
        "the method header not found does not exist",
        Says::NoMethod,
    ),
    (-32017, "sender is over rate limit", Says::Other),
    (i64::MIN, "", Says::Other),
];

#[test]
fn errors_of_nodes() {
    for (code, message, meant) in ERRORS {
        assert_eq!(says(code, message), meant, "{code} {message}");
    }
}

#[test]
fn what_a_read_may_ask_another_node_for() {
    let told = [
        (Says::Other, Outcome::Answer),
        (Says::Known, Outcome::Answer),
        (Says::NonceUsed, Outcome::Answer),
        (Says::Missing, Outcome::Missing),
        (Says::Busy, Outcome::Busy),
        (Says::NotReady, Outcome::Busy),
        (Says::NoMethod, Outcome::NoMethod),
    ];
    for (says, outcome) in told {
        assert_eq!(says.outcome(), outcome, "{says:?}");
    }
}

#[test]
fn lists_of_ones_own_replace_the_defaults() {
    let phrases = Phrases {
        known: vec!["Seen It".to_owned()],
        ..Phrases::default()
    };
    assert_eq!(phrases.says(-32000, "oh, seen it before"), Says::Known);
    assert_eq!(phrases.says(-32000, "already known"), Says::Other);
    assert_eq!(phrases.says(-32000, "unseen it"), Says::Other);
    assert_eq!(phrases.says(-32000, "header not found"), Says::Missing);
}

#[test]
fn only_the_beginning_of_a_long_message_is_read() {
    let at = |bytes: usize| says(-32000, &format!("{}already known", " ".repeat(bytes)));
    assert_eq!(at(MESSAGE_BYTES_MAX - 13), Says::Known);
    assert_eq!(at(MESSAGE_BYTES_MAX - 12), Says::Other);
}

#[test]
fn how_long_a_busy_node_wants_to_rest() {
    let told = [
        (
            r#"{"code":-32005,"message":"daily limit","data":{"rate":{"backoff_seconds":30}}}"#,
            Some(30_000),
        ),
        (r#"{"data":{"backoff_seconds": 0.5}}"#, Some(500)),
        (r#"{"message":"Try again in 5s"}"#, Some(5_000)),
        (
            r#"{"message":"rate limited, try again in 250ms"}"#,
            Some(250),
        ),
        (r#"{"message":"try again in 2 minutes"}"#, Some(120_000)),
        (r#"{"message":"try again in 10 seconds."}"#, Some(10_000)),
        (r#"{"message":"try again in a while"}"#, None),
        (r#"{"message":"try again in 7 years"}"#, None),
        (
            r#"{"message":"try again in 99999999999999999999999s"}"#,
            None,
        ),
        (r#"{"data":{"backoff_seconds":"soon"}}"#, None),
        (r#"{"data":{"backoff_seconds":-1}}"#, None),
        ("{}", None),
    ];
    for (error, millis) in told {
        assert_eq!(
            patience(error),
            millis.map(Duration::from_millis),
            "{error}"
        );
    }
}
