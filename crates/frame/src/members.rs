//! The members of one JSON object and the elements of one array, as raw slices.

use std::fmt;

use serde::Deserializer as _;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;

use crate::literal;

/// Calls `take` with the unescaped name and the raw value of every member of the object that
/// `text` must be, in the order written. Values are checked to be JSON and not decoded.
pub(crate) fn each<'a>(
    text: &'a str,
    take: impl FnMut(&str, &'a str),
) -> Result<(), serde_json::Error> {
    let mut source = serde_json::Deserializer::from_str(text);
    source.deserialize_map(Members(take))?;
    source.end()
}

/// The elements of an array.
#[derive(Default)]
pub(crate) struct Items<'a> {
    /// The first of them, raw.
    pub(crate) kept: Vec<&'a str>,
    /// How many there were in all.
    pub(crate) count: usize,
}

/// Reads the array that `text` must be to its end and keeps at most `kept_max` of its elements.
pub(crate) fn items(text: &str, kept_max: usize) -> Result<Items<'_>, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_str(text);
    let items = source.deserialize_seq(Elements { kept_max })?;
    source.end()?;
    Ok(items)
}

struct Members<Take>(Take);

impl<'de, Take: FnMut(&str, &'de str)> Visitor<'de> for Members<Take> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        // Names are taken raw: decoding them here would fail on a lone surrogate in a member
        // nobody asks for.
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            if let Some(name) = literal::unescape(name.get()) {
                (self.0)(&name, value.get());
            }
        }
        Ok(())
    }
}

struct Elements {
    kept_max: usize,
}

impl<'de> Visitor<'de> for Elements {
    type Value = Items<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items<'de>, A::Error> {
        let mut items = Items::default();
        while let Some(element) = seq.next_element::<&RawValue>()? {
            if items.count < self.kept_max {
                items.kept.push(element.get());
            }
            items.count += 1;
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests;
