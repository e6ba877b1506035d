//! Stories about fleets whose backends come and go: nothing is forgotten of those that stay.

use std::time::Duration;

use chain::head::BlockHash;
use chain::head::Head;

use super::*;
use crate::health::Link;
use crate::ids::BackendId;
use crate::ids::Pool;
use crate::member::Probe;
use crate::moment::Moment;
use crate::table::Standing;

const WALL: u64 = 1_000_000;

fn limits(max_lag: u64) -> Limits {
    Limits {
        interval: Duration::from_secs(1),
        leader_interval: Duration::from_secs(5),
        fall: 3,
        rise: 2,
        max_lag,
        max_lag_at_once: 30,
        block_time: Duration::from_secs(1),
        max_head_age: None,
        chain_id: None,
    }
}

fn spec(id: &str, pool: Pool) -> Spec {
    Spec {
        id: BackendId::new(id),
        pool: Some(pool),
        leader: false,
        external: false,
        weight: 1,
    }
}

fn read(ids: &[&str]) -> Vec<Spec> {
    ids.iter().map(|id| spec(id, Pool::Read)).collect()
}

fn head(number: u64) -> Probe {
    Probe::Head(Head {
        number,
        hash: BlockHash([number as u8; 32]),
        parent: BlockHash([0; 32]),
        timestamp: WALL,
    })
}

/// One second of everybody's heads; `None` is a failed probe.
fn second(fleet: &mut Fleet, second: u64, heads: &[Option<u64>]) -> Vec<(Standing, Link)> {
    let now = Moment::ZERO.after(Duration::from_secs(second));
    for (at, number) in heads.iter().enumerate() {
        fleet.probed(at, number.map_or(Probe::Failed, head), now);
    }
    let verdicts = fleet.judge(now, WALL).verdicts.into_iter();
    verdicts
        .map(|verdict| (verdict.standing, verdict.link))
        .collect()
}

/// Four backends, of which the third is down and the fourth is behind.
fn troubled() -> Fleet {
    let mut fleet = Fleet::new(read(&["x", "a", "b", "c"]), limits(10));
    for round in 0..4 {
        second(
            &mut fleet,
            round,
            &[Some(100 + round), Some(100 + round), None, Some(80 + round)],
        );
    }
    fleet
}

fn standings(fleet: &mut Fleet) -> Vec<(Standing, Link)> {
    let now = Moment::ZERO.after(Duration::from_secs(4));
    let verdicts = fleet.judge(now, WALL).verdicts.into_iter();
    verdicts
        .map(|verdict| (verdict.standing, verdict.link))
        .collect()
}

#[test]
fn whoever_stays_stands_as_before_wherever_it_stands_now() {
    let (well, down) = ((Standing::Eligible, Link::Up), (Standing::Down, Link::Down));
    let (lagging, new) = (
        (Standing::Lagging, Link::Up),
        (Standing::Eligible, Link::Unknown),
    );
    type Case<'a> = (&'a [&'a str], &'a [Option<usize>], &'a [(Standing, Link)]);
    let cases: [Case<'_>; 5] = [
        (
            &["x", "a", "b", "c"],
            &[Some(0), Some(1), Some(2), Some(3)],
            &[well, well, down, lagging],
        ),
        (
            &["c", "b", "a"],
            &[Some(3), Some(2), Some(1)],
            &[lagging, down, well],
        ),
        (
            &["c", "d", "a"],
            &[Some(3), None, Some(1)],
            &[lagging, new, well],
        ),
        // The same id at another URL is somebody else.
        (&["a", "b"], &[Some(1), None], &[well, new]),
        (&["d"], &[None], &[new]),
    ];
    for (ids, kept, found) in cases {
        let mut fleet = troubled();
        fleet.change(read(ids), kept, limits(10));
        assert_eq!(standings(&mut fleet), found, "{ids:?}");
    }
}

#[test]
fn new_limits_hold_from_the_next_heads_on() {
    let mut fleet = troubled();
    fleet.change(
        read(&["x", "a", "b", "c"]),
        &[Some(0), Some(1), Some(2), Some(3)],
        limits(20),
    );
    assert_eq!(standings(&mut fleet)[3].0, Standing::Lagging);
    for (round, standing) in [(4, Standing::Lagging), (5, Standing::Eligible)] {
        let found = second(
            &mut fleet,
            round,
            &[Some(100 + round), Some(100 + round), None, Some(80 + round)],
        );
        assert_eq!(found[3].0, standing, "second {round}");
    }
}

#[test]
fn a_backend_that_changes_its_trade_is_as_good_as_new() {
    let mut fleet = troubled();
    let kept = [Some(0), Some(1), Some(2), Some(3)];
    let pools = [Pool::Read, Pool::Heavy, Pool::Write, Pool::Read];
    let ids = ["x", "a", "b", "c"].into_iter().zip(pools);
    let specs = ids.map(|(id, pool)| spec(id, pool)).collect();
    fleet.change(specs, &kept, limits(10));
    let found = standings(&mut fleet);
    assert_eq!(
        found[1],
        (Standing::Eligible, Link::Up),
        "still asked for heads"
    );
    assert_eq!(
        found[2],
        (Standing::Eligible, Link::Unknown),
        "never asked so"
    );
    assert_eq!(found[3], (Standing::Lagging, Link::Up));
}

#[test]
fn the_leader_may_become_another_one() {
    let mut fleet = troubled();
    let mut specs = read(&["x", "a", "b", "c", "leader"]);
    specs[4].leader = true;
    specs[4].pool = None;
    fleet.change(
        specs,
        &[Some(0), Some(1), Some(2), Some(3), None],
        limits(10),
    );
    second(
        &mut fleet,
        4,
        &[Some(104), Some(104), None, Some(84), Some(105)],
    );
    let now = Moment::ZERO.after(Duration::from_secs(5));
    let reference = fleet.judge(now, WALL).reference.unwrap();
    assert_eq!(
        (reference.number, reference.source),
        (105, crate::verdict::Source::Leader(4))
    );
}
