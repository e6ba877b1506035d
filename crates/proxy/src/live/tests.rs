//! Stories about `live`: what is derived from a configuration, what is told, and what never shows.

use config::checked::Profile;

use super::*;
use crate::harness::Proxy;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

#[test]
fn user_info_is_encoded_as_rfc_4648_says() {
    for (plain, encoded) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
        ("user:pass word", "dXNlcjpwYXNzIHdvcmQ="),
    ] {
        assert_eq!(base64(plain.as_bytes()), encoded);
    }
    assert_eq!(base64(&[0xfb, 0xff, 0xbf, 0]), "+/+/AA==");
}

#[tokio::test(start_paused = true)]
async fn no_key_is_ever_shown() {
    let cast = vec![node("read-1", PoolName::Read, [Act::Echo]).user("name:password")];
    let proxy = Proxy::start(config(Profile::TxProxy), cast);
    let snapshot = proxy.worker.live.snapshot();
    let backend = &snapshot.backends[0];
    assert_eq!(
        backend.headers[header::AUTHORIZATION],
        "Basic bmFtZTpwYXNzd29yZA=="
    );
    assert_eq!(backend.path, "/v3/KEY?a=b");
    for shown in [
        format!("{:?}", proxy.worker),
        format!("{backend:?}"),
        format!("{snapshot:#?}"),
    ] {
        assert!(shown.contains("read-1"), "{shown}");
        for secret in ["KEY", "password", "bmFtZTpwYXNzd29yZA"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[test]
fn readiness_remembers_that_somebody_was_usable() {
    let told = Readiness::default();
    let says = |told: &Readiness| (told.is_ready(), told.is_serving(), told.is_draining());
    assert_eq!(says(&told), (false, false, false));
    told.set_serving(true);
    assert_eq!(says(&told), (true, true, false));
    told.set_serving(false);
    assert_eq!(says(&told), (true, false, false));
    told.set_serving(true);
    told.drain();
    assert_eq!(says(&told), (false, false, true));
}

#[tokio::test(start_paused = true)]
async fn every_pool_has_a_budget_of_its_own() {
    let proxy = Proxy::start(config(Profile::TxProxy), Vec::new());
    let live = &proxy.worker.live;
    for (spent, pool) in PoolName::ALL.into_iter().enumerate() {
        for _ in 0..=spent {
            assert!(live.budget(pool).withdraw());
        }
    }
    let left = PoolName::ALL.map(|pool| live.budget(pool).tokens());
    assert_eq!(left, [199, 198, 197, 196, 195]);
}

#[test]
fn a_call_keeps_the_view_it_started_with() {
    let view = || Snapshot {
        table: Table::default(),
        backends: Vec::new(),
        settings: Arc::new(Settings::new(config(Profile::Evm))),
    };
    let live = Live::new(view());
    let (before, again) = (live.snapshot(), live.snapshot());
    live.publish(view());
    assert!(Arc::ptr_eq(&before, &again));
    assert!(!Arc::ptr_eq(&before, &live.snapshot()));
}
