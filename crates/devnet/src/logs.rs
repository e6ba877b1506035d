//! `eth_getLogs`: which logs a filter wants, over which blocks (the execution-apis specification).

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::block::Log;
use crate::hash::Address;
use crate::hash::Hash;
use crate::hex;
use crate::params::Params;
use crate::params::block_ref;
use crate::render;
use crate::rpc::Refusal;
use crate::view::BlockRef;
use crate::view::View;

/// Blocks one call may look through.
const RANGE_BLOCKS_MAX: u64 = 2000;

/// Empty lists want anything.
#[derive(Debug)]
struct Filter {
    addresses: Vec<Address>,
    /// By position; a log must have at least as many topics.
    topics: Vec<Vec<Hash>>,
}

pub(crate) fn get_logs(view: &View, params: Params<'_>) -> Result<Value, Refusal> {
    let object = params.get(0)?;
    let filter = Filter::read(object)
        .ok_or_else(|| Refusal::params("invalid argument 0: address and topics are hex"))?;
    let mut found = Vec::new();
    for number in range(view, object)?.filter(|number| view.shows_logs(*number)) {
        let block = view.block(number);
        found.extend(render::logs(&block, &|log| filter.wants(log), None));
    }
    Ok(Value::Array(found))
}

/// Blocks above the node's head are left out without a word, as geth does.
fn range(view: &View, object: &Value) -> Result<RangeInclusive<u64>, Refusal> {
    if let Some(hash) = object.get("blockHash").filter(|hash| !hash.is_null()) {
        let at = block_ref(hash).and_then(|at| view.number(at));
        let number = at.ok_or_else(|| Refusal::new(-32000, "unknown block"))?;
        return Ok(number..=number);
    }
    let bound = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(view.head()),
        Some(value) => match block_ref(value) {
            Some(BlockRef::Number(number)) => Ok(number),
            Some(at) => Ok(view.number(at).unwrap_or(view.head())),
            None => Err(Refusal::params(format!("invalid argument 0: {name}"))),
        },
    };
    let (from, to) = (bound("fromBlock")?, bound("toBlock")?);
    if from > to && from <= view.head() {
        return Err(Refusal::new(-32000, "invalid block range params"));
    }
    let to = to.min(view.head());
    if to.saturating_sub(from) >= RANGE_BLOCKS_MAX {
        let message = format!("query exceeds max block range {RANGE_BLOCKS_MAX}");
        return Err(Refusal::params(message));
    }
    Ok(from..=to)
}

impl Filter {
    fn read(object: &Value) -> Option<Self> {
        let topics = match object.get("topics") {
            None | Some(Value::Null) => Vec::new(),
            Some(topics) => topics
                .as_array()?
                .iter()
                .map(any_of)
                .collect::<Option<_>>()?,
        };
        let addresses = any_of(object.get("address").unwrap_or(&Value::Null))?;
        Some(Self { addresses, topics })
    }

    fn wants(&self, log: &Log) -> bool {
        let emitter = self.addresses.is_empty() || self.addresses.contains(&log.address);
        emitter
            && self.topics.len() <= log.topics.len()
            && std::iter::zip(&self.topics, &log.topics)
                .all(|(wanted, topic)| wanted.is_empty() || wanted.contains(topic))
    }
}

/// `null`, one value, or a list of alternatives; a `null` among them makes all of them pointless.
fn any_of<const N: usize>(value: &Value) -> Option<Vec<[u8; N]>> {
    if value.is_null() {
        return Some(Vec::new());
    }
    let Some(list) = value.as_array() else {
        return Some(vec![hex::parse_fixed(value.as_str()?)?]);
    };
    if list.iter().any(Value::is_null) {
        return Some(Vec::new());
    }
    list.iter()
        .map(|one| hex::parse_fixed(one.as_str()?))
        .collect()
}

#[cfg(test)]
mod tests;
