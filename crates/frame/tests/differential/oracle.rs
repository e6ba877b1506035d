//! A second judge of calls, slow and plain, that shares nothing with ours but serde_json.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;

/// What an element is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    Call {
        id: Option<&'a str>,
        method: String,
        params: Option<&'a str>,
    },
    Invalid {
        id: &'a str,
    },
    Response,
}

impl<'a> Verdict<'a> {
    pub(crate) fn id_to_answer(self) -> Option<&'a str> {
        match self {
            Verdict::Call { id, .. } => id,
            Verdict::Invalid { id } => Some(id),
            Verdict::Response => None,
        }
    }
}

/// The elements of an array; `None` when `raw` is none.
pub(crate) fn elements(raw: &str) -> Option<Vec<&str>> {
    let elements = serde_json::from_str::<Vec<&RawValue>>(raw).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// Judges one element.
pub(crate) fn judge(raw: &str) -> Verdict<'_> {
    let Ok(Pairs(pairs)) = serde_json::from_str::<Pairs<'_>>(raw) else {
        return Verdict::Invalid { id: "null" };
    };
    let exact = |name: &str| {
        pairs
            .iter()
            .rev()
            .find(|pair| pair.0 == name)
            .map(|pair| pair.1)
    };
    let twins = |name: &str| pairs.iter().filter(|pair| folded(&pair.0) == name).count() > 1;
    let method = exact("method");
    if method.is_none() && (exact("result").is_some() || exact("error").is_some()) {
        return Verdict::Response;
    }
    let id = exact("id");
    let id_is_odd = id.is_some_and(|id| id.starts_with(['{', '[', 't', 'f']));
    if twins("id") || id_is_odd {
        return Verdict::Invalid { id: "null" };
    }
    let name = method.and_then(|raw| serde_json::from_str::<String>(raw).ok());
    let name = name.filter(|name| (1..=128).contains(&name.len()));
    match name {
        Some(method) if !["jsonrpc", "method", "params"].into_iter().any(twins) => Verdict::Call {
            id,
            method,
            params: exact("params"),
        },
        _ => Verdict::Invalid {
            id: id.unwrap_or("null"),
        },
    }
}

fn folded(name: &str) -> String {
    name.replace('\u{17f}', "s")
        .replace('\u{212a}', "k")
        .to_ascii_lowercase()
}

/// All members in order; names that stand for no text are left out.
struct Pairs<'a>(Vec<(String, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(Reader).map(Pairs)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Vec<(String, &'de str)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &'de RawValue>()? {
            if let Ok(name) = serde_json::from_str(name.get()) {
                pairs.push((name, value.get()));
            }
        }
        Ok(pairs)
    }
}
