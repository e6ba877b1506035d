//! Reads the positional parameters of a call.

use serde_json::Value;

use crate::hash::Address;
use crate::hash::Hash;
use crate::hex;
use crate::rpc::Refusal;
use crate::view::BlockRef;

/// The parameters of one call, by position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params<'a>(pub(crate) &'a [Value]);

impl<'a> Params<'a> {
    pub(crate) fn get(self, index: usize) -> Result<&'a Value, Refusal> {
        let missing = || Refusal::params(format!("missing value for required argument {index}"));
        self.0.get(index).ok_or_else(missing)
    }

    pub(crate) fn hash(self, index: usize) -> Result<Hash, Refusal> {
        let text = self.get(index)?.as_str().and_then(hex::parse_fixed);
        text.ok_or_else(|| invalid(index, "a hash is 0x and 64 hex digits"))
    }

    pub(crate) fn address(self, index: usize) -> Result<Address, Refusal> {
        let text = self.get(index)?.as_str().and_then(hex::parse_fixed);
        text.ok_or_else(|| invalid(index, "an address is 0x and 40 hex digits"))
    }

    pub(crate) fn data(self, index: usize) -> Result<Vec<u8>, Refusal> {
        let text = self.get(index)?.as_str().and_then(hex::parse_data);
        text.ok_or_else(|| invalid(index, "data is 0x and whole bytes in hex"))
    }

    pub(crate) fn quantity(self, index: usize) -> Result<u64, Refusal> {
        let text = self.get(index)?.as_str().and_then(hex::parse_quantity);
        text.ok_or_else(|| invalid(index, "a quantity is 0x and hex digits"))
    }

    pub(crate) fn flag(self, index: usize) -> bool {
        self.0.get(index).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(crate) fn block(self, index: usize) -> Result<BlockRef, Refusal> {
        let reference = block_ref(self.get(index)?);
        reference.ok_or_else(|| invalid(index, "a block is a tag, a quantity or a hash"))
    }

    /// The block of a call that reads state: the latest when it names none.
    pub(crate) fn state_block(self, index: usize) -> Result<BlockRef, Refusal> {
        match self.0.get(index) {
            None | Some(Value::Null) => Ok(BlockRef::Latest),
            Some(_) => self.block(index),
        }
    }
}

/// A tag, a number, a hash, or an object naming one of the last two (EIP-1898).
pub(crate) fn block_ref(value: &Value) -> Option<BlockRef> {
    if let Value::Object(object) = value {
        let named = object
            .get("blockHash")
            .or_else(|| object.get("blockNumber"));
        return named.filter(|value| value.is_string()).and_then(block_ref);
    }
    let text = value.as_str()?;
    Some(match text {
        // Nothing waits on an evm-rpc node, so its pending block is the latest.
        "latest" | "pending" => BlockRef::Latest,
        "safe" => BlockRef::Safe,
        "finalized" => BlockRef::Finalized,
        "earliest" => BlockRef::Number(0),
        hash if hash.len() == 66 => BlockRef::Hash(hex::parse_fixed(hash)?),
        number => BlockRef::Number(hex::parse_quantity(number)?),
    })
}

fn invalid(index: usize, expected: &str) -> Refusal {
    Refusal::params(format!("invalid argument {index}: {expected}"))
}
