//! The three methods of a miner.

use serde_json::Value;
use serde_json::json;

use crate::hex;
use crate::ledger::Ledger;
use crate::ledger::NotTaken;
use crate::params::Params;
use crate::render;
use crate::rpc::Outcome;
use crate::rpc::Refusal;

/// The one method that changes the chain.
pub(crate) const SEND: &str = "eth_sendRawTransaction";

/// Whether a miner has fetched what it needs to take transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    Ready,
    NotReady,
}

pub(crate) fn answer(
    ledger: &Ledger,
    readiness: Readiness,
    method: &str,
    params: Params<'_>,
) -> Outcome {
    match method {
        SEND if readiness == Readiness::NotReady => Ok(None),
        SEND => send(ledger, params).map(Some),
        "eth_gasPrice" => Ok(Some(json!(hex::quantity(render::GAS_PRICE)))),
        "eth_maxPriorityFeePerGas" => Ok(Some(json!("0x0"))),
        _ => Err(Refusal::new(-32601, "Method not found")),
    }
}

fn send(ledger: &Ledger, params: Params<'_>) -> Result<Value, Refusal> {
    let raw = params.data(0)?;
    if raw.is_empty() {
        return Err(Refusal::params(
            "invalid argument 0: the transaction is empty",
        ));
    }
    match ledger.submit(&raw) {
        Ok(hash) => Ok(json!(hex::data(&hash))),
        Err(NotTaken::Known) => Err(Refusal::new(-32000, "already known")),
        Err(NotTaken::Full) => Err(Refusal::new(-32000, "txpool is full")),
    }
}
