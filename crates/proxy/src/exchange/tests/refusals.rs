//! Stories about refusals: every row of the table that clients rely on, in both styles.

use config::checked::BatchSends;
use config::checked::Config;
use config::checked::HttpStatus;
use config::checked::Profile;
use rules::ids::Pool;

use super::READ;
use super::good;
use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;

/// A read that hangs for ever, beside a miner that does.
fn hanging() -> Vec<Cast> {
    vec![
        node("read-1", Pool::Read, [Act::Hang]),
        node("miner-1", Pool::Write, [Act::Hang]),
    ]
}

fn as_it_is(_: &mut Config) {}

/// A refusal as the client hears it: body, settings, backends, then word, code, id and statuses.
type Refused = (
    &'static str,
    fn(&mut Config),
    fn() -> Vec<Cast>,
    (&'static str, i64, &'static str),
    (u16, u16),
);

async fn refuses((body, set, cast, (reason, code, id), statuses): Refused) {
    let styles = [HttpStatus::TxProxy, HttpStatus::JsonRpc];
    for (style, status) in styles.into_iter().zip([statuses.0, statuses.1]) {
        let mut config = config(Profile::TxProxy);
        config.errors.http_status = style;
        set(&mut config);
        let proxy = Proxy::start(config, cast());
        let heard = proxy.post(body).await;
        let json = heard.json();
        let said = (
            heard.status,
            heard.reason(),
            json["error"]["code"].as_i64(),
            json["id"].to_string(),
        );
        let wanted = (status, reason.to_owned(), Some(code), id.to_owned());
        assert_eq!(said, wanted, "{style:?} {body}");
        assert_eq!(json["jsonrpc"], "2.0", "{body}");
        assert!(json["error"]["message"].is_string(), "{body}");
        assert_eq!(heard.header("content-type"), Some("application/json"));
        assert_eq!(heard.header("access-control-allow-origin"), Some("*"));
        let again = matches!(reason, "overloaded" | "rate_limited" | "no_backend");
        assert_eq!(heard.header("retry-after").is_some(), again, "{body}");
        let counter = format!("headway_requests_rejected_total{{reason=\"{reason}\"}}");
        assert!(
            (proxy.metric(&counter) - 1.0).abs() < 0.1,
            "{counter} {body}"
        );
        proxy.settle().await;
    }
}

const SEND: &str = r#"{"jsonrpc":"2.0","id":7,"method":"eth_sendRawTransaction","params":["0x"]}"#;

#[tokio::test(start_paused = true)]
async fn what_is_no_json_is_a_parse_error() {
    for body in [
        "",
        "{",
        r#"{"jsonrpc":"2.0","id":7,"method":"eth_call"} x"#,
        r#"{"jsonrpc":"2.0","id":7,"method":"eth_call"}{}"#,
        "\u{feff}{}",
        "[",
        "[{}",
        "{\"id\":1}\0",
    ] {
        let said = ("parse_error", -32700, "null");
        refuses((body, as_it_is, good, said, (400, 400))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_call_is_an_invalid_request() {
    for (body, id) in [
        ("1", "null"),
        ("\"eth_call\"", "null"),
        ("[]", "null"),
        (r#"{"jsonrpc":"2.0","id":7,"method":5}"#, "7"),
        (r#"{"jsonrpc":"2.0","id":7,"method":""}"#, "7"),
        (r#"{"jsonrpc":"2.0","id":7}"#, "7"),
        (r#"{"jsonrpc":"1.0","id":7,"method":"eth_call"}"#, "7"),
        (r#"{"jsonrpc":2.0,"id":7,"method":"eth_call"}"#, "7"),
        (r#"{"id":7,"method":"eth_call"}"#, "7"),
        (r#"{"jsonrpc":"2.0","id":{},"method":"eth_call"}"#, "null"),
        (r#"{"jsonrpc":"2.0","id":[1],"method":"eth_call"}"#, "null"),
        (r#"{"jsonrpc":"2.0","id":true,"method":"eth_call"}"#, "null"),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"eth_call","METHOD":"x"}"#,
            "7",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"eth_call","param\u017f":1,"params":2}"#,
            "7",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"id":8,"method":"eth_call"}"#,
            "null",
        ),
        (r#"{"jsonrpc":"2.0","id":7,"result":1}"#, "null"),
    ] {
        let said = ("invalid_request", -32600, id);
        refuses((body, as_it_is, good, said, (400, 200))).await;
    }
}

/// The table of refusals, row by row.
const ROWS: [Refused; 15] = [
    (
        r#"{"jsonrpc":"2.0","id":7,"method":"debug_x"}"#,
        as_it_is,
        good,
        ("method_not_allowed", -32601, "7"),
        (403, 200),
    ),
    (
        // An exact list is exact.
        r#"{"jsonrpc":"2.0","id":7,"method":"ETH_CALL"}"#,
        as_it_is,
        good,
        ("method_not_allowed", -32601, "7"),
        (403, 200),
    ),
    (
        r#"[{"jsonrpc":"2.0","id":7,"method":"eth_sendRawTransaction"}]"#,
        |config| config.batch.sends = BatchSends::Refuse,
        good,
        ("batch_send", -32600, "null"),
        (400, 200),
    ),
    (
        READ,
        |config| config.limits.body_bytes = 20,
        good,
        ("too_large", -32600, "null"),
        (413, 413),
    ),
    (
        r#"{"jsonrpc":"2.0","id":7,"method":"eth_call","params":[[[1]]]}"#,
        |config| config.limits.nesting = 3,
        good,
        ("too_large", -32600, "null"),
        (413, 413),
    ),
    (
        READ,
        |config| config.limits.buffered_bytes = 20,
        good,
        ("overloaded", -32603, "null"),
        (503, 503),
    ),
    (
        READ,
        |config| config.limits.read_calls = 0,
        good,
        ("overloaded", -32603, "7"),
        (503, 503),
    ),
    (
        SEND,
        |config| config.limits.write_calls = 0,
        good,
        ("overloaded", -32603, "7"),
        (503, 503),
    ),
    (
        r#"{"jsonrpc":"2.0","id":7,"method":"eth_getLogs","params":[{"fromBlock":"0x1","toBlock":"0xb"}]}"#,
        |config| config.limits.log_range = Some(10),
        good,
        ("log_range", -32602, "7"),
        (400, 200),
    ),
    (
        READ,
        as_it_is,
        || vec![node("read-1", Pool::Read, [Act::Say(429, "slow down")])],
        ("rate_limited", -32005, "7"),
        (429, 429),
    ),
    (
        READ,
        as_it_is,
        || Vec::new(),
        ("no_backend", -32603, "7"),
        (503, 503),
    ),
    (
        READ,
        as_it_is,
        || vec![node("read-1", Pool::Read, [Act::Say(200, "<html>")])],
        ("upstream_failed", -32603, "7"),
        (502, 200),
    ),
    (
        READ,
        as_it_is,
        || vec![refusing("read-1", Pool::Read)],
        ("upstream_failed", -32603, "7"),
        (502, 200),
    ),
    (
        READ,
        as_it_is,
        hanging,
        ("upstream_timeout", -32603, "7"),
        (504, 200),
    ),
    (
        SEND,
        as_it_is,
        hanging,
        ("outcome_unknown", -32603, "7"),
        (502, 200),
    ),
];

#[tokio::test(start_paused = true)]
async fn every_row_of_the_table_is_said_in_both_styles() {
    for row in ROWS {
        refuses(row).await;
    }
}
