//! How long clients' failures keep a backend out.

use super::*;

fn at(second: u64) -> Moment {
    Moment::ZERO.after(Duration::from_secs(second))
}

#[test]
fn five_failures_in_a_row_ask_for_it_and_an_answer_starts_anew() {
    let ejection = Ejection::default();
    let asked: Vec<bool> = (0..5).map(|_| ejection.failed()).collect();
    assert_eq!(asked, [false, false, false, false, true]);
    ejection.answered();
    assert!(!ejection.failed());
}

#[test]
fn each_is_twice_as_long_as_the_last_up_to_five_minutes() {
    let ejection = Ejection::default();
    let mut now = at(1000);
    for seconds in [30, 60, 120, 240, 300, 300, 300, 300, 300, 300] {
        let rest = ejection.eject(now);
        assert_eq!(rest, Duration::from_secs(seconds));
        assert!(ejection.is_out(now));
        now = now.after(rest);
        assert!(!ejection.is_out(now), "{seconds}");
    }
    let calm = now.after(LONGEST).after(Duration::from_secs(1));
    assert_eq!(ejection.eject(calm), FIRST, "a quiet time is forgiven");
}

#[test]
fn calls_under_way_when_it_went_do_not_lengthen_it() {
    let ejection = Ejection::default();
    assert_eq!(ejection.eject(at(0)), FIRST);
    for second in 0..20 {
        assert_eq!(ejection.eject(at(second)), Duration::from_secs(30 - second));
    }
    assert!(!ejection.is_out(at(30)));
    assert_eq!(ejection.eject(at(31)), Duration::from_secs(60));
}

#[test]
fn a_busy_one_rests_until_the_last_moment_it_named() {
    let ejection = Ejection::default();
    assert_eq!(ejection.rests_for(at(0)), Duration::ZERO);
    ejection.rest(at(0), Duration::from_secs(9));
    ejection.rest(at(1), Duration::from_secs(1));
    assert_eq!(ejection.rests_for(at(2)), Duration::from_secs(7));
    assert!(ejection.is_out(at(8)) && !ejection.is_out(at(9)));
    assert_eq!(ejection.rests_for(at(10)), Duration::ZERO);
}

#[test]
fn a_backend_that_came_back_by_its_probes_is_forgiven() {
    let ejection = Ejection::default();
    ejection.eject(at(0));
    ejection.forgive();
    assert!(!ejection.is_out(at(0)));
}

#[test]
fn one_that_was_let_in_again_early_is_out_for_longer_the_next_time() {
    let ejection = Ejection::default();
    ejection.eject(at(0));
    for _ in 0..4 {
        assert!(!ejection.failed());
    }
    ejection.rest(at(1), Duration::from_secs(2));
    ejection.readmit(at(2));
    assert!(ejection.is_out(at(2)), "it is busy until the third second");
    assert!(!ejection.is_out(at(3)));
    assert!(!ejection.failed(), "what it failed before is not counted");
    assert_eq!(ejection.eject(at(4)), Duration::from_secs(60));
}
