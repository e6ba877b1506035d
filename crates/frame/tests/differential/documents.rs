//! Documents made by rule, damage done to them, and soups of tokens.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::sample::select;

/// Names of members, some of them a second spelling of another.
const NAMES: &[&str] = &[
    "\"jsonrpc\"",
    "\"id\"",
    "\"method\"",
    "\"params\"",
    "\"result\"",
    "\"error\"",
    "\"METHOD\"",
    "\"\\u006dethod\"",
    "\"param\u{17f}\"",
    "\"param\\u017F\"",
    "\"Id\"",
    "\"x\"",
    "\"\"",
];

/// Pieces that are often JSON when put side by side.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\n",
    "1",
    "null",
    "true",
    "-",
    "0.5",
    "1e9",
    "\"",
    "\\",
    "\"2.0\"",
    "\"jsonrpc\":",
    "\"id\":",
    "\"method\":",
    "\"eth_call\"",
    "\"params\":",
    "\"result\":",
    "\"error\":",
    "\"ID\":",
    "\"\\ud800\"",
    "é",
    "{\"id\":1,\"method\":\"m\"}",
    "{\"result\":null,",
];

/// A JSON value as text, with white space and spellings that printing it again would not keep.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let number = select(vec![
        "0",
        "-0",
        "1.50",
        "1e21",
        "18446744073709551616",
        "-7E-3",
    ]);
    let word = select(vec!["true", "false", "null"]);
    let odd = select(vec![
        "\"\\u00e9\\n\"",
        "\"\\ud83d\\ude00\"",
        "\"]}\\\"\"",
        "\"\\\\\"",
    ]);
    let text = any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap_or_default());
    let leaf = prop_oneof![
        number.prop_map(str::to_owned),
        word.prop_map(str::to_owned),
        odd.prop_map(str::to_owned),
        text,
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let array = prop::collection::vec(inner.clone(), 0..4);
        let object = prop::collection::vec((select(NAMES), inner), 0..4);
        prop_oneof![
            array.prop_map(|values| format!("[ {}]", values.join(" ,"))),
            object.prop_map(|members| object_of(&members)),
        ]
    })
}

/// An object that is often a call.
pub(crate) fn call() -> impl Strategy<Value = String> {
    let method = prop_oneof![
        4 => select(vec!["\"eth_call\"", "\"eth\\u005fcall\"", "\"\"", "7"]).prop_map(str::to_owned),
        1 => json(),
    ];
    let version =
        select(vec!["\"2.0\"", "\"1.0\"", "2.0", "\"2\\u002e0\""]).prop_map(str::to_owned);
    let envelope = (
        prop::option::weighted(0.8, version.prop_map(|raw| ("\"jsonrpc\"", raw))),
        prop::option::weighted(0.8, json().prop_map(|raw| ("\"id\"", raw))),
        prop::option::weighted(0.9, method.prop_map(|raw| ("\"method\"", raw))),
        prop::option::weighted(0.8, json().prop_map(|raw| ("\"params\"", raw))),
        prop::option::weighted(0.2, (select(NAMES), json())),
    );
    envelope
        .prop_map(|(a, b, c, d, e)| [a, b, c, d, e].into_iter().flatten().collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(|members| object_of(&members))
}

/// An object of these members, with white space about.
pub(crate) fn members(members: &[(&str, &str)]) -> String {
    let members = members
        .iter()
        .map(|(name, raw)| format!(" \"{name}\": {raw} "));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn object_of(members: &[(&str, String)]) -> String {
    let members = members.iter().map(|(name, raw)| format!("{name} :{raw}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join("\n,"))
}

/// The bytes of a document after one to three accidents.
pub(crate) fn damaged(documents: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![select(b"{}[]\",:\\0e-\x00\xff \n".as_slice()), any::<u8>()];
    let accidents = prop::collection::vec((any::<Index>(), 0..4, byte), 1..4);
    (documents, accidents).prop_map(|(document, accidents)| {
        let mut bytes = document.into_bytes();
        for (place, kind, byte) in accidents {
            let at = place.index(bytes.len() + 1);
            let end = bytes.len().min(at + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 => bytes.truncate(at),
                2 => drop(bytes.drain(at..end)),
                _ => drop(bytes.splice(at..end, [byte])),
            }
        }
        bytes
    })
}

/// Tokens in any order.
pub(crate) fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(select(TOKENS), 0..24).prop_map(|tokens| tokens.concat())
}
