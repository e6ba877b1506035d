//! The method lists of the profiles, and what the configuration adds to them.

use rules::ids::Pool;
use rules::method::Methods;
use rules::method::Rule;
use rules::method::Verdict;

use crate::asked::Asked;
use crate::checked::Backend;
use crate::checked::Profile;
use crate::problem::Problem;
use crate::problem::quoted;

/// What the original container let through to its readers.
const TX_PROXY_READ: [&str; 28] = [
    "net_version",
    "eth_blockNumber",
    "eth_chainId",
    "eth_protocolVersion",
    "eth_getBlockByHash",
    "eth_getBlockByNumber",
    "eth_getBlockTransactionCountByHash",
    "eth_getBlockTransactionCountByNumber",
    "eth_getUncleByBlockHashAndIndex",
    "eth_getUncleByBlockNumberAndIndex",
    "eth_getUncleCountByBlockHash",
    "eth_getUncleCountByBlockNumber",
    "eth_getTransactionByHash",
    "eth_getRawTransactionByHash",
    "eth_getTransactionByBlockHashAndIndex",
    "eth_getRawTransactionByBlockHashAndIndex",
    "eth_getTransactionByBlockNumberAndIndex",
    "eth_getRawTransactionByBlockNumberAndIndex",
    "eth_getTransactionReceipt",
    "eth_getBlockReceipts",
    "eth_estimateGas",
    "eth_getBalance",
    "eth_getCode",
    "eth_getTransactionCount",
    "eth_getStorageAt",
    "eth_call",
    "eth_callBundle",
    "eth_createAccessList",
];

/// Its two, and the third method that the miner answers.
const TX_PROXY_WRITE: [&str; 3] = [
    "eth_sendRawTransaction",
    "eth_gasPrice",
    "eth_maxPriorityFeePerGas",
];

/// Expensive reads by name; the original's test list.
const HEAVY: [&str; 10] = [
    "eth_getLogs",
    "trace_call",
    "trace_callMany",
    "trace_rawTransaction",
    "trace_replayBlockTransactions",
    "trace_replayTransaction",
    "trace_block",
    "trace_filter",
    "trace_get",
    "trace_transaction",
];

/// What EVM nodes answer beside the original's list. Unknown methods go to the same pool: these
/// stand here so that metrics know their names.
const EVM_READ: [&str; 31] = [
    "eth_accounts",
    "eth_blobBaseFee",
    "eth_callMany",
    "eth_coinbase",
    "eth_feeHistory",
    "eth_gasPrice",
    "eth_getAccount",
    "eth_getFilterChanges",
    "eth_getFilterLogs",
    "eth_getHeaderByHash",
    "eth_getHeaderByNumber",
    "eth_getProof",
    "eth_getTransactionBySenderAndNonce",
    "eth_getWork",
    "eth_hashrate",
    "eth_maxPriorityFeePerGas",
    "eth_mining",
    "eth_newBlockFilter",
    "eth_newFilter",
    "eth_newPendingTransactionFilter",
    "eth_pendingTransactions",
    "eth_simulateV1",
    "eth_sign",
    "eth_signTransaction",
    "eth_syncing",
    "eth_uninstallFilter",
    "net_listening",
    "net_peerCount",
    "rpc_modules",
    "web3_clientVersion",
    "web3_sha3",
];

/// Transactions on their way in. The prefixes catch what nodes invent.
const EVM_WRITE: [&str; 8] = [
    "eth_sendRawTransaction",
    "eth_sendRawTransactionSync",
    "eth_sendRawTransactionConditional",
    "eth_sendTransaction",
    "eth_submitHashrate",
    "eth_submitWork",
    "eth_send*",
    "eth_submit*",
];

/// Namespaces that control a node rather than ask it.
const EVM_FORBID: [&str; 6] = [
    "admin_*",
    "debug_*",
    "engine_*",
    "miner_*",
    "personal_*",
    "txpool_*",
];

/// A subscription needs a connection that stays; an answer over HTTP would be a promise to nobody.
const HTTP_FORBID: [&str; 2] = ["eth_subscribe", "eth_unsubscribe"];

/// Which pool serves the methods of a list, after pools without a backend were replaced.
struct Serving {
    read: Verdict,
    write: Verdict,
    heavy: Verdict,
}

/// The lists of the profile and of the configuration as one.
pub(crate) fn methods(asked: &mut Asked<'_>, backends: &[Backend]) -> Methods {
    let profile = asked.profile();
    let serving = serving(asked, backends);
    let mut rules = match profile {
        Profile::TxProxy => tx_proxy(&serving),
        Profile::Evm => evm(&serving),
    };
    add(&mut rules, &HTTP_FORBID, Verdict::Forbid);
    rules.extend(configured(asked, &serving));
    let unknown = match profile {
        Profile::TxProxy => Verdict::Forbid,
        Profile::Evm => serving.read,
    };
    Methods::new(&rules, unknown)
}

fn serving(asked: &mut Asked<'_>, backends: &[Backend]) -> Serving {
    let has = |pool| backends.iter().any(|backend| backend.pool == Some(pool));
    let to = |pool, heavy| Verdict::To { pool, heavy };
    let heavy = has(Pool::Heavy);
    if !heavy {
        asked.warnings.push(Problem::new(
            "backends",
            "no backend has the heavy pool, so logs and traces go to the read pool",
            "TEST_ENDPOINT or a [[backends]] entry with pool = \"heavy\" gives them one of their own",
        ));
    }
    let own_miners = asked.profile() == Profile::TxProxy || has(Pool::Write);
    Serving {
        read: to(Pool::Read, false),
        write: to(if own_miners { Pool::Write } else { Pool::Read }, false),
        heavy: to(if heavy { Pool::Heavy } else { Pool::Read }, true),
    }
}

fn tx_proxy(serving: &Serving) -> Vec<Rule> {
    let mut rules = Vec::new();
    add(&mut rules, &TX_PROXY_READ, serving.read);
    add(&mut rules, &TX_PROXY_WRITE, serving.write);
    add(&mut rules, &HEAVY, serving.heavy);
    rules
}

fn evm(serving: &Serving) -> Vec<Rule> {
    let mut rules = Vec::new();
    add(&mut rules, &TX_PROXY_READ, serving.read);
    add(&mut rules, &EVM_READ, serving.read);
    add(&mut rules, &HEAVY, serving.heavy);
    add(&mut rules, &["trace_*"], serving.heavy);
    add(&mut rules, &EVM_WRITE, serving.write);
    add(&mut rules, &EVM_FORBID, Verdict::Forbid);
    rules
}

/// What `[methods]` adds. It stands behind the profile's rules, so it has the last word on a pattern.
fn configured(asked: &mut Asked<'_>, serving: &Serving) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for (key, verdict) in [
        ("methods.read", serving.read),
        ("methods.write", serving.write),
        ("methods.heavy", serving.heavy),
        ("methods.forbid", Verdict::Forbid),
    ] {
        let words = asked.words(key);
        for word in &words {
            if rules.iter().any(|rule| rule.pattern == *word) {
                let wrong = format!("{} stands in another list too", quoted(word));
                asked
                    .problems
                    .push(Problem::new(key, wrong, "one list for each name is right"));
            }
        }
        add(&mut rules, &words, verdict);
    }
    rules
}

fn add(rules: &mut Vec<Rule>, patterns: &[impl AsRef<str>], verdict: Verdict) {
    rules.extend(patterns.iter().map(|pattern| Rule {
        pattern: pattern.as_ref().to_owned(),
        verdict,
    }));
}
