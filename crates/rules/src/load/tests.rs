//! What the latency estimate is after answers, failures and silence.

use super::*;

enum Event {
    Answered(u64),
    Failed(u64),
    Forget,
}
use Event::*;

/// Events at a second, each took so many milliseconds; the estimate in milliseconds after them.
fn check(story: &[(u64, Event)], expected: Option<u32>) {
    let load = Load::default();
    for (second, event) in story {
        let now = Moment::ZERO.after(Duration::from_secs(*second));
        match event {
            Answered(millis) => load.answered(Duration::from_millis(*millis), now),
            Failed(millis) => load.failed(Duration::from_millis(*millis), now),
            Forget => load.forget(),
        }
    }
    assert_eq!(load.latency_micros().map(|micros| micros / 1000), expected);
}

#[test]
fn it_rises_at_once_and_falls_slowly() {
    check(&[], None);
    check(&[(0, Answered(5))], Some(5));
    check(&[(0, Answered(5)), (0, Answered(900))], Some(900));
    check(&[(0, Answered(900)), (0, Answered(0))], Some(891));
    check(&[(0, Answered(900)), (10, Answered(0))], Some(331));
    check(&[(0, Answered(900)), (600, Answered(5))], Some(5));
    check(&[(0, Answered(900)), (0, Forget)], None);
}

#[test]
fn failures_worsen_and_never_improve() {
    check(&[(0, Answered(50)), (0, Failed(1))], Some(100));
    let many = |failures| {
        let failed = std::iter::repeat_with(|| (0, Failed(1))).take(failures);
        [(0, Answered(50))]
            .into_iter()
            .chain(failed)
            .collect::<Vec<_>>()
    };
    check(&many(3), Some(400));
    check(&many(9), Some(1000));
    check(&[(0, Answered(2000)), (0, Failed(1))], Some(2000));
    check(&[(0, Answered(50)), (1, Failed(800))], Some(800));
    check(&[(0, Answered(50)), (100, Failed(3))], Some(3));
    check(&[(0, Failed(1))], None);
}

#[test]
fn a_peak_fades_while_nobody_asks() {
    let load = Load::default();
    load.answered(Duration::from_secs(10), Moment::ZERO);
    let at = |second| load.expected_micros(Moment::ZERO.after(Duration::from_secs(second)));
    assert_eq!(at(0), Some(10_000_000));
    assert!(at(10).is_some_and(|micros| (3_600_000..3_700_000).contains(&micros)));
    assert!(at(120).is_some_and(|micros| micros < 100));
    assert_eq!(Load::default().expected_micros(Moment::ZERO), None);
}

#[test]
fn a_stamp_from_a_worker_that_is_ahead_is_not_old() {
    let load = Load::default();
    load.answered(Duration::from_millis(400), Moment::from_micros(5_001_000));
    let earlier = Moment::from_micros(5_000_000);
    assert_eq!(load.expected_micros(earlier), Some(400_000));
    load.answered(Duration::from_millis(1), earlier);
    assert!(load.latency_micros().is_some_and(|micros| micros > 390_000));
}

#[test]
fn a_process_older_than_49_days_still_knows_what_is_old() {
    let load = Load::default();
    let wrapped = Moment::ZERO.after(Duration::from_millis(u64::from(u32::MAX)));
    load.answered(Duration::from_secs(1), wrapped);
    let later = wrapped.after(Duration::from_secs(10));
    assert!(
        load.expected_micros(later)
            .is_some_and(|micros| micros < 400_000)
    );
}

#[test]
fn tries_under_way_are_counted() {
    let load = Load::default();
    load.enter();
    load.enter();
    load.leave();
    assert_eq!(load.in_flight(), 1);
}
