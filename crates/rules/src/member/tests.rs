//! One backend: when it asks who it is, and which finding comes first.

use chain::head::BlockHash;

use super::*;
use crate::verdict::Source;

fn limits() -> Limits {
    Limits {
        interval: Duration::from_secs(1),
        leader_interval: Duration::from_secs(5),
        fall: 3,
        rise: 2,
        max_lag: 10,
        max_lag_at_once: 30,
        block_time: Duration::from_secs(1),
        max_head_age: None,
        chain_id: None,
    }
}

fn member() -> Member {
    Member::new(Spec {
        id: BackendId::new("read-1"),
        pool: Some(Pool::Read),
        leader: false,
        external: false,
        weight: 1,
    })
}

fn head(number: u64) -> Probe {
    Probe::Head(Head {
        number,
        hash: BlockHash([0; 32]),
        parent: BlockHash([0; 32]),
        timestamp: number,
    })
}

fn probed(member: &mut Member, probes: &[Probe]) {
    for probe in probes {
        member.probed(*probe, &limits(), Moment::ZERO);
    }
}

#[test]
fn who_answers_after_failures_or_jumps_is_asked_who_it_is() {
    let asked = |probes: &[Probe]| {
        let mut member = member();
        member.identity.answered(Some(1), Moment::ZERO);
        probed(&mut member, probes);
        member.identity.wants(false, Moment::ZERO)
    };
    assert!(!asked(&[head(5), head(6)]));
    assert!(asked(&[head(5), Probe::Failed, head(6)]));
    assert!(!asked(&[head(5), Probe::Failed]));
    assert!(!asked(&[head(5), head(35)]));
    assert!(asked(&[head(5), head(36)]));
    assert!(asked(&[head(36), head(5)]));
}

#[test]
fn the_worst_finding_comes_first() {
    let reference = Some(Reference {
        number: 100,
        timestamp: 107,
        source: Source::Vote(0),
    });
    let mut member = member();
    probed(&mut member, &[head(60)]);
    let finding = |member: &Member, expected, forked| member.finding(expected, forked, reference);
    assert_eq!(
        finding(&member, Expected::Unknown, None).0,
        Standing::Eligible
    );
    let limits_of_lag = crate::health::LagLimits {
        max: 10,
        at_once: 30,
    };
    member.health.lags(40, limits_of_lag, true);
    let behind = Why::Behind {
        blocks: 40,
        seconds: 47,
    };
    assert_eq!(
        finding(&member, Expected::Tied, None),
        (Standing::Lagging, behind)
    );
    assert_eq!(
        finding(&member, Expected::Tied, Some(9)),
        (Standing::Forked, Why::Forked(9))
    );
    probed(&mut member, &[Probe::Failed; 3]);
    assert_eq!(
        finding(&member, Expected::Id(1), Some(9)),
        (Standing::Down, Why::Failed(3))
    );
    member.identity.answered(Some(2), Moment::ZERO);
    let another = Why::AnotherChain {
        said: 2,
        expected: 1,
    };
    assert_eq!(
        finding(&member, Expected::Id(1), Some(9)),
        (Standing::WrongChain, another)
    );
}

#[test]
fn a_backend_that_is_down_has_no_voice() {
    let mut member = member();
    let voice = |member: &Member| member.voice(3, &limits(), Moment::ZERO);
    assert_eq!(voice(&member), None);
    probed(&mut member, &[head(5)]);
    assert!(voice(&member).is_some_and(|voice| voice.at == 3 && voice.number == 5));
    probed(&mut member, &[Probe::Failed; 3]);
    probed(&mut member, &[head(6)]);
    assert_eq!(voice(&member), None, "one good probe is not enough");
    probed(&mut member, &[head(7)]);
    assert!(voice(&member).is_some());
}
