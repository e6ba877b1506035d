//! Our reading of bytes beside that of plain serde_json: on documents made by rule, on the same
//! documents damaged, and on soups of tokens and bytes.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail this way"
)]

mod agree;
mod documents;
mod oracle;

use agree::check_answer;
use agree::check_scan;
use agree::limits;
use documents::damaged;
use documents::json;
use documents::members;
use documents::soup;
use frame::answer;
use frame::answer::Many;
use frame::answer::Said;
use frame::answer::Start;
use frame::message::Fault;
use frame::message::scan;
use frame::write;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_made_by_rule_are_read_as_serde_json_reads_them(call in documents::call()) {
        check_scan(call.as_bytes());
        serde_json::from_str::<serde_json::Value>(&call).unwrap();
        let is_json = !matches!(scan(call.as_bytes(), &limits()), Err(Fault::NotJson { .. }));
        prop_assert!(is_json);
    }

    #[test]
    fn batches_made_by_rule_are_read_as_serde_json_reads_them(
        calls in prop::collection::vec(documents::call(), 0..12),
    ) {
        check_scan(format!("[{}]", calls.join(" , ")).as_bytes());
    }

    #[test]
    fn damaged_calls_are_refused_when_serde_json_refuses_them(body in damaged(documents::call())) {
        check_scan(&body);
        check_answer(&body);
    }

    #[test]
    fn soups_of_tokens_are_read_as_serde_json_reads_them(body in soup()) {
        check_scan(body.as_bytes());
        check_answer(body.as_bytes());
    }

    #[test]
    fn bytes_of_any_kind_are_survived(body in any::<Vec<u8>>()) {
        check_scan(&body);
        check_answer(&body);
    }

    #[test]
    fn results_are_slices_of_what_came(id in json(), result in json()) {
        let body = members(&[("jsonrpc", "\"2.0\""), ("id", &id), ("result", &result)]);
        let answer = answer::read(body.as_bytes()).unwrap();
        let expected = Said::Result(&result);
        prop_assert_eq!(&answer.said, &expected);
        prop_assert_eq!(&body[answer.id_at.clone().unwrap()], &*id);
        let early = answer::start_id(body.as_bytes());
        prop_assert!(early.is_none() || early == answer.id_at);
        prop_assert_eq!(answer::start(body.as_bytes()), Start::Result);
        check_answer(body.as_bytes());
    }

    #[test]
    fn errors_are_slices_of_what_came(code in any::<i64>(), message in any::<String>(), data in json()) {
        let text = serde_json::to_string(&message).unwrap();
        let error = members(&[("code", &code.to_string()), ("message", &text), ("data", &data)]);
        let body = members(&[("id", "1"), ("error", &error)]);
        let answer = answer::read(body.as_bytes()).unwrap();
        let Said::Error { raw, code: found, message: told } = &answer.said else { panic!("an error") };
        prop_assert_eq!((*raw, *found, &**told), (&*error, code, &*message));
        prop_assert_eq!(answer::start(body.as_bytes()), Start::Error);
        check_answer(body.as_bytes());
    }

    #[test]
    fn damaged_answers_are_told_the_same_early_and_late(
        body in damaged(json().prop_map(|result| members(&[("id", "1"), ("result", &result)]))),
    ) {
        check_answer(&body);
    }

    #[test]
    fn answers_in_an_array_are_read_like_answers_alone(
        results in prop::collection::vec(json(), 0..6),
    ) {
        let alone: Vec<String> = results.iter().map(|raw| members(&[("result", raw)])).collect();
        let body = format!("[{}]", alone.join(","));
        let Some(Many::Each(found)) = answer::read_many(body.as_bytes()) else { panic!("an array") };
        let expected: Vec<_> = alone.iter().map(|body| answer::read(body.as_bytes())).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn what_we_write_is_json_with_the_texts_we_meant(message in any::<String>(), fact in any::<String>()) {
        let facts = [("txHash", &*fact)];
        let body = write::RefusalBody { code: -32603, message: &message, reason: "no_backend", facts: &facts };
        let mut out = Vec::new();
        write::refusal(&mut out, frame::id::Id::NULL, &body);
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(&value["error"]["message"], &message);
        prop_assert_eq!(&value["error"]["data"]["txHash"], &fact);
        let answer = answer::read(&out).unwrap();
        let Said::Error { code, message: told, .. } = &answer.said else { panic!("an error") };
        prop_assert_eq!((*code, &**told), (-32603, &*message));
    }
}
