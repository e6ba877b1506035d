//! The methods of an evm-rpc node, each answered from one view of the chain.

use serde_json::Value;
use serde_json::json;

use crate::block::Block;
use crate::block::TRANSACTION_GAS;
use crate::block::Transaction;
use crate::block::contracts;
use crate::hash::dice;
use crate::hash::keccak;
use crate::hex;
use crate::hex::quantity;
use crate::logs::get_logs;
use crate::params::Params;
use crate::render;
use crate::render::Listing;
use crate::rpc::Refusal;
use crate::view::BlockRef;
use crate::view::View;

/// What `web3_clientVersion` says.
const CLIENT_VERSION: &str = "headway-devnet/v0.1.0";
/// `eth_call` with these first four bytes of calldata reverts, so that a revert can be had.
const REVERTING: [u8; 4] = [0xde, 0xad, 0xbe, 0xef];
/// Blocks one `eth_feeHistory` reports.
const FEE_BLOCKS_MAX: u64 = 1024;

pub(crate) fn answer(view: &View, method: &str, params: Params<'_>) -> Result<Value, Refusal> {
    Ok(match method {
        "eth_chainId" => json!(quantity(view.origin().chain_id)),
        "net_version" => json!(view.origin().chain_id.to_string()),
        "web3_clientVersion" => json!(CLIENT_VERSION),
        "eth_blockNumber" => json!(quantity(view.head())),
        "eth_syncing" => json!(false),
        "eth_gasPrice" => json!(quantity(render::GAS_PRICE)),
        "eth_maxPriorityFeePerGas" => json!(quantity(render::GAS_PRICE - render::BASE_FEE)),
        "eth_feeHistory" => fee_history(view, params)?,
        "eth_getBlockByNumber" => block(view, params.block(0)?, params),
        "eth_getBlockByHash" => block(view, BlockRef::Hash(params.hash(0)?), params),
        "eth_getBlockTransactionCountByNumber" => count(view, params.block(0)?),
        "eth_getBlockTransactionCountByHash" => count(view, BlockRef::Hash(params.hash(0)?)),
        "eth_getBlockReceipts" => block_receipts(view, params.block(0)?),
        "eth_getTransactionByHash" => transaction(view, params, render::transaction)?,
        "eth_getTransactionReceipt" => transaction(view, params, render::receipt)?,
        "eth_getLogs" => get_logs(view, params)?,
        "eth_getBalance" => balance(view, params)?,
        "eth_getTransactionCount" => {
            params.address(0)?;
            // Every account is as busy as the chain: the count tells the height.
            json!(quantity(state(view, params.state_block(1)?)?))
        }
        "eth_getCode" => code(view, params)?,
        "eth_getStorageAt" => storage(view, params)?,
        "eth_call" => call(view, params)?,
        "eth_estimateGas" => {
            params.get(0)?;
            state(view, params.state_block(1)?)?;
            json!(quantity(TRANSACTION_GAS))
        }
        _ => return Err(Refusal::unknown_method(method)),
    })
}

fn block(view: &View, at: BlockRef, params: Params<'_>) -> Value {
    let listing = match params.flag(1) {
        true => Listing::Whole,
        false => Listing::Hashes,
    };
    view.number(at).map_or(Value::Null, |number| {
        render::block(view, &view.block(number), listing)
    })
}

fn count(view: &View, at: BlockRef) -> Value {
    view.number(at).map_or(Value::Null, |number| {
        json!(quantity(view.block(number).transactions.len() as u64))
    })
}

fn block_receipts(view: &View, at: BlockRef) -> Value {
    let Some(number) = view.number(at) else {
        return Value::Null;
    };
    let block = view.block(number);
    let receipts = block.transactions.iter().enumerate();
    receipts
        .map(|(index, one)| render::receipt(view, &block, index, one))
        .collect()
}

/// How one transaction of a block is written.
type Writer = fn(&View, &Block, usize, &Transaction) -> Value;

fn transaction(view: &View, params: Params<'_>, write: Writer) -> Result<Value, Refusal> {
    let found = view.transaction(&params.hash(0)?);
    Ok(found.map_or(Value::Null, |(block, index)| {
        let one = block.transactions.get(index);
        one.map_or(Value::Null, |one| write(view, &block, index, one))
    }))
}

/// The number of a block whose state is asked for; geth's words where there is none.
fn state(view: &View, at: BlockRef) -> Result<u64, Refusal> {
    view.number(at)
        .ok_or_else(|| Refusal::new(-32000, "header not found"))
}

/// A balance grows by one gwei a block, so two heights never agree by accident.
fn balance(view: &View, params: Params<'_>) -> Result<Value, Refusal> {
    let start = dice(&keccak(&[b"balance", &params.address(0)?])) >> 1;
    let number = state(view, params.state_block(1)?)?;
    let grown = number.saturating_mul(1_000_000_000);
    Ok(json!(quantity(start.saturating_add(grown))))
}

fn code(view: &View, params: Params<'_>) -> Result<Value, Refusal> {
    let address = params.address(0)?;
    state(view, params.state_block(1)?)?;
    let known = contracts(view.origin()).any(|contract| contract == address);
    Ok(json!(if known { "0x60806040" } else { "0x" }))
}

fn storage(view: &View, params: Params<'_>) -> Result<Value, Refusal> {
    let address = params.address(0)?;
    let slot = params.get(1)?.to_string();
    let hash = view.hash(state(view, params.state_block(2)?)?);
    let word = keccak(&[b"storage", &address, slot.as_bytes(), &hash]);
    Ok(json!(hex::data(&word)))
}

/// The result is one word made from the call and the hash of the block it runs on.
fn call(view: &View, params: Params<'_>) -> Result<Value, Refusal> {
    let object = params.get(0)?;
    let hash = view.hash(state(view, params.state_block(1)?)?);
    let input = object.get("input").or_else(|| object.get("data"));
    let input = input.and_then(Value::as_str).and_then(hex::parse_data);
    let input = input.unwrap_or_default();
    if input.starts_with(&REVERTING) {
        let mut refusal = Refusal::new(3, "execution reverted");
        refusal.data = Some(json!("0x"));
        return Err(refusal);
    }
    let to = object.get("to").and_then(Value::as_str).unwrap_or_default();
    let word = keccak(&[b"call", to.as_bytes(), &input, &hash]);
    Ok(json!(hex::data(&word)))
}

fn fee_history(view: &View, params: Params<'_>) -> Result<Value, Refusal> {
    let asked = params.quantity(0)?.min(FEE_BLOCKS_MAX);
    let newest = state(view, params.block(1)?)?;
    let blocks = asked.min(newest.saturating_add(1));
    let rewards = params.0.get(2).and_then(Value::as_array);
    let tip = quantity(render::GAS_PRICE - render::BASE_FEE);
    let reward = rewards.map(|percentiles| vec![json!(tip); percentiles.len()]);
    let mut history = json!({
        "oldestBlock": quantity((newest + 1).saturating_sub(blocks)),
        // One more than blocks: the last is the fee of the block after the newest.
        "baseFeePerGas": vec![json!(quantity(render::BASE_FEE)); blocks as usize + 1],
        "gasUsedRatio": vec![json!(0.5); blocks as usize],
    });
    if let (Some(reward), Some(object)) = (reward, history.as_object_mut()) {
        object.insert("reward".to_owned(), json!(vec![reward; blocks as usize]));
    }
    Ok(history)
}
