//! Writes blocks, transactions, receipts and logs the way geth's JSON-RPC does.

use serde_json::Value;
use serde_json::json;

use crate::block::Block;
use crate::block::Log;
use crate::block::TRANSACTION_GAS;
use crate::block::Transaction;
use crate::bloom;
use crate::bloom::Bits;
use crate::bloom::Bloom;
use crate::hash::keccak;
use crate::hex::data;
use crate::hex::quantity;
use crate::view::View;

/// Wei per gas: what blocks, transactions and `eth_gasPrice` say.
pub(crate) const GAS_PRICE: u64 = 150_000_000_000;
/// The base fee in wei per gas.
pub(crate) const BASE_FEE: u64 = 1_000_000_000;
const GAS_LIMIT: u64 = 0x7fff_ffff;
/// Keccak of an empty RLP list: a block without uncles.
const NO_UNCLES: &str = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
/// The root of an empty trie: a block without transactions.
const NO_ENTRIES: &str = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

/// Whether a block lists its transactions whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    Whole,
    Hashes,
}

pub(crate) fn block(view: &View, block: &Block, listing: Listing) -> Value {
    let transactions = block.transactions.iter().enumerate();
    let transactions: Vec<Value> = transactions
        .map(|(index, one)| match listing {
            Listing::Whole => transaction(view, block, index, one),
            Listing::Hashes => json!(data(&one.hash)),
        })
        .collect();
    let count = block.transactions.len() as u64;
    let parent = match block.number.checked_sub(1) {
        Some(parent) => view.hash(parent),
        None => [0; 32],
    };
    json!({
        "number": quantity(block.number),
        "hash": data(&block.hash),
        "parentHash": data(&parent),
        "timestamp": quantity(view.timestamp(block.number)),
        "logsBloom": data(&logs_bloom(view, block.transactions.iter())),
        "transactionsRoot": root(block, b"transactions"),
        "receiptsRoot": root(block, b"receipts"),
        "stateRoot": data(&keccak(&[b"state", &block.hash])),
        "sha3Uncles": NO_UNCLES,
        "uncles": [],
        "miner": "0x0000000000000000000000000000000000000000",
        "mixHash": data(&keccak(&[b"mix", &block.hash])),
        "nonce": "0x0000000000000000",
        "difficulty": "0x1",
        "totalDifficulty": quantity(block.number.saturating_add(1)),
        "extraData": "0x",
        "size": quantity(540 + 110 * count),
        "gasLimit": quantity(GAS_LIMIT),
        "gasUsed": quantity(TRANSACTION_GAS * count),
        "baseFeePerGas": quantity(BASE_FEE),
        "transactions": transactions,
    })
}

pub(crate) fn transaction(view: &View, block: &Block, index: usize, one: &Transaction) -> Value {
    json!({
        "blockHash": data(&block.hash),
        "blockNumber": quantity(block.number),
        "transactionIndex": quantity(index as u64),
        "hash": data(&one.hash),
        "from": data(&one.from),
        "to": data(&one.to),
        "nonce": quantity(one.nonce),
        "value": quantity(one.value),
        "input": data(&one.input),
        "type": "0x0",
        "chainId": quantity(view.origin().chain_id),
        "gas": quantity(TRANSACTION_GAS * 2),
        "gasPrice": quantity(GAS_PRICE),
        "v": quantity(view.origin().chain_id.saturating_mul(2).saturating_add(35)),
        "r": data(&keccak(&[b"r", &one.hash])),
        "s": data(&keccak(&[b"s", &one.hash])),
    })
}

pub(crate) fn receipt(view: &View, block: &Block, index: usize, one: &Transaction) -> Value {
    json!({
        "blockHash": data(&block.hash),
        "blockNumber": quantity(block.number),
        "transactionIndex": quantity(index as u64),
        "transactionHash": data(&one.hash),
        "from": data(&one.from),
        "to": data(&one.to),
        "contractAddress": null,
        "status": "0x1",
        "type": "0x0",
        "gasUsed": quantity(TRANSACTION_GAS),
        "cumulativeGasUsed": quantity(TRANSACTION_GAS * (index as u64 + 1)),
        "effectiveGasPrice": quantity(GAS_PRICE),
        "logsBloom": data(&logs_bloom(view, std::iter::once(one))),
        "logs": logs(block, &|_| true, Some(index)),
    })
}

/// The logs of a block that `wanted` picks, of one transaction or of all.
pub(crate) fn logs(
    block: &Block,
    wanted: &dyn Fn(&Log) -> bool,
    only: Option<usize>,
) -> Vec<Value> {
    let owners = block.transactions.iter().enumerate();
    let all = owners.flat_map(|owner| owner.1.logs.iter().map(move |one| (owner, one)));
    // The index counts through the block, so it is given before any log is left out.
    all.enumerate()
        .filter(|(_, ((index, _), _))| only.is_none_or(|only| only == *index))
        .filter(|(_, (_, one))| wanted(one))
        .map(|(position, ((index, owner), one))| {
            json!({
                "address": data(&one.address),
                "topics": one.topics.iter().map(|topic| data(topic)).collect::<Vec<_>>(),
                "data": data(&one.data),
                "blockNumber": quantity(block.number),
                "blockHash": data(&block.hash),
                "transactionHash": data(&owner.hash),
                "transactionIndex": quantity(index as u64),
                "logIndex": quantity(position as u64),
                "removed": false,
            })
        })
        .collect()
}

fn logs_bloom<'t>(view: &View, transactions: impl Iterator<Item = &'t Transaction>) -> Bits {
    let mut bits = [0; 256];
    if view.bloom() == Bloom::Zero {
        return bits;
    }
    for log in transactions.flat_map(|one| &one.logs) {
        bloom::add(&mut bits, &log.address);
        log.topics
            .iter()
            .for_each(|topic| bloom::add(&mut bits, topic));
    }
    bits
}

fn root(block: &Block, of: &[u8]) -> String {
    match block.transactions.is_empty() {
        true => NO_ENTRIES.to_owned(),
        false => data(&keccak(&[of, &block.hash])),
    }
}
