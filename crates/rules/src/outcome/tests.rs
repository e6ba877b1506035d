//! What nodes and proxies say, and what it means.

use super::*;

#[test]
fn errors_of_nodes() {
    let told = [
        (3, "execution reverted: no", Outcome::Answer),
        (-32000, "nonce too low", Outcome::Answer),
        (-32000, "already known", Outcome::Answer),
        (-32000, "header not found", Outcome::Missing),
        (-32000, "Missing Trie Node 0xab", Outcome::Missing),
        (-32001, "resource not found", Outcome::Missing),
        (-32005, "Too Many Requests, slow down", Outcome::Busy),
        (
            -32005,
            "query returned more than 10000 results",
            Outcome::Answer,
        ),
        (429, "", Outcome::Busy),
        (
            -32601,
            "the method header not found does not exist",
            Outcome::Answer,
        ),
        (-32603, "internal error", Outcome::Answer),
        (i64::MIN, "", Outcome::Answer),
    ];
    for (code, message, outcome) in told {
        assert_eq!(of_error(code, message), outcome, "{code} {message}");
    }
}

#[test]
fn statuses_without_an_answer() {
    let told = [
        (429, Outcome::Busy),
        (503, Outcome::Busy),
        (500, Outcome::Broken),
        (502, Outcome::Broken),
        (301, Outcome::Broken),
        (401, Outcome::Broken),
        (200, Outcome::Broken),
    ];
    for (status, outcome) in told {
        assert_eq!(of_status(status), outcome, "{status}");
    }
}

#[test]
fn each_has_its_own_place_and_name() {
    for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
        assert_eq!(outcome.index(), index);
        let same = Outcome::ALL
            .into_iter()
            .filter(|other| other.as_str() == outcome.as_str());
        assert_eq!(same.count(), 1);
    }
}
