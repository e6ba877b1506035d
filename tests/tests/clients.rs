//! Real clients against a real Anvil, through the real program in the `evm` profile. Every client is
//! put through one list of checks by a script of its own, which prints a line for each.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use headway_tests::load::Caller;
use headway_tests::parts;
use headway_tests::parts::Anvil;
use serde_json::Value;
use serde_json::json;

/// What a client is put through.
const CHECKS: [&str; 10] = [
    "chain id",
    "block number",
    "balance",
    "send and receipt",
    "revert",
    "unknown method",
    "batch of 25",
    "batch of 100",
    "one bad call in a batch",
    "polling",
];

/// The same without batches, which cast does not send.
const WITHOUT_BATCHES: [&str; 7] = [
    "chain id",
    "block number",
    "balance",
    "send and receipt",
    "revert",
    "unknown method",
    "polling",
];

/// What clients over WebSockets are put through.
const OVER_SOCKETS: [&str; 7] = [
    "ethers calls",
    "ethers sends",
    "ethers calls a hundred times at once",
    "viem calls",
    "viem sends",
    "viem keeps its socket alive",
    "web3.js calls",
];

/// What a page of another origin is put through.
const IN_A_BROWSER: [&str; 7] = [
    "an answer is read",
    "the preflight was answered",
    "the preflight is remembered",
    "an error is read",
    "a refusal is read",
    "bytes that are no JSON are refused readably",
    "the end",
];
const CHROMIUM: &str = "/usr/bin/chromium";

/// Runs a client's script, if the client is installed, and compares what it printed.
async fn check(
    client: &str,
    installed: &Path,
    program: &Path,
    script: Option<&str>,
    checks: &[&str],
) {
    if !installed.exists() {
        return parts::left_out(&format!("{client} against a real Anvil"));
    }
    let Some(anvil) = Anvil::start() else {
        return parts::left_out(&format!("a real Anvil for {client}"));
    };
    let headway = anvil.behind_headway().await;
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{}", headway.pid()));
    let output = Command::new(program)
        .args(script.map(|script| parts::scripts().join(script)))
        .arg(format!("http://{}", headway.address()))
        // Only the script that starts a browser has a use for these.
        .args([Path::new(CHROMIUM), &profile])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let wanted: Vec<_> = checks.iter().map(|check| format!("ok {check}")).collect();
    let said: Vec<_> = said.lines().collect();
    assert_eq!(said, wanted, "{client}: {errors}");
}

async fn check_script(client: &str, script: &str, checks: &[&str]) {
    let installed = parts::scripts().join("node_modules").join(client);
    check(client, &installed, Path::new("node"), Some(script), checks).await;
}

#[tokio::test]
async fn ethers_works_through_headway() {
    check_script("ethers", "ethers.mjs", &CHECKS).await;
}

#[tokio::test]
async fn viem_works_through_headway() {
    check_script("viem", "viem.mjs", &CHECKS).await;
}

#[tokio::test]
async fn web3_js_works_through_headway() {
    check_script("web3", "web3js.mjs", &CHECKS).await;
}

#[tokio::test]
async fn ethers_viem_and_web3_js_work_over_web_sockets() {
    check_script("viem", "sockets.mjs", &OVER_SOCKETS).await;
}

#[tokio::test]
async fn cast_works_through_headway() {
    check_script("@foundry-rs/cast", "cast.mjs", &WITHOUT_BATCHES).await;
}

#[tokio::test]
async fn web3_py_works_through_headway() {
    let python = parts::target().join("python/bin/python");
    check("web3.py", &python, &python, Some("web3_py.py"), &CHECKS).await;
}

#[tokio::test]
async fn alloy_works_through_headway() {
    let client = parts::target().join("alloy/debug/alloy-client");
    if !client.exists() {
        return parts::tell("LEFT OUT: alloy against a real Anvil; .ci/full builds it");
    }
    check("alloy", &client, &client, None, &CHECKS).await;
}

#[tokio::test]
async fn a_page_of_another_origin_works_through_headway() {
    if !Path::new(CHROMIUM).exists() {
        return parts::left_out("a page of another origin in Chromium");
    }
    check_script("puppeteer-core", "browser.mjs", &IN_A_BROWSER).await;
}

#[tokio::test]
async fn a_mixed_batch_is_answered_by_anvil_as_the_specification_says() {
    let Some(anvil) = Anvil::start() else {
        return parts::left_out("a mixed batch to a real Anvil");
    };
    let headway = anvil.behind_headway().await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": "a", "method": "eth_chainId", "params": []},
        {"jsonrpc": "2.0", "method": "eth_blockNumber", "params": []},
        {"jsonrpc": "2.0", "id": null, "method": "eth_chainId", "params": []},
        {"jsonrpc": "2.0", "id": 3, "method": "eth_noSuchMethod", "params": []},
        5,
    ]);
    let mut caller = Caller::connect(headway.address()).await;
    let (status, answer) = caller.post(&batch.to_string()).await.unwrap();
    let answers: Vec<Value> = serde_json::from_str(&answer).unwrap();
    let said: Vec<_> = answers
        .iter()
        .map(|answer| (&answer["id"], &answer["result"], &answer["error"]["code"]))
        .collect();
    let nothing = Value::Null;
    let chain = json!("0x7a69");
    assert_eq!(status, 200);
    assert_eq!(
        said,
        [
            (&json!("a"), &chain, &nothing),
            (&nothing, &chain, &nothing),
            (&json!(3), &nothing, &json!(-32601)),
            (&nothing, &nothing, &json!(-32600)),
        ]
    );
}
