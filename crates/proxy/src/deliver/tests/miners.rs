//! Every way in which a miner can fail a transaction: what its client hears, and what reached whom.

use std::time::Duration;

use config::checked::Profile;
use rules::ids::Pool;

use super::NOW;
use super::after;
use super::gist;
use super::seconds;
use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::client::Heard;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;

/// The example of EIP-155, and its hash.
const RAW: &str = "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
pub(super) const HASH: &str = "0x33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788";
pub(super) const SEND: &str = "eth_sendRawTransaction";

pub(super) const NULL: Act = Act::Say(200, r#"{"jsonrpc":"2.0","id":$ID,"result":null}"#);
pub(super) const IN_CHAIN: Act = Act::Say(
    200,
    r#"{"jsonrpc":"2.0","id":$ID,"result":{"blockNumber":"0x5","hash":"0x33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788"}}"#,
);

/// A miner's error.
macro_rules! error {
    ($status:literal, $code:literal, $message:literal) => {
        Act::Say(
            $status,
            concat!(
                r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":"#,
                $code,
                r#","message":""#,
                $message,
                r#""}}"#
            ),
        )
    };
}

pub(super) fn sending(id: &str, method: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":[\"{RAW}\"]}}")
}

pub(super) use error;

/// The client's own miner, and another one. Which is which is up to the rendezvous.
pub(super) fn home() -> [&'static str; 2] {
    ["miner-1", "miner-2"]
}

/// One transaction.
struct Row {
    told: &'static str,
    /// What the client's own miner does; `None`: it refuses connections.
    home: Option<Act>,
    /// What the other miner does.
    other: Option<Act>,
    /// What the reader says to one look-up after the other.
    reader: Vec<Act>,
    /// The result, the error's own text, or the reason.
    hears: &'static str,
    after: Duration,
    /// What reached the client's own miner, and the other one.
    reached: [usize; 2],
}

fn row(told: &'static str, home: Act, hears: &'static str) -> Row {
    Row {
        told,
        home: Some(home),
        other: Some(Act::Echo),
        reader: vec![NULL],
        hears,
        after: NOW,
        reached: [1, 0],
    }
}

/// Nobody can tell, and five seconds of looking do not help.
fn unknown(told: &'static str, home: Act) -> Row {
    Row {
        after: seconds(5),
        ..row(told, home, "outcome_unknown")
    }
}

fn found(told: &'static str, home: Act, reader: Vec<Act>, millis: u64) -> Row {
    Row {
        reader,
        after: Duration::from_millis(millis),
        ..row(told, home, HASH)
    }
}

fn silent() -> Vec<Row> {
    vec![
        Row {
            home: None,
            reached: [0, 1],
            ..row(
                "refuses, so that nothing was sent",
                NULL,
                "miner-2/eth_sendRawTransaction",
            )
        },
        Row {
            home: None,
            other: None,
            reached: [0, 0],
            ..row("both refuse", NULL, "upstream_failed")
        },
        Row {
            home: None,
            other: Some(Act::Reset),
            reached: [0, 1],
            ..unknown("one refuses, the next dies", NULL)
        },
        unknown("resets before it has read all", Act::Slam),
        unknown("resets after it has read all", Act::Reset),
        Row {
            after: seconds(55),
            ..unknown("hangs: time is kept for looking", Act::Hang)
        },
        Row {
            after: seconds(30),
            ..row(
                "is slow",
                after(30, Act::Echo),
                "miner-1/eth_sendRawTransaction",
            )
        },
        Row {
            after: seconds(55),
            ..unknown("is slower than a client waits", after(52, Act::Echo))
        },
    ]
}

fn broken() -> Vec<Row> {
    let cut = Act::Cut("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"jsonrpc\":\"2.0\"");
    vec![
        unknown("breaks off in the answer", cut),
        unknown(
            "breaks off in the JSON",
            Act::Say(200, "{\"jsonrpc\":\"2.0\",\"id\":7,\"res"),
        ),
        unknown(
            "speaks something else",
            Act::Raw("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        ),
        unknown("answers rubbish", Act::Say(200, "<html>")),
        unknown("answers nothing", Act::Say(200, "")),
        unknown("500 in HTML", Act::Say(500, "<html>")),
        unknown("502 from something in front", Act::Say(502, "<html>")),
        unknown("503 from something in front", Act::Say(503, "away")),
        unknown("504 from something in front", Act::Say(504, "")),
        unknown(
            "neither result nor error",
            Act::Say(200, "{\"jsonrpc\":\"2.0\",\"id\":7}"),
        ),
    ]
}

fn spoken() -> Vec<Row> {
    let said = |home: Act, hears| row(hears, home, hears);
    vec![
        said(Act::Say(429, "slow down"), "rate_limited"),
        said(
            error!(429, "-32005", "too many requests"),
            "too many requests",
        ),
        said(error!(200, "-32005", "rate limit"), "rate limit"),
        said(error!(503, "-32000", "come back later"), "come back later"),
        said(error!(500, "-32603", "internal error"), "internal error"),
        said(
            error!(200, "-32000", "insufficient funds"),
            "insufficient funds",
        ),
        said(
            error!(200, "-32000", "replacement transaction underpriced"),
            "replacement transaction underpriced",
        ),
        said(
            error!(200, "-32017", "sender is over rate limit"),
            "sender is over rate limit",
        ),
        said(error!(200, "3", "execution reverted"), "execution reverted"),
        said(
            error!(200, "-32602", "invalid argument 0"),
            "invalid argument 0",
        ),
        said(
            error!(200, "-32601", "method not found"),
            "method not found",
        ),
        said(
            error!(200, "-32000", "header not found"),
            "header not found",
        ),
        said(
            error!(200, "-32000", "node is not ready"),
            "node is not ready",
        ),
        said(error!(200, "-32000", "already known"), "already known"),
        said(error!(200, "-32000", "nonce too low"), "nonce too low"),
    ]
}

fn looked_up() -> Vec<Row> {
    vec![
        found(
            "the answer is lost, the chain has it",
            Act::Reset,
            vec![IN_CHAIN],
            0,
        ),
        found(
            "it comes into the chain",
            Act::Reset,
            vec![NULL, NULL, NULL, IN_CHAIN],
            1500,
        ),
        found(
            "in the last moment",
            Act::Reset,
            [vec![NULL; 9], vec![IN_CHAIN]].concat(),
            4500,
        ),
        found("after a 502", Act::Say(502, ""), vec![NULL, IN_CHAIN], 500),
        found(
            "after neither",
            Act::Say(200, "{}"),
            vec![NULL, IN_CHAIN],
            500,
        ),
        found("after time was up", Act::Hang, vec![NULL, IN_CHAIN], 50_500),
        found(
            "a node that fails is asked again",
            Act::Reset,
            vec![Act::Reset, Act::Say(500, "x"), IN_CHAIN],
            1000,
        ),
        found(
            "a node that hangs is given up",
            Act::Reset,
            vec![Act::Hang, IN_CHAIN],
            2000,
        ),
        Row {
            reader: vec![Act::Echo],
            ..unknown(
                "a node that says the same to everything is not believed",
                Act::Reset,
            )
        },
    ]
}

fn seen_before() -> Vec<Row> {
    vec![
        Row {
            home: None,
            other: Some(error!(200, "-32000", "already known")),
            reached: [0, 1],
            ..found("already known, after a try of ours", NULL, vec![NULL], 0)
        },
        Row {
            home: None,
            other: Some(error!(200, "-32000", "nonce too low")),
            reached: [0, 1],
            ..row(
                "nonce too low, where nothing was sent before",
                NULL,
                "nonce too low",
            )
        },
    ]
}

fn miner(id: &'static str, act: Option<&Act>) -> Cast {
    match act {
        Some(act) => node(id, Pool::Write, [act.clone()]),
        None => refusing(id, Pool::Write),
    }
}

pub(super) fn start(home_acts: Option<&Act>, other: Option<&Act>, reader: &[Act]) -> Proxy {
    let [first, second] = home();
    let cast = vec![
        miner(first, home_acts),
        miner(second, other),
        node("reader", Pool::Read, reader),
    ];
    Proxy::start(config(Profile::TxProxy), cast)
}

pub(super) fn reached(proxy: &Proxy) -> [usize; 2] {
    home().map(|id| proxy.count(id))
}

#[tokio::test(start_paused = true)]
async fn whatever_a_miner_does_a_transaction_is_delivered_once_and_its_client_hears_the_truth() {
    let rows = [silent(), broken(), spoken(), looked_up(), seen_before()];
    for row in rows.into_iter().flatten() {
        let proxy = start(row.home.as_ref(), row.other.as_ref(), &row.reader);
        let heard = proxy.post(sending("7", SEND)).await;
        let told = row.told;
        assert_eq!(gist(&heard), row.hears, "{told}");
        assert_eq!(heard.took, row.after, "{told}");
        assert_eq!(reached(&proxy), row.reached, "{told}");
        assert_eq!(heard.json()["id"], 7, "{told}");
        if row.hears == "outcome_unknown" {
            let to = home()[usize::from(row.reached == [0, 1])];
            check_facts(&heard, to, told);
        }
        proxy.settle().await;
        assert_eq!(reached(&proxy), row.reached, "{told}: later");
    }
}

fn check_facts(heard: &Heard, to: &str, told: &str) {
    let data = &heard.json()["error"]["data"];
    assert_eq!(heard.status, 502, "{told}");
    assert_eq!(data["txHash"], HASH, "{told}");
    assert_eq!(data["submittedTo"], to, "{told}");
    assert_eq!(data["known"], serde_json::Value::Null, "{told}");
}
