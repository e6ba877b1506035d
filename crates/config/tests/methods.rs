//! Where the profiles and the configuration send a method.
#![expect(clippy::unwrap_used, reason = "tests")]

use config::load::Loaded;
use config::load::Sources;
use config::load::load;
use rules::ids::Pool;
use rules::method::Duty;

/// Loads an environment written as `NAME=value NAME=value`.
fn loaded(environment: &str) -> Loaded {
    let pairs = environment
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='));
    load(&Sources {
        environment: pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        ..Sources::default()
    })
    .unwrap()
}

/// Checks lines of `method → pool duty` or `method → refused`.
fn check(environment: &str, story: &str) {
    let methods = loaded(environment).config.methods;
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (method, expected) = line.split_once(" → ").unwrap();
        let is = methods
            .classify(method)
            .map_or("refused".to_owned(), |class| {
                let duty = match class.duty {
                    Duty::Read => "read",
                    Duty::Heavy => "heavy",
                    Duty::Send => "send",
                };
                format!("{} {duty}", class.pool)
            });
        assert_eq!(is, expected, "{method} under {environment}");
    }
}

#[test]
fn tx_proxy_lets_through_what_the_original_did() {
    check(
        "READ_ENDPOINT=r WRITE_ENDPOINT=w TEST_ENDPOINT=t",
        "eth_sendRawTransaction → write send
         eth_gasPrice → write read
         eth_maxPriorityFeePerGas → write read
         eth_call → read read
         eth_createAccessList → read read
         net_version → read read
         eth_getLogs → heavy heavy
         trace_transaction → heavy heavy
         trace_new → refused
         web3_clientVersion → refused
         eth_syncing → refused
         eth_feeHistory → refused
         eth_newFilter → refused
         eth_sendTransaction → refused
         eth_subscribe → refused
         debug_traceTransaction → refused
         Eth_call → refused",
    );
}

#[test]
fn evm_lets_through_what_does_not_control_a_node() {
    check(
        "HEADWAY_PROFILE=evm READ_ENDPOINT=r WRITE_ENDPOINT=w TEST_ENDPOINT=t",
        "eth_sendRawTransaction → write send
         eth_sendRawTransactionConditional → write send
         eth_submitWork → write send
         eth_gasPrice → read read
         eth_maxPriorityFeePerGas → read read
         eth_syncing → read read
         eth_newFilter → read read
         web3_clientVersion → read read
         bor_getAuthor → read read
         eth_getLogs → heavy heavy
         trace_new → heavy heavy
         eth_subscribe → refused
         eth_unsubscribe → refused
         debug_traceTransaction → refused
         DEBUG_traceTransaction → refused
         admin_peers → refused
         engine_newPayloadV4 → refused
         miner_start → refused
         personal_unlockAccount → refused
         txpool_content → refused",
    );
}

#[test]
fn a_pool_without_a_backend_is_served_by_another() {
    check(
        "READ_ENDPOINT=r WRITE_ENDPOINT=w",
        "eth_getLogs → read heavy
         eth_sendRawTransaction → write send",
    );
    check(
        "HEADWAY_PROFILE=evm READ_ENDPOINT=r",
        "eth_getLogs → read heavy
         eth_sendRawTransaction → read send",
    );
    let warnings = loaded("HEADWAY_PROFILE=evm READ_ENDPOINT=r").warnings;
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("backends: no backend has the heavy pool, so logs and traces"));
}

#[test]
fn the_configuration_adds_to_the_lists_and_opens_what_a_profile_refuses() {
    check(
        "READ_ENDPOINT=r WRITE_ENDPOINT=w TEST_ENDPOINT=t HEADWAY_METHODS__READ=eth_syncing,net_*
         HEADWAY_METHODS__HEAVY=debug_trace* HEADWAY_METHODS__FORBID=eth_call,trace_block",
        "eth_syncing → read read
         net_peerCount → read read
         debug_traceCall → heavy heavy
         debug_setHead → refused
         eth_call → refused
         trace_block → refused
         eth_getBalance → read read",
    );
    check(
        "HEADWAY_PROFILE=evm READ_ENDPOINT=r TEST_ENDPOINT=t HEADWAY_METHODS__HEAVY=debug_*
         HEADWAY_METHODS__READ=admin_nodeInfo,eth_getLogs",
        "debug_traceCall → heavy heavy
         admin_nodeInfo → read read
         admin_peers → refused
         eth_getLogs → read read",
    );
}

#[test]
fn metrics_know_the_listed_names() {
    let of = |environment: &str| loaded(environment).config.methods.labels().len();
    assert_eq!(of("READ_ENDPOINT=r WRITE_ENDPOINT=w"), 1 + 28 + 3 + 10);
    let evm = loaded("HEADWAY_PROFILE=evm READ_ENDPOINT=r").config;
    for name in [
        "eth_gasPrice",
        "eth_feeHistory",
        "eth_syncing",
        "eth_newFilter",
        "web3_sha3",
    ] {
        let class = evm.methods.classify(name).unwrap();
        assert_eq!(&*evm.methods.labels()[class.label.index()], name);
        assert_eq!(class.pool, Pool::Read);
    }
}
