//! Which logs a filter wants.

use serde_json::json;

use super::*;

/// A log of address 1 with topics 2 and 3, and whether a filter wants it; `None` is no filter.
fn wants(filter: &Value) -> Option<bool> {
    let log = Log {
        address: [1; 20],
        topics: vec![[2; 32], [3; 32]],
        data: [0; 32],
    };
    Filter::read(filter).map(|filter| filter.wants(&log))
}

#[test]
fn addresses_by_any_and_topics_by_position() {
    let [one, nine] = [1, 9].map(|byte| hex::data(&[byte; 20]));
    let [two, three, four] = [2, 3, 4].map(|byte| hex::data(&[byte; 32]));
    let told = [
        (json!({}), Some(true)),
        (json!({"address": null, "topics": null}), Some(true)),
        (json!({"address": one}), Some(true)),
        (json!({"address": nine}), Some(false)),
        (json!({"address": [nine, one]}), Some(true)),
        (json!({"address": []}), Some(true)),
        (json!({"topics": []}), Some(true)),
        (json!({"topics": [two]}), Some(true)),
        (json!({"topics": [three]}), Some(false)),
        (json!({"topics": [null, three]}), Some(true)),
        (json!({"topics": [[], three]}), Some(true)),
        (json!({"topics": [[four, two], [three, four]]}), Some(true)),
        (json!({"topics": [[four, null], three]}), Some(true)),
        (json!({"topics": [two, three, null]}), Some(false)),
        (json!({"address": nine, "topics": [two]}), Some(false)),
        (json!({"address": "0x1"}), None),
        (json!({"address": 1}), None),
        (json!({"topics": two}), None),
        (json!({"topics": [[7]]}), None),
    ];
    for (filter, wanted) in told {
        assert_eq!(wants(&filter), wanted, "{filter}");
    }
}
