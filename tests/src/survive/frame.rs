//! A client's message and a backend's answer, read by us and by a second judge.

use bytes::Bytes;
use http::StatusCode;
use proxy::reading;
use proxy::reading::Reading;
use proxy::reading::Shape;
use proxy::reading::Value;
use proxy::upstream::Answered;
use rules::outcome::Outcome;
use rules::phrases;
use rules::phrases::Phrases;
use serde_json::value::RawValue;

#[path = "../../../crates/frame/tests/differential/agree.rs"]
mod agree;
#[path = "../../../crates/frame/tests/differential/oracle.rs"]
mod oracle;

/// What a client sent.
pub(super) fn envelope(bytes: &[u8]) {
    agree::check_scan(bytes);
}

/// What a backend answered: two bytes for the status, then the body.
pub(super) fn answer(bytes: &[u8]) {
    let Some((status, body)) = bytes.split_at_checked(2) else {
        return;
    };
    agree::check_answer(body);
    let status = 200 + u16::from_be_bytes([status[0], status[1]]) % 400;
    let phrases = Phrases::default();
    if let Ok(text) = std::str::from_utf8(body) {
        let _rest = phrases::patience(text);
    }
    for shape in [Shape::Single, Shape::Batch, Shape::Silent] {
        let answered = Answered {
            status: StatusCode::from_u16(status).unwrap(),
            first: Bytes::copy_from_slice(body),
            rest: None,
            retry_after: None,
            cut: false,
        };
        let (outcome, reading) = reading::read(&answered, shape, &phrases);
        // What came was sent and came in time, whatever it is.
        assert!(!matches!(outcome, Outcome::NotSent | Outcome::TimedOut));
        check(body, &reading);
    }
}

fn check(body: &[u8], reading: &Reading) {
    match reading {
        Reading::Whole { value, id_at, .. } => {
            is_json(value);
            if let Some(at) = id_at {
                let id = &body[at.clone()];
                assert!(serde_json::from_slice::<&RawValue>(id).is_ok());
            }
        }
        Reading::Parts(parts) => parts.iter().for_each(|part| is_json(&part.value)),
        Reading::BatchRefused | Reading::Nothing => {}
        Reading::Beginning { .. } | Reading::TooLong | Reading::NoRoom => {
            panic!("nothing is left to come")
        }
    }
}

/// Values are put between bytes of ours, so they must be whole.
fn is_json(value: &Value) {
    let whole = serde_json::from_slice::<&RawValue>(&value.text);
    assert!(whole.is_ok_and(|raw| raw.get().len() == value.text.len()));
}
