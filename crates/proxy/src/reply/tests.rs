//! Stories about `reply`: every refusal is well formed, known by its word, and says what it must.

use config::checked::Profile;
use http_body_util::BodyExt;
use serde_json::Value;

use super::*;
use crate::harness::settings::config;

const ALL: [Refusal; 15] = [
    Refusal::ParseError,
    Refusal::InvalidRequest("why"),
    Refusal::MethodNotAllowed,
    Refusal::BatchSend,
    Refusal::TooLarge,
    Refusal::TooManyCalls,
    Refusal::RequestTimeout,
    Refusal::Overloaded,
    Refusal::OverRate(Duration::from_millis(1500)),
    Refusal::LogRange(1000),
    Refusal::RateLimited(Duration::ZERO),
    Refusal::NoBackend,
    Refusal::UpstreamFailed,
    Refusal::UpstreamTimeout,
    Refusal::OutcomeUnknown,
];

async fn text(reply: Reply) -> String {
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[test]
fn metrics_know_every_reason_and_no_other() {
    let mut said: Vec<_> = ALL.iter().map(|refusal| refusal.reason()).collect();
    said.sort_unstable();
    said.dedup();
    let mut known = Refusal::REASONS;
    known.sort_unstable();
    assert_eq!(said, known);
}

#[tokio::test]
async fn a_refusal_is_an_error_object_with_the_clients_id() {
    for profile in [Profile::TxProxy, Profile::Evm] {
        let voice = Voice::new(&config(profile));
        for refusal in ALL {
            let facts = [("txHash", "0x\"1\"")];
            let reply = voice.refuse(Id::NULL, refusal, &facts);
            assert_eq!(reply.headers()[header::CONTENT_TYPE], "application/json");
            let whole: Value = serde_json::from_str(&text(reply).await).unwrap();
            assert_eq!(whole["jsonrpc"], "2.0");
            assert_eq!(whole["id"], Value::Null);
            assert!(
                whole["error"]["code"]
                    .as_i64()
                    .is_some_and(|code| code < -32_000)
            );
            assert!(!whole["error"]["message"].as_str().unwrap().is_empty());
            assert_eq!(whole["error"]["data"]["reason"], refusal.reason());
            assert_eq!(whole["error"]["data"]["txHash"], "0x\"1\"");
            let mut element = Vec::new();
            voice.refuse_element(&mut element, Id::NULL, refusal, &facts);
            assert_eq!(serde_json::from_slice::<Value>(&element).unwrap(), whole);
        }
    }
}

#[tokio::test]
async fn who_may_come_again_is_told_when() {
    let voice = Voice::new(&config(Profile::Evm));
    for refusal in ALL {
        let reply = voice.refuse(Id::NULL, refusal, &[]);
        let busy = matches!(reply.status().as_u16(), 429 | 503);
        assert_eq!(
            reply.headers().contains_key(header::RETRY_AFTER),
            busy,
            "{refusal:?}"
        );
    }
}

#[tokio::test]
async fn what_needs_no_words_has_none() {
    let (drop_in, evm) = (config(Profile::TxProxy), config(Profile::Evm));
    let (drop_in, evm) = (Voice::new(&drop_in), Voice::new(&evm));
    for reply in [
        drop_in.nothing(),
        evm.nothing(),
        evm.preflight(),
        evm.refused_notification(Refusal::MethodNotAllowed),
    ] {
        assert_eq!(reply.status(), StatusCode::NO_CONTENT);
        assert!(!reply.headers().contains_key(header::CONTENT_TYPE));
        assert_eq!(text(reply).await, "");
    }
    let told = drop_in.refused_notification(Refusal::MethodNotAllowed);
    assert_eq!(told.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn health_is_said_by_status_and_in_a_word() {
    let voice = Voice::new(&config(Profile::Evm));
    for (good, status, word) in [(true, 200, "ok\n"), (false, 503, "not ready\n")] {
        let reply = voice.health(good);
        assert_eq!(reply.status(), status);
        assert_eq!(text(reply).await, word);
    }
}

#[test]
fn a_crowd_that_is_refused_comes_back_spread_out() {
    // In words: what is waited for in milliseconds; the fewest and the most seconds that are told.
    for (wait, fewest, most) in [
        (0, 1, 2),
        (1_000, 1, 2),
        (1_001, 2, 3),
        (2_500, 3, 5),
        (5_000, 5, 8),
        (60_000, 60, 90),
    ] {
        let wait = Duration::from_millis(wait);
        let mut told: Vec<u64> = (0..200).map(|dice| retry_after(wait, dice)).collect();
        told.sort_unstable();
        told.dedup();
        assert_eq!(told, (fewest..=most).collect::<Vec<_>>(), "{wait:?}");
    }
    assert_eq!(retry_after(Duration::MAX, u64::MAX), u64::MAX);
}
