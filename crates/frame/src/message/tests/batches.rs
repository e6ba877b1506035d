//! Arrays of elements: empty, overfull, mixed, and of one.

use super::*;

#[test]
fn a5_duplicate_ids_in_a_batch_are_all_kept() {
    let batch = r#"[{"id":1,"method":"a"},{"id":1,"method":"b"},{"id":1,"method":"a"}]"#;
    check(batch, "[1 a - v-; 1 b - v-; 1 a - v-]");
}

#[test]
fn b6_an_empty_batch_is_named() {
    check("[]", "EmptyBatch");
    check(" [ ] ", "EmptyBatch");
    check("[] []", "NotJson { at: 3 }");
}

#[test]
fn b7_an_overfull_batch_is_answered_id_by_id() {
    let batch = r#"[{"id":1,"method":"a"},{"method":"b"},7,{"id":{},"method":"c"},
        {"id":"x"},{"result":1,"id":3},{"id":null,"method":"d"}]"#;
    check(batch, "overfull 1 null null \"x\" null");
}

#[test]
fn b7_the_edges_of_overfull() {
    let batch = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    check(
        batch(3),
        "[null not an object; null not an object; null not an object]",
    );
    check(batch(4), "overfull null null null null");
    check(batch(30), &format!("overfull{}", " null".repeat(30)));
    check(batch(31), "FarTooMany");
    check(batch(31).replace(']', ",x]"), "NotJson { at: 63 }");
}

#[test]
fn b8_elements_that_are_no_objects_are_refused_one_by_one() {
    check(
        r#"[1,{},[]]"#,
        "[null not an object; null no method; null not an object]",
    );
    check(
        r#"["a",null,{"method":"m"}]"#,
        "[null not an object; null not an object; notification m - v-]",
    );
}

#[test]
fn b8_values_that_are_no_objects_are_refused() {
    for body in ["1", "-1e999", "\"\\ud800\"", "null", " true "] {
        check(body, "null not an object");
    }
}

#[test]
fn b9_a_batch_may_hold_notifications_only() {
    check(
        r#"[{"method":"a"},{"method":"b"}]"#,
        "[notification a - v-; notification b - v-]",
    );
}

#[test]
fn b10_elements_keep_their_order() {
    check(
        r#"[{"id":3,"method":"c"},1,{"id":1,"method":"a"}]"#,
        "[3 c - v-; null not an object; 1 a - v-]",
    );
}

#[test]
fn b16_one_element_in_an_array_is_a_batch() {
    check(r#"[{"id":1,"method":"m"}]"#, "[1 m - v-]");
}

#[test]
fn b18_an_answer_from_a_client_is_no_call() {
    check(r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#, "response");
    check(r#"{"id":1,"error":{}}"#, "response");
    check(r#"{"id":1,"id":2,"result":null}"#, "response");
    check(
        r#"[{"id":1,"result":1},{"id":2,"method":"m","result":1}]"#,
        "[response; 2 m - v-]",
    );
}

#[test]
fn the_element_and_the_name_are_kept_as_written() {
    let body = b" [ {\"id\" : 1,\"method\":\"\\u006d\" } ] ";
    let Ok(Message::Batch(elements)) = scan(body, &LIMITS) else {
        panic!("a batch")
    };
    let [Element::Call(call)] = &*elements else {
        panic!("one call")
    };
    assert_eq!(
        (call.raw, call.method_raw),
        ("{\"id\" : 1,\"method\":\"\\u006d\" }", "\"\\u006d\"")
    );
}
