//! The few fields Headway reads from a block; the rest stays bytes.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use crate::head::BlockHash;
use crate::head::Head;
use crate::quantity;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    number: Cow<'a, str>,
    #[serde(borrow)]
    hash: Cow<'a, str>,
    #[serde(borrow)]
    parent_hash: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
}

/// The result is not a block with number, hash, parent and time: the probe that asked has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotABlock;

impl fmt::Display for NotABlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the result is not a block with number, hash, parentHash and timestamp")
    }
}

impl std::error::Error for NotABlock {}

/// Reads the raw JSON result of `eth_getBlockByNumber` (execution-apis). `null`, a block the node
/// does not have, is `None`.
///
/// # Errors
///
/// [`NotABlock`] when a field is missing, misspelt or absurd; a pending block, whose number and hash
/// are null, is not a block either.
pub fn head(result: &[u8]) -> Result<Option<Head>, NotABlock> {
    let fields: Option<Fields<'_>> = serde_json::from_slice(result).map_err(|_| NotABlock)?;
    fields
        .map(|fields| read(&fields).ok_or(NotABlock))
        .transpose()
}

fn read(fields: &Fields<'_>) -> Option<Head> {
    Some(Head {
        number: quantity::number(&fields.number)?,
        hash: BlockHash::parse(&fields.hash)?,
        parent: BlockHash::parse(&fields.parent_hash)?,
        timestamp: quantity::number(&fields.timestamp)?,
    })
}

#[cfg(test)]
mod tests;
