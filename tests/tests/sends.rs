//! Transactions on real sockets, to miners that fail: what reached them, and what the client heard.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use devnet::Devnet;
use devnet::Fault;
use devnet::Kind;
use devnet::Plan;
use headway_tests::load::Caller;
use headway_tests::program::Program;
use serde_json::Value;

/// The example of EIP-155, and its hash.
const RAW: &str = "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
const HASH: &str = "0x33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788";

fn addresses(network: &Devnet, kind: Kind) -> String {
    let nodes = network.nodes().iter().filter(|node| node.kind() == kind);
    let addresses = nodes.map(|node| node.addr().to_string());
    addresses.collect::<Vec<_>>().join(",")
}

async fn headway(network: &Devnet) -> Program {
    let environment = [
        ("WRITE_ENDPOINT", addresses(network, Kind::Miner)),
        ("READ_ENDPOINT", addresses(network, Kind::Read)),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "off".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "off".to_owned()),
    ];
    Program::start(&environment, &["run"]).await
}

/// The result, or the reason of a refusal, and all of the answer.
fn gist(answer: &str) -> (String, Value) {
    let json: Value = serde_json::from_str(answer).unwrap();
    let reason = &json["error"]["data"]["reason"];
    let gist = json["result"].as_str().or(reason.as_str());
    (gist.unwrap_or_default().to_owned(), json)
}

/// Which miners have a fault, what is heard, and how often the transaction reached a miner.
type Row = (&'static [&'static str], Fault, &'static str, usize);

async fn check((miners, fault, hears, delivered): Row) {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let program = headway(&network).await;
    for miner in miners {
        network.node(miner).unwrap().set(fault);
    }
    let mut client = Caller::connect(program.address()).await;
    let call = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"eth_sendRawTransaction\",\"params\":[\"{RAW}\"]}}"
    );
    let (status, answer) = client.post(&call).await.unwrap();
    let (heard, json) = gist(&answer);
    assert_eq!(heard, hears, "{fault:?}: {status} {answer}");
    let reached: Vec<usize> = ["miner-1", "miner-2"]
        .map(|miner| network.node(miner).unwrap().delivered().len())
        .into();
    assert_eq!(
        reached.iter().sum::<usize>(),
        delivered,
        "{fault:?}: {reached:?}"
    );
    if hears == "outcome_unknown" {
        let data = &json["error"]["data"];
        let miner = reached.iter().position(|count| *count > 0).unwrap() + 1;
        assert_eq!(data["txHash"], HASH);
        assert_eq!(data["submittedTo"], format!("write-{miner}"));
    }
}

const BOTH: &[&str] = &["miner-1", "miner-2"];

#[tokio::test]
async fn what_a_miner_took_before_it_failed_is_found_in_the_chain() {
    check((BOTH, Fault::ResetAfter, HASH, 1)).await;
    check((BOTH, Fault::Truncated, HASH, 1)).await;
}

#[tokio::test]
async fn what_reached_nobody_goes_to_the_next() {
    check((&["miner-1"], Fault::Refuse, HASH, 1)).await;
    check((&["miner-2"], Fault::Refuse, HASH, 1)).await;
    check((BOTH, Fault::Refuse, "upstream_failed", 0)).await;
}

#[tokio::test]
async fn what_a_miner_dropped_is_of_unknown_outcome() {
    check((BOTH, Fault::NotReady, "outcome_unknown", 1)).await;
    check((BOTH, Fault::Status(502), "outcome_unknown", 1)).await;
    check((BOTH, Fault::Rubbish, "outcome_unknown", 1)).await;
}

#[tokio::test]
async fn a_miner_that_says_it_is_busy_has_not_taken_it() {
    check((BOTH, Fault::Status(429), "rate_limited", 1)).await;
}
