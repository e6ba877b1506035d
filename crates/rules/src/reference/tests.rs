//! Votes of heads.

use super::*;
use crate::moment::Moment;

/// Heads by index: a number, negative when it stands still.
fn check(heads: &[i64], winner: Option<(usize, u64)>, proved: Option<u64>) {
    let voice = |(at, number): (usize, &i64)| Voice {
        at,
        number: number.unsigned_abs(),
        timestamp: 0,
        moved: *number > 0,
        steady: true,
        heard: Moment::ZERO,
    };
    let voices: Vec<Voice> = heads.iter().enumerate().map(voice).collect();
    let vote = vote(&voices, 10);
    let found = vote.as_ref().map(|vote| vote.winner(false));
    assert_eq!(
        found.map(|voice| (voice.at, voice.number)),
        winner,
        "{heads:?}"
    );
    let contested = vote.filter(|vote| vote.contested.is_some());
    let top = contested.map(|vote| vote.winner(true).number);
    assert_eq!(top, proved, "{heads:?} with a proof");
}

#[test]
fn the_highest_that_a_second_one_confirms() {
    check(&[], None, None);
    check(&[0, 0], None, None);
    check(&[100], Some((0, 100)), None);
    check(&[100, 101, 99], Some((0, 100)), None);
    check(&[100, 100, 0], Some((0, 100)), None);
    check(&[100, 1_000_000, 99], Some((0, 100)), Some(1_000_000));
}

#[test]
fn frozen_heads_count_only_when_none_moves() {
    check(&[-100, -101, -102], Some((1, 101)), None);
    check(&[-50, 100, 101], Some((1, 100)), None);
    check(&[-500, 100, 101], Some((1, 100)), None);
}

#[test]
fn a_lone_moving_head_must_prove_itself_once_it_is_far_above() {
    check(&[-95, -95, 100], Some((1, 95)), None);
    check(&[-50, -50, 100], Some((1, 50)), Some(100));
    check(&[-900, -900, 100], Some((2, 100)), None);
}
