//! Our reading of bytes beside that of plain serde_json: on documents made by rule, on the same
//! documents damaged, and on soups of tokens and bytes.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail this way"
)]

mod documents;
mod oracle;

use frame::answer;
use frame::answer::Many;
use frame::answer::Said;
use frame::answer::Start;
use frame::limits::Limits;
use frame::message::Call;
use frame::message::Element;
use frame::message::Fault;
use frame::message::Message;
use frame::message::scan;
use frame::write;
use proptest::prelude::*;
use serde_json::value::RawValue;

use documents::damaged;
use documents::json;
use documents::members;
use documents::soup;

fn limits() -> Limits {
    Limits {
        calls_max: 8,
        ..Limits::default()
    }
}

/// Says whether `scan` and serde_json tell the same story about `body`.
fn check_scan(body: &[u8]) {
    let plain = serde_json::from_slice::<&RawValue>(body);
    let found = scan(body, &limits());
    let elements = plain
        .as_ref()
        .ok()
        .and_then(|raw| oracle::elements(raw.get()));
    match found {
        Err(Fault::NotJson { at }) => assert!(plain.is_err() && at <= body.len()),
        Err(Fault::TooDeep { at }) => assert!(matches!(body[at], b'[' | b'{')),
        Err(Fault::EmptyBatch) => assert_eq!(elements, Some(vec![])),
        Err(Fault::FarTooMany) => assert!(elements.unwrap().len() > 80),
        Ok(Message::Single(element)) => {
            assert_eq!(elements, None);
            check_element(&element, plain.unwrap().get());
        }
        Ok(Message::Batch(found)) => {
            let elements = elements.unwrap();
            assert_eq!(found.len(), elements.len());
            for (element, raw) in found.iter().zip(elements) {
                check_element(element, raw);
            }
        }
        Ok(Message::Overfull(ids)) => {
            let elements = elements.unwrap();
            assert!(elements.len() > 8);
            let expected = elements
                .into_iter()
                .filter_map(|raw| oracle::judge(raw).id_to_answer());
            assert!(ids.iter().map(|id| id.as_str()).eq(expected));
        }
    }
}

fn check_element(found: &Element<'_>, raw: &str) {
    let expected = oracle::judge(raw);
    match found {
        Element::Call(call) => {
            let found = oracle::Verdict::Call {
                id: call.id.map(|id| id.as_str()),
                method: call.method.to_string(),
                params: call.params,
            };
            assert_eq!((found, call.raw), (expected, raw));
            check_rewritten(call);
        }
        Element::Invalid { id, .. } => {
            assert_eq!(
                oracle::Verdict::Invalid { id: id.as_str() },
                expected,
                "{raw}"
            );
        }
        Element::Response => assert_eq!(oracle::Verdict::Response, expected, "{raw}"),
    }
}

/// What we send on is the same call to whoever reads it, and to us.
fn check_rewritten(call: &Call<'_>) {
    let mut once = Vec::new();
    write::call(&mut once, 7, call);
    let Ok(Message::Single(Element::Call(again))) = scan(&once, &limits()) else {
        panic!("not a call: {}", String::from_utf8_lossy(&once))
    };
    assert_eq!(again.id.and_then(|id| id.as_u64()), Some(7));
    assert_eq!(
        (&again.method, again.method_raw),
        (&call.method, call.method_raw)
    );
    assert_eq!((again.params, again.version), (call.params, call.version));
    let mut twice = Vec::new();
    write::call(&mut twice, 7, &again);
    assert_eq!(once, twice);

    let mut notification = Vec::new();
    write::notification(&mut notification, call);
    let Ok(Message::Single(Element::Call(again))) = scan(&notification, &limits()) else {
        panic!("not a call: {}", String::from_utf8_lossy(&notification))
    };
    assert_eq!(
        (again.id, &again.method, again.params),
        (None, &call.method, call.params)
    );
}

/// Says whether what is told of the beginning of `body` agrees with what is told of all of it.
fn check_answer(body: &[u8]) {
    let whole = answer::read(body);
    let many = answer::read_many(body);
    if let Some(Many::One(one)) = &many {
        assert_eq!(Some(one), whole.as_ref());
    }
    assert_eq!(whole.is_some(), matches!(many, Some(Many::One(_))));
    let mut before = Start::Undecided;
    for end in 0..=body.len() {
        let now = answer::start(&body[..end]);
        assert!(
            before == Start::Undecided || before == now,
            "{before:?} became {now:?}"
        );
        before = now;
        let id_at = answer::start_id(&body[..end]);
        assert!(id_at.is_none_or(|at| at.end <= end));
    }
    if whole.is_some() {
        assert!(matches!(before, Start::Result | Start::Error), "{before:?}");
    }
}

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
