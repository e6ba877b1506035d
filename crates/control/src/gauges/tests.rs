//! Stories about the gauges: what a first scrape shows, and what a look brings up to date.

use std::sync::Arc;

use prometheus::TextEncoder;
use rules::ids::Pool;
use rules::load::Load;

use crate::harness::Stage;

fn scrape(stage: &Stage) -> String {
    stage.gauges.look(&stage.worker.live);
    let families = stage.worker.metrics.registry().gather();
    TextEncoder::new().encode_to_string(&families).unwrap()
}

fn check(stage: &Stage, lines: &[&str]) {
    let text = scrape(stage);
    for line in lines {
        let line = format!("headway_{line}");
        assert!(
            text.lines().any(|shown| shown == line),
            "no {line} in\n{text}"
        );
    }
}

#[tokio::test]
async fn a_first_scrape_has_every_backend_pool_and_state() {
    let stage = Stage::set(&[]).await;
    let ids = [
        "read-1", "read-2", "test-1", "write-1", "write-2", "nodeos-1", "leader",
    ];
    for id in ids {
        for state in ["eligible", "lagging", "forked", "down", "wrong_chain"] {
            check(
                &stage,
                &[
                    &format!("backend_state{{backend=\"{id}\",state=\"{state}\"}} 0"),
                    &format!("backend_transitions_total{{backend=\"{id}\",to=\"{state}\"}} 0"),
                ],
            );
        }
        for name in [
            "up",
            "probe_duration_seconds",
            "probe_failures_total",
            "in_flight",
        ] {
            check(&stage, &[&format!("backend_{name}{{backend=\"{id}\"}} 0")]);
        }
    }
    for (pool, members) in [
        ("read", 2),
        ("write", 2),
        ("heavy", 1),
        ("antelope", 1),
        ("ws", 0),
    ] {
        check(
            &stage,
            &[
                &format!("backends_configured{{pool=\"{pool}\"}} {members}"),
                &format!("backends_healthy{{pool=\"{pool}\"}} {members}"),
                &format!("retry_budget_tokens{{pool=\"{pool}\"}} 200"),
                &format!("retry_budget_exhausted_total{{pool=\"{pool}\"}} 0"),
            ],
        );
    }
    let version = env!("CARGO_PKG_VERSION");
    check(&stage, &[&format!("build_info{{version=\"{version}\"}} 1")]);
}

#[tokio::test]
async fn a_look_shows_what_is_under_way() {
    let stage = Stage::set(&[]).await;
    let backend = stage.backend("read-1");
    let load: &Load = &backend.vitals.load;
    assert_eq!(load.in_flight(), 0);
    let tries = [backend.vitals.seat(), Arc::clone(&backend.vitals).seat()];
    check(
        &stage,
        &[
            "backend_in_flight{backend=\"read-1\"} 2",
            "backend_in_flight{backend=\"read-2\"} 0",
        ],
    );
    drop(tries);
    check(&stage, &["backend_in_flight{backend=\"read-1\"} 0"]);
}

#[tokio::test]
async fn a_look_counts_the_retries_that_were_not_made() {
    let stage = Stage::set(&[]).await;
    let budget = stage.worker.live.budget(Pool::Read);
    while budget.withdraw() {}
    let read = |count| format!("retry_budget_exhausted_total{{pool=\"read\"}} {count}");
    check(&stage, &[&read(1), "retry_budget_tokens{pool=\"read\"} 0"]);
    assert!(!budget.withdraw() && !budget.withdraw());
    check(
        &stage,
        &[&read(3), "retry_budget_exhausted_total{pool=\"heavy\"} 0"],
    );
}
