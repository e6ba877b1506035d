//! Clients that ask too much, and clients that must not suffer for them.

use proptest::prelude::*;

use super::*;

const fn at(millis: u64) -> Moment {
    Moment::from_micros(millis * 1000)
}

/// Whole tokens that a client can take at this moment.
fn taken(clients: &Clients, client: u64, rate: &Rate, now: Moment) -> usize {
    std::iter::repeat_with(|| clients.take(client, 1, rate, now))
        .take_while(Result::is_ok)
        .count()
}

#[test]
fn a_burst_passes_and_then_the_rate() {
    let (clients, rate) = (Clients::default(), Rate::new(5, 25));
    for (now, passed) in [
        (at(0), 25),
        (at(0), 0),
        (at(199), 0),
        (at(200), 1),
        (at(1000), 4),
        (at(4000), 15),
        // However long it rests, it saves up no more than a burst.
        (at(3_600_000), 25),
    ] {
        assert_eq!(taken(&clients, 7, &rate, now), passed, "{now:?}");
    }
}

#[test]
fn who_is_refused_hears_when_to_come_back() {
    let (clients, rate) = (Clients::default(), Rate::new(5, 25));
    assert_eq!(clients.take(7, 25, &rate, at(0)), Ok(()));
    for (tokens, millis) in [(1, 200), (10, 2000), (25, 5000), (1000, 5000)] {
        let wait = Duration::from_millis(millis);
        assert_eq!(clients.take(7, tokens, &rate, at(0)), Err(wait));
    }
    // A refusal costs nothing, and who comes when told to is let in.
    assert_eq!(
        clients.take(7, 10, &rate, at(1999)),
        Err(Duration::from_millis(1))
    );
    assert_eq!(clients.take(7, 10, &rate, at(2000)), Ok(()));
}

#[test]
fn what_weighs_more_than_a_bucket_holds_takes_all_of_it() {
    let (clients, rate) = (Clients::default(), Rate::new(1, 5));
    assert_eq!(clients.take(7, 100, &rate, at(0)), Ok(()));
    assert_eq!(
        clients.take(7, 100, &rate, at(4999)),
        Err(Duration::from_millis(1))
    );
    assert_eq!(clients.take(7, 100, &rate, at(5000)), Ok(()));
}

#[test]
fn another_rate_holds_at_once() {
    let (clients, slow) = (Clients::default(), Rate::new(1, 1_000_000));
    assert_eq!(clients.take(7, 1_000_000, &slow, at(0)), Ok(()));
    let fast = Rate::new(5, 25);
    let wait = Duration::from_millis(200);
    assert_eq!(clients.take(7, 1, &fast, at(0)), Err(wait));
    assert_eq!(clients.take(7, 1, &fast, at(200)), Ok(()));
    assert_eq!(taken(&clients, 7, &fast, at(3200)), 15);
}

#[test]
fn clients_do_not_take_from_each_other() {
    let (clients, rate) = (Clients::default(), Rate::new(1, 5));
    for client in 0..10_000 {
        assert_eq!(taken(&clients, client, &rate, at(0)), 5, "{client}");
    }
}

#[test]
fn a_crowd_is_never_refused_and_the_table_does_not_grow() {
    let (clients, rate) = (Clients::default(), Rate::new(1, 5));
    for client in 0..4 * CLIENTS_MAX as u64 {
        let client = client << 32;
        assert_eq!(clients.take(client, 5, &rate, at(0)), Ok(()), "{client}");
    }
    let sets = clients.sets.get().unwrap();
    assert_eq!(sets.len() * WAYS, CLIENTS_MAX);
    assert_eq!(
        size_of_val(&**sets).div_ceil(1 << 20),
        2,
        "a little over 1 MiB"
    );
    // Who came last is still known.
    let last = (4 * CLIENTS_MAX as u64 - 1) << 32;
    assert!(clients.take(last, 1, &rate, at(0)).is_err());
}

#[test]
fn whoever_owes_most_is_forgotten_last() {
    let (clients, rate) = (Clients::default(), Rate::new(1, 100));
    let greedy = 7;
    assert_eq!(clients.take(greedy, 100, &rate, at(0)), Ok(()));
    for client in 1000..1000 + 2 * CLIENTS_MAX as u64 {
        assert_eq!(clients.take(client, 1, &rate, at(0)), Ok(()));
    }
    assert!(clients.take(greedy, 1, &rate, at(0)).is_err());
}

proptest! {
    #[test]
    fn nobody_gets_more_than_a_burst_and_the_rate(
        per_second in 1_u32..1000,
        burst in 1_u32..1000,
        calls in proptest::collection::vec((0_u64..300_000, 1_u32..20), 1..200),
    ) {
        let (clients, rate) = (Clients::default(), Rate::new(per_second, burst));
        let (mut now, mut passed) = (Moment::from_micros(1), 0_u64);
        let start = now;
        for (later, tokens) in calls {
            now = now.after(Duration::from_micros(later));
            if clients.take(7, tokens, &rate, now).is_ok() {
                passed += u64::from(tokens.min(burst));
            }
        }
        // A token takes a whole number of nanoseconds, which may be less than its share of a second.
        let filled = now.since(start).as_nanos() / rate.token.as_nanos() + 1;
        prop_assert!(u128::from(passed) <= u128::from(burst) + filled);
    }

    #[test]
    fn who_waits_as_told_passes(burst in 1_u32..1000, tokens in 1_u32..2000, used in 0_u32..2000) {
        let (clients, rate) = (Clients::default(), Rate::new(3, burst));
        let mut now = at(0);
        let _passed = clients.take(7, used, &rate, now);
        if let Err(wait) = clients.take(7, tokens, &rate, now) {
            // Moments are whole microseconds.
            now = now.after(wait + Duration::from_micros(1));
            prop_assert_eq!(clients.take(7, tokens, &rate, now), Ok(()));
        }
    }
}
