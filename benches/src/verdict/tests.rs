//! Races on both sides of every bound.

use super::*;
use crate::report::Standing;
use crate::report::Turn;

const MIB: u64 = 1 << 20;

/// CPU per call in three rounds, and idle memory.
struct Ran {
    nginx: Option<[f64; 3]>,
    headway: [f64; 3],
    idle: u64,
    wrong: u64,
}

fn turns(rival: &'static str, cpu: [f64; 3], wrong: u64) -> impl Iterator<Item = Turn> {
    (1..).zip(cpu).map(move |(round, cpu)| Turn {
        round,
        rival,
        calls: 1000,
        wrong,
        calls_per_second: 1000.0,
        p50_micros: 10,
        p99_micros: 20,
        cpu_micros_per_call: Some(cpu),
    })
}

/// Checks the verdicts by their first letter (H, B or L), in order.
fn check(ran: &Ran, wanted: &str) {
    let mut all: Vec<Turn> = turns("headway", ran.headway, ran.wrong).collect();
    all.extend(ran.nginx.into_iter().flat_map(|cpu| turns("nginx", cpu, 0)));
    let mut headway = Standing::of("headway", &all);
    headway.idle_rss_bytes = Some(ran.idle);
    let mut standings = vec![headway];
    standings.extend(ran.nginx.map(|_| Standing::of("nginx", &all)));
    let report = Report {
        connections: 64,
        seconds: 1,
        standings,
        turns: all,
    };
    let verdicts = judge(&report, 1.3);
    let found: String = verdicts
        .iter()
        .map(|verdict| match verdict {
            Verdict::Holds(_) => 'H',
            Verdict::Broken(_) => 'B',
            Verdict::LeftOut(_) => 'L',
        })
        .collect();
    assert_eq!(found, wanted, "{verdicts:?}");
}

#[test]
fn the_medians_are_compared_and_one_bad_round_is_forgiven() {
    let fine = Ran {
        nginx: Some([20.0, 21.0, 19.0]),
        headway: [25.0, 26.0, 90.0],
        idle: 12 * MIB,
        wrong: 0,
    };
    check(&fine, "HH");
    check(
        &Ran {
            headway: [26.1, 26.2, 1.0],
            ..fine
        },
        "BH",
    );
    check(
        &Ran {
            nginx: Some([0.0; 3]),
            headway: [0.0; 3],
            ..fine
        },
        "BH",
    );
    check(
        &Ran {
            nginx: None,
            ..fine
        },
        "LH",
    );
}

#[test]
fn memory_must_stay_under_the_limit_and_answers_must_be_right() {
    let fine = Ran {
        nginx: Some([20.0; 3]),
        headway: [20.0; 3],
        idle: 32 * MIB - 1,
        wrong: 0,
    };
    check(&fine, "HH");
    check(
        &Ran {
            idle: 32 * MIB,
            ..fine
        },
        "HB",
    );
    check(&Ran { wrong: 1, ..fine }, "HHB");
}
