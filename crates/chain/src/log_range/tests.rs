//! Ranges of blocks as clients write them, by the book and otherwise.

use proptest::prelude::*;

use super::*;

const HEAD: u64 = 1000;

fn check(rows: &[(&str, Option<u64>)]) {
    for (params, count) in rows {
        assert_eq!(blocks(params, Some(HEAD)), *count, "{params}");
    }
}

#[test]
fn ranges_are_counted() {
    check(&[
        (r#"[{"fromBlock":"0x1","toBlock":"0xa"}]"#, Some(10)),
        (r#"[{"fromBlock":"0xa","toBlock":"0xa"}]"#, Some(1)),
        (
            r#"[{"toBlock":"0xa","address":"0x1","fromBlock":"0x1","topics":[null,["0x2"]]}]"#,
            Some(10),
        ),
        (
            r#"[ { "fromBlock" : "0x1" , "toBlock" : "0xa" } , "more" ]"#,
            Some(10),
        ),
        // Tags are the head, and so is what is not said.
        (r#"[{"fromBlock":"0x1"}]"#, Some(HEAD)),
        (r#"[{"fromBlock":"0x1","toBlock":null}]"#, Some(HEAD)),
        (
            r#"[{"fromBlock":"earliest","toBlock":"latest"}]"#,
            Some(HEAD + 1),
        ),
        (
            r#"[{"fromBlock":"0x0","toBlock":"pending"}]"#,
            Some(HEAD + 1),
        ),
        (r#"[{"fromBlock":"safe","toBlock":"finalized"}]"#, Some(1)),
        (r#"[{"toBlock":"0x400"}]"#, Some(25)),
        (r#"[{}]"#, Some(1)),
        (r#"[]"#, Some(1)),
    ]);
}

#[test]
fn what_some_node_may_take_is_counted_as_well() {
    check(&[
        (r#"[{"fromBlock":1,"toBlock":10}]"#, Some(10)),
        (r#"[{"fromBlock":"0x0001","toBlock":"0xA"}]"#, Some(10)),
        (r#"[{"FROMBLOCK":"0x1","toblock":"0xa"}]"#, Some(10)),
        (
            r#"[{"fromBlock":"0x1","fromBlock":"0x9","toBlock":"0xa"}]"#,
            Some(10),
        ),
        (
            r#"[{"fromBlock":"0x9","toBlock":"0x9","fromblock":"0x1","toBlock":"0xa"}]"#,
            Some(10),
        ),
        (r#"[{"from\u0042lock":"0x1","toBlock":"0xa"}]"#, Some(10)),
        (r#"[{"fromBlock":"0x\u0031","toBlock":"0xa"}]"#, Some(10)),
        (
            r#"[{"fromBlock":"0x1","toBlock":"0xa","blockHash":null}]"#,
            Some(10),
        ),
        (
            r#"[{"fromBlock":"0x0","toBlock":"0xffffffffffffffff"}]"#,
            None,
        ),
        (
            r#"[{"fromBlock":"0x1","toBlock":"0xffffffffffffffff"}]"#,
            Some(u64::MAX),
        ),
    ]);
}

#[test]
fn where_nothing_can_be_counted_the_node_judges() {
    check(&[
        (r#"[{"blockHash":"0x1"}]"#, None),
        (r#"[{"blockHash":"0x1","fromBlock":"0x0"}]"#, None),
        (r#"[{"fromBlock":"0xa","toBlock":"0x1"}]"#, None),
        (r#"[{"fromBlock":"ten","toBlock":"0xa"}]"#, None),
        (r#"[{"fromBlock":"10","toBlock":"0xa"}]"#, None),
        (r#"[{"fromBlock":-1,"toBlock":"0xa"}]"#, None),
        (r#"[{"fromBlock":1.5,"toBlock":"0xa"}]"#, None),
        (r#"[{"fromBlock":{"a":[1]},"toBlock":"0xa"}]"#, None),
        (
            r#"[{"fromBlock":"0x1ffffffffffffffff","toBlock":"0xa"}]"#,
            None,
        ),
        (r#"{"fromBlock":"0x1","toBlock":"0xa"}"#, None),
        (r#"["0x1","0xa"]"#, None),
        (r#"[[]]"#, None),
        (r#"null"#, None),
        (r#""#, None),
        (r#"[{"fromBlock":"0x1","#, None),
    ]);
}

#[test]
fn without_a_head_tags_are_not_judged() {
    for (params, count) in [
        (r#"[{"fromBlock":"0x1","toBlock":"0xa"}]"#, Some(10)),
        (r#"[{"fromBlock":"earliest","toBlock":"0xa"}]"#, Some(11)),
        (r#"[{"fromBlock":"0x1"}]"#, None),
        (r#"[{"fromBlock":"0x1","toBlock":"latest"}]"#, None),
        (r#"[{}]"#, None),
    ] {
        assert_eq!(blocks(params, None), count, "{params}");
    }
}

#[test]
fn depth_is_no_danger() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for (member, count) in [
        ("topics", Some(1)),
        ("fromBlock", None),
        ("blockHash", None),
    ] {
        let params = format!("[{{\"{member}\":{deep}}}]");
        assert_eq!(blocks(&params, Some(HEAD)), count, "{member}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in ".{0,200}", head in any::<Option<u64>>()) {
        let _whatever = blocks(&text, head);
    }

    #[test]
    fn any_range_is_counted(from in any::<u64>(), to in any::<u64>(), order in any::<bool>()) {
        let (one, two) = (format!("\"fromBlock\":\"{from:#x}\""), format!("\"toBlock\":\"{to:#x}\""));
        let (one, two) = if order { (one, two) } else { (two, one) };
        let counted = blocks(&format!("[{{{one},{two}}}]"), Some(HEAD));
        prop_assert_eq!(counted, to.checked_sub(from).and_then(|blocks| blocks.checked_add(1)));
    }
}
