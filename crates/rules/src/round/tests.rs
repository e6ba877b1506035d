//! Rounds of small fleets; whole networks are in the simulation and the scenarios.

use chain::head::Head;

use super::*;
use crate::health::Link;
use crate::ids::BackendId;
use crate::ids::Pool;

const WALL: u64 = 1_000_000;

fn limits() -> Limits {
    Limits {
        interval: Duration::from_secs(1),
        leader_interval: Duration::from_secs(5),
        fall: 3,
        rise: 2,
        max_lag: 10,
        max_lag_at_once: 30,
        block_time: Duration::from_secs(1),
        max_head_age: Some(Duration::from_secs(60)),
        chain_id: None,
    }
}

fn spec(id: &str, pool: Option<Pool>) -> Spec {
    Spec {
        id: BackendId::new(id),
        pool,
        leader: pool.is_none(),
        external: false,
        weight: 1,
    }
}

fn head(number: u64, timestamp: u64) -> Probe {
    Probe::Head(Head {
        number,
        hash: BlockHash([number as u8; 32]),
        parent: BlockHash([0; 32]),
        timestamp,
    })
}

fn at(second: u64) -> Moment {
    Moment::ZERO.after(Duration::from_secs(second))
}

#[test]
fn before_the_first_round_everybody_is_eligible() {
    let pools = [Pool::Read, Pool::Write, Pool::Antelope, Pool::Ws];
    let specs = pools.map(|pool| spec(pool.as_str(), Some(pool)));
    let mut fleet = Fleet::new([&specs[..], &[spec("leader", None)]].concat(), limits());
    for second in 0..100 {
        let judgement = fleet.judge(at(second), WALL);
        assert!(judgement.changes.is_empty() && !judgement.is_degraded());
        assert!(judgement.leader_usable && !judgement.leader_first);
        assert_eq!(judgement.reference, None);
        let known = |verdict: &Verdict| (verdict.standing, verdict.link);
        let new = (Standing::Eligible, Link::Unknown);
        assert!(
            judgement
                .verdicts
                .iter()
                .map(known)
                .all(|verdict| verdict == new)
        );
        assert!(fleet.questions(at(second)).is_empty());
    }
}

#[test]
fn miners_and_nodeos_are_up_or_down_and_never_asked_for_a_chain() {
    let mut fleet = Fleet::new(vec![spec("write-1", Some(Pool::Write))], limits());
    assert!(!fleet.wants_chain_id(0, at(0)));
    for (probe, standing) in [
        (Probe::Alive, Standing::Eligible),
        (Probe::Failed, Standing::Eligible),
        (Probe::Failed, Standing::Eligible),
        (Probe::Failed, Standing::Down),
        (Probe::Alive, Standing::Down),
        (Probe::Alive, Standing::Eligible),
    ] {
        fleet.probed(0, probe, at(0));
        let judgement = fleet.judge(at(1), WALL);
        assert_eq!(judgement.verdicts[0].standing, standing);
        assert_eq!(judgement.reference, None);
    }
}

#[test]
fn only_a_returning_backend_starts_slowly() {
    let mut fleet = Fleet::new(vec![spec("a", Some(Pool::Read))], limits());
    let mut returned = |probe, second| {
        fleet.probed(0, probe, at(second));
        fleet.judge(at(second), WALL).verdicts[0].returned
    };
    assert_eq!(returned(head(1, WALL), 0), None);
    for second in 1..4 {
        assert_eq!(returned(Probe::Failed, second), None);
    }
    assert_eq!(returned(head(5, WALL), 4), None);
    assert_eq!(returned(head(6, WALL), 5), Some(at(5)));
    assert_eq!(returned(head(7, WALL), 6), Some(at(5)));
}

#[test]
fn a_leader_behind_the_others_is_not_leant_on_from_the_first_round() {
    let specs = vec![
        spec("a", Some(Pool::Read)),
        spec("b", Some(Pool::Read)),
        spec("leader", None),
    ];
    let mut fleet = Fleet::new(specs, limits());
    for (who, number) in [(0, 100), (1, 100), (2, 85)] {
        fleet.probed(who, head(number, WALL), at(0));
    }
    let judgement = fleet.judge(at(0), WALL);
    assert_eq!(judgement.doubts, [Doubt::LeaderBehind(15)]);
    assert_eq!(judgement.verdicts[2].standing, Standing::Eligible);
    assert!(!judgement.leader_usable);
}

#[test]
fn an_old_head_ejects_nobody_and_lets_only_a_fresh_leader_go_first() {
    for (of_leader, first) in [(WALL, true), (WALL - 61, false)] {
        let specs = vec![spec("a", Some(Pool::Read)), spec("leader", None)];
        let mut fleet = Fleet::new(specs, limits());
        fleet.probed(0, head(100, WALL - 61), at(0));
        fleet.probed(1, head(109, of_leader), at(0));
        let judgement = fleet.judge(at(0), WALL);
        assert!(judgement.head_too_old && judgement.changes.is_empty());
        assert_eq!(judgement.leader_first, first);
    }
}

#[test]
fn a_chain_at_block_0_is_served() {
    let mut fleet = Fleet::new(vec![spec("anvil", Some(Pool::Read))], limits());
    for second in 0..60 {
        fleet.probed(0, head(0, WALL), at(second));
        let judgement = fleet.judge(at(second), WALL);
        assert_eq!(judgement.verdicts[0].standing, Standing::Eligible);
        assert_eq!(judgement.reference, None);
    }
}

#[test]
fn what_does_not_exist_is_ignored() {
    let mut fleet = Fleet::new(Vec::new(), limits());
    fleet.probed(3, Probe::Alive, at(0));
    fleet.chain_id(3, Some(1), at(0));
    fleet.dropped(3, 1);
    fleet.answered(Question { at: 3, height: 1 }, None);
    assert!(!fleet.wants_chain_id(3, at(0)));
    assert!(fleet.judge(at(0), WALL).verdicts.is_empty());
}
