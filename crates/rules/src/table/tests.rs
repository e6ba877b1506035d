//! Who stands where in the lines, and who may be ejected.

use std::time::Duration;

use chain::head::BlockHash;

use super::*;

/// A backend: pool, standing, lag.
type Row = (Pool, Standing, Option<u64>);

fn places(rows: &[Row]) -> Vec<Place> {
    let place = |(index, (pool, standing, lag)): (usize, &Row)| Place {
        id: BackendId::new(&format!("b{index}")),
        pool: Some(*pool),
        weight: 1,
        standing: *standing,
        head: None,
        lag: *lag,
        returned: None,
        vitals: Arc::default(),
    };
    rows.iter().enumerate().map(place).collect()
}

fn check(rows: &[Row], eligible: &[usize], near: usize, rest: &[usize]) {
    let table = Table::new(places(rows), Ladder::default());
    let line = table.line(Read);
    let seats = |seats: &[Seat]| seats.iter().map(|seat| seat.index()).collect::<Vec<_>>();
    assert_eq!(seats(&line.eligible), eligible, "{rows:?}");
    assert_eq!(line.near, near, "{rows:?}");
    assert_eq!(seats(&line.rest), rest, "{rows:?}");
}

use Pool::Read;
use Pool::Write;
use Standing::*;

#[test]
fn the_near_stand_before_the_far() {
    check(&[], &[], 0, &[]);
    let rows = [
        (Read, Eligible, Some(9)),
        (Read, Eligible, Some(2)),
        (Write, Eligible, None),
        (Read, Eligible, None),
        (Read, Eligible, Some(3)),
    ];
    check(&rows, &[1, 3, 0, 4], 2, &[]);
}

#[test]
fn the_least_bad_comes_first_and_another_chain_never() {
    let rows = [
        (Read, Down, Some(0)),
        (Read, WrongChain, Some(0)),
        (Read, Forked, Some(1)),
        (Read, Lagging, Some(90)),
        (Read, Lagging, Some(12)),
        (Read, Down, None),
        (Read, Eligible, Some(0)),
    ];
    check(&rows, &[6], 1, &[4, 3, 2, 0, 5]);
}

#[test]
fn a_weight_of_zero_serves_nobody() {
    let mut places = places(&[(Read, Eligible, None), (Read, Down, None)]);
    places.iter_mut().for_each(|place| place.weight = 0);
    let table = Table::new(places, Ladder::default());
    assert!(table.line(Read).eligible.is_empty() && table.line(Read).rest.is_empty());
}

#[test]
fn the_median_is_of_those_that_have_an_estimate() {
    let places = places(&[(Read, Eligible, None); 4]);
    for (place, millis) in places.iter().zip([7, 1, 30]) {
        let took = Duration::from_millis(millis);
        place.vitals.load.answered(took, Moment::ZERO);
    }
    let table = Table::new(places, Ladder::default());
    assert_eq!(table.line(Read).median_micros, 7000);
    assert_eq!(table.line(Write).median_micros, 0);
}

#[test]
fn ejections_and_verdicts_together_take_at_most_half_of_a_pool() {
    for (count, allowed) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
        let table = Table::new(
            places(&vec![(Read, Eligible, None); count]),
            Ladder::default(),
        );
        let mut ejected = 0;
        for seat in (0..count).map(Seat::new) {
            if table.may_eject(seat, Moment::ZERO) {
                table
                    .place(seat)
                    .unwrap()
                    .vitals
                    .ejection
                    .eject(Moment::ZERO);
                ejected += 1;
            }
        }
        assert_eq!(ejected, allowed, "of {count}");
    }
    let rows = [
        (Read, Eligible, None),
        (Read, Eligible, None),
        (Read, Down, None),
        (Write, Eligible, None),
    ];
    let table = Table::new(places(&rows), Ladder::default());
    assert!(
        !table.may_eject(Seat::new(0), Moment::ZERO),
        "one of three is out already"
    );
    assert!(
        !table.may_eject(Seat::new(9), Moment::ZERO),
        "there is no such seat"
    );
}

#[test]
fn who_is_out_is_let_in_again_where_a_pool_cannot_spare_one_more() {
    let rows = [
        (Read, Eligible, None),
        (Read, Eligible, None),
        (Write, Eligible, None),
    ];
    let table = Table::new(places(&rows), Ladder::default());
    let ejection = |seat| &table.place(Seat::new(seat)).unwrap().vitals.ejection;
    ejection(0).eject(Moment::ZERO);
    ejection(2).eject(Moment::ZERO);
    table.readmit_others(Seat::new(1), Moment::ZERO);
    assert!(!ejection(0).is_out(Moment::ZERO));
    assert!(ejection(2).is_out(Moment::ZERO), "another pool's concern");
}

#[test]
fn the_served_head_is_told_where_more_than_one_reader_or_a_slow_one_is_eligible() {
    let head = |number| {
        Some(Head {
            number,
            hash: BlockHash([1; 32]),
            parent: BlockHash([0; 32]),
            timestamp: number,
        })
    };
    type Story = (&'static str, &'static [(Standing, u64)], Option<u64>);
    let stories: [Story; 5] = [
        ("nobody is there", &[(Down, 10)], None),
        ("a lone one at it", &[(Eligible, 10), (Down, 10)], None),
        ("a lone one above it", &[(Eligible, 11)], None),
        ("a lone one behind", &[(Eligible, 9), (Down, 10)], Some(10)),
        ("two", &[(Eligible, 10), (Eligible, 11)], Some(10)),
    ];
    for (story, readers, told) in stories {
        let rows: Vec<Row> = readers.iter().map(|(it, _)| (Read, *it, None)).collect();
        let mut places = places(&rows);
        for (place, (_, number)) in places.iter_mut().zip(readers) {
            place.head = head(*number);
        }
        let table = Table::new(places, Ladder::default()).serving(Some(10));
        assert_eq!(table.served(), told, "{story}");
    }
}
