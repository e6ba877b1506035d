//! How many blocks a call of `eth_getLogs` asks for, read from its params.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;

use crate::quantity;

/// The method whose params these are.
pub const METHOD: &str = "eth_getLogs";

/// The blocks that the params of a call name, both ends included, where `head` stands for the tags
/// of blocks near it. `None` when they name no range: logs of one block by its hash, a range that
/// ends before it begins, or what a node will not take.
///
/// Where a member stands there twice, or once more in other letters, nodes differ about which one
/// counts; the widest range does here.
#[must_use]
pub fn blocks(params: &str, head: Option<u64>) -> Option<u64> {
    let Params(filter) = serde_json::from_str(params).ok()?;
    if filter.by_hash {
        return None;
    }
    let known = |bounds: &[Bound]| -> Option<Vec<u64>> {
        let bounds = if bounds.is_empty() {
            &[Bound::Head]
        } else {
            bounds
        };
        bounds.iter().map(|bound| bound.number(head)).collect()
    };
    let from = known(&filter.from)?.into_iter().min()?;
    let to = known(&filter.to)?.into_iter().max()?;
    to.checked_sub(from)?.checked_add(1)
}

/// One end of a range.
#[derive(Clone, Copy)]
enum Bound {
    Number(u64),
    Head,
    Unknown,
}

impl Bound {
    fn number(self, head: Option<u64>) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Head => head,
            Self::Unknown => None,
        }
    }

    fn read(text: &str) -> Self {
        match text {
            "latest" | "pending" | "safe" | "finalized" => Self::Head,
            "earliest" => Self::Number(0),
            number => quantity::parse(number).map_or(Self::Unknown, Self::Number),
        }
    }
}

/// What the filter says of blocks.
#[derive(Default)]
struct Filter {
    from: Vec<Bound>,
    to: Vec<Bound>,
    by_hash: bool,
}

/// The first element of an array; others are none of ours.
struct Params(Filter);

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(List)
    }
}

struct List;

impl<'de> Visitor<'de> for List {
    type Value = Params;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("params in an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Params, A::Error> {
        let filter = items.next_element()?.unwrap_or_default();
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Params(filter))
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Filter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a filter")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Filter, A::Error> {
        let mut filter = Filter::default();
        while let Some(name) = members.next_key::<String>()? {
            // Some nodes compare the names of members without regard to case.
            match name.to_ascii_lowercase().as_str() {
                "fromblock" => filter.from.extend(members.next_value::<End>()?.0),
                "toblock" => filter.to.extend(members.next_value::<End>()?.0),
                "blockhash" => {
                    filter.by_hash |= members.next_value::<Option<IgnoredAny>>()?.is_some()
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(filter)
    }
}

/// One end as it is written; `null` is as good as nothing.
struct End(Option<Bound>);

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Numbers are not by the book, and some nodes take them.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
            Other(IgnoredAny),
        }
        let written = Option::deserialize(deserializer)?;
        Ok(Self(written.map(|written| match written {
            Written::Number(number) => Bound::Number(number),
            Written::Text(text) => Bound::read(&text),
            Written::Other(IgnoredAny) => Bound::Unknown,
        })))
    }
}

#[cfg(test)]
mod tests;
