//! What a row of polls says of a backend's head.

use chain::head::BlockHash;

use super::*;

const BLOCK: Duration = Duration::from_secs(1);
const WINDOW: Duration = Duration::from_secs(10);

fn head(number: u64, branch: u8) -> Head {
    Head {
        number,
        hash: BlockHash([branch; 32]),
        parent: BlockHash([branch; 32]),
        timestamp: number,
    }
}

fn at(second: u64) -> Moment {
    Moment::ZERO.after(Duration::from_secs(second))
}

/// Polls at a second, and the number they showed; every number has a hash of its own.
fn track(polls: &[(u64, u64)]) -> Track {
    let mut track = Track::default();
    for (second, number) in polls {
        track.saw(head(*number, *number as u8), 30, at(*second));
    }
    track
}

#[test]
fn a_head_moves_when_it_rises_or_changes() {
    let told: [(&[(u64, u64)], bool); 6] = [
        (&[(0, 5)], false),
        (&[(0, 5), (1, 6)], true),
        (&[(0, 5), (1, 4)], true),
        (&[(0, 5), (1, 6), (11, 6)], true),
        (&[(0, 5), (1, 6), (12, 6)], false),
        (&[(0, 5), (5, 5), (99, 5)], false),
    ];
    for (polls, moves) in told {
        assert_eq!(track(polls).moves(WINDOW), moves, "{polls:?}");
    }
    let mut reorganised = track(&[(0, 5)]);
    reorganised.saw(head(5, 77), 30, at(1));
    assert!(reorganised.moves(WINDOW));
}

#[test]
fn standing_still_means_nothing_before_it_was_watched() {
    assert!(!track(&[]).watched(WINDOW));
    assert!(!track(&[(0, 5), (10, 5)]).watched(WINDOW));
    assert!(track(&[(0, 5), (11, 5)]).watched(WINDOW));
}

#[test]
fn three_misses_make_it_silent_and_one_answer_is_enough_again() {
    let mut track = track(&[(0, 5)]);
    track.missed();
    track.missed();
    assert!(track.head().is_some() && !track.is_silent());
    track.missed();
    assert!(track.head().is_none() && track.is_silent());
    track.saw(head(6, 6), 30, at(9));
    assert_eq!(track.head().map(|head| head.number), Some(6));
}

#[test]
fn between_polls_it_gains_no_more_than_it_did_before() {
    let moving = track(&[(0, 100), (5, 105)]);
    let stopped = track(&[(0, 100), (5, 100)]);
    for (second, expected) in [(5, 105), (7, 107), (10, 110), (60, 110)] {
        assert_eq!(moving.expected(at(second), BLOCK), Some(expected));
        assert_eq!(stopped.expected(at(second), BLOCK), Some(100));
    }
    assert_eq!(track(&[]).expected(at(1), BLOCK), None);
    assert_eq!(moving.expected(at(9), Duration::ZERO), Some(110));
}

#[test]
fn a_jump_is_remembered_for_a_while() {
    assert!(track(&[(0, 5), (1, 35)]).is_steady(at(1)));
    let jumped = track(&[(0, 5), (1, 36)]);
    assert!(!jumped.is_steady(at(31)));
    assert!(jumped.is_steady(at(32)));
}

#[test]
fn a_head_is_fresh_once() {
    let mut track = track(&[(0, 5)]);
    assert!(track.take_fresh());
    assert!(!track.take_fresh());
}
