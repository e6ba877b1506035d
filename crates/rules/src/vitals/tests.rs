//! What the workers share about a backend.

use super::*;

#[test]
fn a_try_is_counted_until_its_guard_goes() {
    let vitals = Arc::new(Vitals::default());
    let one = vitals.seat();
    let two = vitals.seat();
    assert_eq!(vitals.load.in_flight(), 2);
    drop(one);
    drop(two);
    assert_eq!(vitals.load.in_flight(), 0);
}

#[test]
fn dropped_connections_are_told_once() {
    let vitals = Vitals::default();
    assert_eq!(vitals.take_dropped(), 0);
    assert_eq!(vitals.connection_dropped(), 1);
    assert_eq!(vitals.connection_dropped(), 2);
    assert_eq!(vitals.take_dropped(), 2);
    assert_eq!(vitals.take_dropped(), 0);
}

#[test]
fn who_refuses_batches_gets_single_calls_from_then_on() {
    let vitals = Vitals::default();
    assert!(!vitals.wants_singles());
    vitals.refuses_batches();
    assert!(vitals.wants_singles());
}
