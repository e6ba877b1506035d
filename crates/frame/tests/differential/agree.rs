//! Our reading of some bytes must agree with that of plain serde_json, whatever the bytes are.

use frame::answer;
use frame::answer::Many;
use frame::answer::Start;
use frame::limits::Limits;
use frame::message::Call;
use frame::message::Element;
use frame::message::Fault;
use frame::message::Message;
use frame::message::scan;
use frame::write;
use serde_json::value::RawValue;

use super::oracle;

pub(crate) fn limits() -> Limits {
    Limits {
        calls_max: 8,
        ..Limits::default()
    }
}

/// Says whether `scan` and serde_json tell the same story about `body`.
pub(crate) fn check_scan(body: &[u8]) {
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
pub(crate) fn check_answer(body: &[u8]) {
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
