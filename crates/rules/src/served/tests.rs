//! Stories of the served head, round by round.

use std::sync::Arc;

use super::*;
use crate::table::Ladder;

const FAR: u64 = 10;

/// What a reader shows in a round: its block, on a branch; nothing while it is down.
type Shown = Option<(u64, u8)>;

fn table(readers: &[Shown], reference: u64) -> Table {
    let place = |(index, shown): (usize, &Shown)| Place {
        id: BackendId::new(&format!("read-{index}")),
        pool: Some(Pool::Read),
        weight: 1,
        standing: match shown {
            Some(_) => Standing::Eligible,
            None => Standing::Down,
        },
        head: shown.map(|(number, branch)| Head {
            number,
            hash: BlockHash([branch; 32]),
            parent: BlockHash([0; 32]),
            timestamp: number,
        }),
        lag: None,
        returned: None,
        vitals: Arc::default(),
    };
    let places = readers.iter().enumerate().map(place).collect();
    Table::new(places, Ladder::default()).measured_against(Some(reference))
}

/// Plays rounds; gives the number served after each and how often it stepped back.
fn play(advance: Advance, rounds: &[&[Shown]]) -> (Vec<u64>, usize) {
    let mut served = Served::default();
    let mut back = 0;
    let numbers = rounds.iter().map(|readers| {
        // The second highest head is what a vote confirms.
        let mut numbers: Vec<u64> = readers.iter().flatten().map(|shown| shown.0).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        let reference = numbers.get(1).or(numbers.first()).copied();
        let table = table(readers, reference.unwrap_or(0));
        back += usize::from(served.look(&table, advance, FAR).is_some());
        served.mark().map_or(0, |mark| mark.number)
    });
    let numbers = numbers.collect();
    (numbers, back)
}

const fn at(number: u64) -> Shown {
    Some((number, 1))
}

const fn fork(number: u64) -> Shown {
    Some((number, 2))
}

#[test]
fn a_block_is_served_once_enough_backends_have_it() {
    let rounds: &[&[Shown]] = &[
        &[at(100), at(100), at(100), at(100)],
        &[at(101), at(100), at(100), at(100)],
        &[at(101), at(101), at(100), at(100)],
        &[at(102), at(102), at(102), at(101)],
    ];
    assert_eq!(play(Advance::Two, rounds), (vec![100, 100, 101, 102], 0));
    assert_eq!(play(Advance::Half, rounds), (vec![100, 100, 101, 102], 0));
    assert_eq!(play(Advance::Any, rounds), (vec![100, 101, 101, 102], 0));
    assert_eq!(play(Advance::Two, &[&[at(7)], &[at(8)]]), (vec![7, 8], 0));
}

#[test]
fn those_that_are_late_or_come_back_do_not_take_it_back() {
    let late: &[Shown] = &[None, None, at(98), at(98)];
    let rounds: &[&[Shown]] = &[&[at(100), at(100), at(98), at(98)], late, late, late, late];
    assert_eq!(play(Advance::Two, rounds), (vec![100; 5], 0));
}

#[test]
fn one_backend_alone_takes_nothing_back() {
    let gone: &[Shown] = &[fork(97), None, None];
    let rounds: &[&[Shown]] = &[&[at(100), at(100), None], gone, gone, gone, gone, gone];
    assert_eq!(play(Advance::Two, rounds).1, 0);
}

#[test]
fn a_rollback_that_two_agree_on_takes_it_back_once() {
    let gone: &[Shown] = &[fork(97), fork(97), at(96)];
    let rounds: &[&[Shown]] = &[&[at(100), at(100), at(99)], gone, gone, gone, gone];
    let expected = (vec![100, 100, 100, 97, 97], 1);
    assert_eq!(play(Advance::Two, rounds), expected);
}

#[test]
fn a_block_that_another_one_replaces_at_its_height_is_told() {
    let other: &[Shown] = &[fork(100), fork(100)];
    let rounds: &[&[Shown]] = &[&[at(100), at(100)], other, other, other, other];
    assert_eq!(play(Advance::Two, rounds), (vec![100; 5], 1));
}

#[test]
fn a_node_between_two_others_in_turn_takes_nothing_back() {
    let (high, low): (&[Shown], &[Shown]) = (&[at(100), at(100)], &[at(98), at(98)]);
    let rounds = &[high, low, low, high, low, low, high];
    assert_eq!(play(Advance::Two, rounds), (vec![100; 7], 0));
}

#[test]
fn a_liar_lifts_nothing_and_a_lie_that_was_served_is_forgotten() {
    let lie = at(1_000_000);
    let rounds: &[&[Shown]] = &[&[lie, at(100), at(100)], &[lie, at(101), at(100)]];
    assert_eq!(play(Advance::Any, rounds), (vec![100, 101], 0));
    let truth: &[Shown] = &[None, at(100), at(100)];
    let alone: &[&[Shown]] = &[&[lie, None, None], truth, truth, truth];
    let expected = (vec![1_000_000, 1_000_000, 1_000_000, 100], 1);
    assert_eq!(play(Advance::Two, alone), expected);
}
