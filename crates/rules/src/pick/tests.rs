//! Who is picked, by which step, and how evenly.

use std::sync::Arc;

use super::*;
use crate::ids::BackendId;
use crate::table::Ladder;
use crate::table::Standing;

const NOW: Moment = Moment::from_micros(1_000_000_000);

fn place(index: usize, pool: Pool, standing: Standing) -> Place {
    Place {
        id: BackendId::new(&format!("backend-{index}")),
        pool: Some(pool),
        weight: 1,
        standing,
        head: None,
        lag: Some(0),
        returned: None,
        vitals: Arc::default(),
    }
}

fn pool_of(count: usize, pool: Pool) -> Vec<Place> {
    (0..count)
        .map(|index| place(index, pool, Standing::Eligible))
        .collect()
}

fn ladder(leader: usize) -> Ladder {
    Ladder {
        leader: Some(Seat::new(leader)),
        leader_serves: vec![Pool::Read],
        leader_calls_max: 2,
        leader_first: false,
        stale: Stale::Serve,
    }
}

const fn wish(head: HeadNeed, tried: &[Seat]) -> Wish<'_> {
    Wish {
        method: Label::OTHER,
        pool: Pool::Read,
        head,
        tried,
    }
}

const ANY: Wish<'_> = wish(HeadNeed::Bound, &[]);

/// How often each seat is picked in so many throws.
fn shares(table: &Table, throws: u64) -> Vec<u64> {
    let mut shares = vec![0; table.places().len()];
    for throw in 0..throws {
        let picked = read(table, &ANY, mix(throw), NOW).unwrap();
        shares[picked.seat.index()] += 1;
    }
    shares
}

fn step(table: &Table, wish: &Wish<'_>) -> Option<(usize, Step)> {
    read(table, wish, 0x1234_5678_9abc_def0, NOW).map(|picked| (picked.seat.index(), picked.step))
}

#[test]
fn equal_backends_get_equal_shares() {
    for count in [1, 2, 3, 7] {
        let table = Table::new(pool_of(count, Pool::Read), Ladder::default());
        let fair = 10_000 / count as u64;
        for share in shares(&table, 10_000) {
            assert!(
                share.abs_diff(fair) <= fair / 5,
                "{share} of {fair} among {count}"
            );
        }
    }
}

#[test]
fn the_slower_and_the_busier_get_less() {
    let places = pool_of(3, Pool::Read);
    for (place, millis) in places.iter().zip([5, 5, 50]) {
        place
            .vitals
            .load
            .answered(Duration::from_millis(millis), NOW);
    }
    let table = Table::new(places, Ladder::default());
    assert_eq!(
        shares(&table, 1000)[2],
        0,
        "of two there is always a quicker one"
    );
    table.places()[0].vitals.load.enter();
    let shares = shares(&table, 1000);
    assert!(shares[1] > 2 * shares[0] - shares[0] / 2, "{shares:?}");
}

#[test]
fn one_without_an_estimate_counts_as_the_median() {
    let places = pool_of(3, Pool::Read);
    places[0]
        .vitals
        .load
        .answered(Duration::from_millis(1), NOW);
    places[1]
        .vitals
        .load
        .answered(Duration::from_millis(30), NOW);
    let mut table = Table::new(places, Ladder::default());
    let upper_median = table.line(Pool::Read).median_micros;
    assert_eq!(upper_median, 30_000);
    assert!(shares(&table, 900)[0] >= 500);
    table = Table::new(pool_of(2, Pool::Read), Ladder::default());
    assert!(shares(&table, 900)[0] > 300);
}

#[test]
fn a_returning_backend_starts_slowly() {
    let share_after = |seconds: u64| {
        let mut places = pool_of(2, Pool::Read);
        let back = NOW.as_micros() - seconds * 1_000_000;
        places[0].returned = Some(Moment::from_micros(back));
        // Both are as busy as their share lets them be: the returning one by a tenth at first.
        (0..9).for_each(|_| places[1].vitals.load.enter());
        let table = Table::new(places, Ladder::default());
        let load = &table.places()[0].vitals.load;
        let mut taken = 0;
        while shares(&table, 64)[0] > 0 && taken < 20 {
            load.enter();
            taken += 1;
        }
        taken
    };
    let taken = [0, 10, 15, 29, 31].map(share_after);
    assert_eq!(taken, [1, 3, 5, 9, 10]);
}

#[test]
fn near_ones_go_before_far_ones() {
    let mut places = pool_of(4, Pool::Read);
    places[0].lag = Some(9);
    places[1].lag = Some(3);
    let table = Table::new(places, Ladder::default());
    assert_eq!(shares(&table, 500)[..2], [0, 0]);
    let tried = [Seat::new(2), Seat::new(3)];
    let (seat, found) = step(&table, &wish(HeadNeed::Bound, &tried)).unwrap();
    assert!(seat < 2 && found == Step::Eligible);
}

#[test]
fn the_ladder_step_by_step() {
    let mut places = pool_of(2, Pool::Read);
    places.push(place(2, Pool::Read, Standing::Lagging));
    places.push(place(3, Pool::Read, Standing::WrongChain));
    places.push(Place {
        pool: None,
        ..place(4, Pool::Read, Standing::Eligible)
    });
    let table = Table::new(places, ladder(4));
    let seats: Vec<Seat> = (0..5).map(Seat::new).collect();
    assert!(step(&table, &ANY).is_some_and(|(seat, step)| seat < 2 && step == Step::Eligible));
    let pool_tried = [seats[0], seats[1]];
    assert_eq!(
        step(&table, &wish(HeadNeed::Bound, &pool_tried)),
        Some((4, Step::Leader))
    );
    let leader_tried = [seats[0], seats[1], seats[4]];
    assert_eq!(
        step(&table, &wish(HeadNeed::Bound, &leader_tried)),
        Some((2, Step::LeastBad))
    );
    let all_tried = [seats[0], seats[1], seats[4], seats[2]];
    assert_eq!(step(&table, &wish(HeadNeed::Bound, &all_tried)), None);
}

#[test]
fn the_leader_takes_so_many_calls_and_only_its_pools() {
    let mut places = vec![place(0, Pool::Read, Standing::Down)];
    places.push(Place {
        pool: None,
        ..place(1, Pool::Read, Standing::Eligible)
    });
    let table = Table::new(places, ladder(1));
    let leader = &table.places()[1].vitals;
    let _one = leader.seat();
    assert_eq!(step(&table, &ANY), Some((1, Step::Leader)));
    let _two = leader.seat();
    assert_eq!(step(&table, &ANY), Some((0, Step::LeastBad)));
    let sends = Wish {
        pool: Pool::Write,
        ..ANY
    };
    assert_eq!(
        send(&table, &sends, 7, NOW),
        None,
        "nobody named the leader for sends"
    );
}

#[test]
fn stale_answers_only_where_they_are_allowed() {
    let places = vec![place(0, Pool::Read, Standing::Lagging)];
    let ladder = Ladder {
        stale: Stale::HeadFree,
        ..Ladder::default()
    };
    let table = Table::new(places, ladder);
    assert_eq!(step(&table, &ANY), None);
    assert_eq!(
        step(&table, &wish(HeadNeed::Free, &[])),
        Some((0, Step::LeastBad))
    );
}

#[test]
fn a_leader_that_is_fresher_goes_first() {
    let mut places = pool_of(1, Pool::Read);
    places.push(Place {
        pool: None,
        ..place(1, Pool::Read, Standing::Eligible)
    });
    let table = Table::new(
        places,
        Ladder {
            leader_first: true,
            ..ladder(1)
        },
    );
    assert_eq!(step(&table, &ANY), Some((1, Step::Leader)));
    let tried = [Seat::new(1)];
    assert_eq!(
        step(&table, &wish(HeadNeed::Bound, &tried)),
        Some((0, Step::Eligible))
    );
}

#[test]
fn an_ejected_backend_is_passed_over_but_better_than_nobody() {
    let table = Table::new(pool_of(3, Pool::Read), Ladder::default());
    table.places()[1].vitals.ejection.eject(NOW);
    assert_eq!(shares(&table, 500)[1], 0);
    let tried = [Seat::new(0), Seat::new(2)];
    assert_eq!(
        step(&table, &wish(HeadNeed::Bound, &tried)),
        Some((1, Step::Eligible))
    );
}

#[test]
fn when_all_rest_they_share_the_work() {
    let table = Table::new(pool_of(3, Pool::Read), Ladder::default());
    for place in table.places() {
        place.vitals.ejection.rest(NOW, SLOW_START);
    }
    let shares = shares(&table, 9_000);
    assert!(
        shares.iter().all(|share| (2_400..3_600).contains(share)),
        "{shares:?}"
    );
}

/// The label of a known method.
fn label() -> Label {
    let to = crate::method::Verdict::To {
        pool: Pool::Read,
        heavy: false,
    };
    let rule = crate::method::Rule {
        pattern: "eth_new".to_owned(),
        verdict: to,
    };
    crate::method::Methods::new(&[rule], to)
        .classify("eth_new")
        .unwrap()
        .label
}

#[test]
fn who_lacks_a_method_is_asked_for_it_after_those_that_may_have_it() {
    let mut places = pool_of(3, Pool::Read);
    places[2].lag = Some(5);
    let table = Table::new(places, Ladder::default());
    let picked = |method, tried| {
        step(
            &table,
            &Wish {
                method,
                ..wish(HeadNeed::Bound, tried)
            },
        )
    };
    let vitals = |seat: usize| &table.places()[seat].vitals;
    let of = |seat| Some((seat, Step::Eligible));
    for seat in [0, 1] {
        vitals(seat).lacks.note(label(), NOW);
    }
    assert_eq!(
        picked(label(), &[]),
        of(2),
        "though it is farther from the head"
    );
    assert_ne!(
        picked(Label::OTHER, &[]),
        of(2),
        "other methods are not its concern"
    );
    vitals(2).ejection.eject(NOW);
    assert_ne!(picked(label(), &[]), of(2), "whoever fails is asked last");
    assert_eq!(picked(label(), &[Seat::new(0), Seat::new(1)]), of(2));
}

fn miner(table: &Table, client: u64, tried: &[Seat]) -> usize {
    let wish = Wish {
        method: Label::OTHER,
        pool: Pool::Write,
        head: HeadNeed::Bound,
        tried,
    };
    send(table, &wish, client, NOW).unwrap().seat.index()
}

#[test]
fn a_client_meets_one_miner_and_others_others() {
    let table = Table::new(pool_of(4, Pool::Write), Ladder::default());
    let mut shares = [0_u64; 4];
    for client in (0..4000).map(mix) {
        let home = miner(&table, client, &[]);
        assert_eq!(miner(&table, client, &[]), home);
        assert_ne!(miner(&table, client, &[Seat::new(home)]), home);
        shares[home] += 1;
    }
    assert!(
        shares.iter().all(|share| (800..1200).contains(share)),
        "{shares:?}"
    );
}

#[test]
fn only_the_clients_of_a_lost_miner_move() {
    let before = Table::new(pool_of(4, Pool::Write), Ladder::default());
    let mut places = pool_of(4, Pool::Write);
    places[2].standing = Standing::Down;
    let after = Table::new(places, Ladder::default());
    let out = Table::new(pool_of(4, Pool::Write), Ladder::default());
    out.places()[2].vitals.ejection.eject(NOW);
    for client in (0..1000).map(mix) {
        let home = miner(&before, client, &[]);
        for table in [&after, &out] {
            let found = miner(table, client, &[]);
            assert!(if home == 2 { found != 2 } else { found == home });
        }
    }
}

#[test]
fn a_miner_that_is_not_ready_is_passed_over_while_another_is() {
    let table = Table::new(pool_of(3, Pool::Write), Ladder::default());
    let home = miner(&table, 7, &[]);
    let sending = |seat: usize| &table.places()[seat].vitals.sending;
    let tire = |seat: usize| (0..3).for_each(|_| _ = sending(seat).troubled(NOW));
    tire(home);
    let next = miner(&table, 7, &[]);
    assert_ne!(next, home);
    table.places()[next].vitals.ejection.eject(NOW);
    let third = miner(&table, 7, &[]);
    assert!(
        third != home && third != next,
        "the one with nothing against it"
    );
    tire(third);
    assert_eq!(
        miner(&table, 7, &[]),
        next,
        "one that fails may still take it"
    );
    tire(next);
    assert_ne!(
        miner(&table, 7, &[]),
        next,
        "when none is ready, health counts"
    );
    sending(home).answered();
    assert_eq!(miner(&table, 7, &[]), home);
}

#[test]
fn with_one_ejected_the_cheaper_of_the_others_wins_every_throw() {
    let places = pool_of(3, Pool::Read);
    places[0].vitals.ejection.eject(NOW);
    for (place, millis) in [(1, 900), (2, 1)] {
        let took = Duration::from_millis(millis);
        places[place].vitals.load.answered(took, NOW);
    }
    let table = Table::new(places, Ladder::default());
    assert_eq!(shares(&table, 1_000), [0, 0, 1_000]);
}
