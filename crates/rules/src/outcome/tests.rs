//! What nodes and proxies say, and what it means.

use super::*;

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
