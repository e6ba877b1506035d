//! When the leader's word counts.

use chain::head::BlockHash;
use chain::head::Head;

use super::*;
use crate::ids::BackendId;
use crate::member::Probe;
use crate::member::Spec;

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
        max_head_age: None,
        chain_id: None,
    }
}

fn at(second: u64) -> Moment {
    Moment::ZERO.after(Duration::from_secs(second))
}

fn head(number: u64, timestamp: u64) -> Probe {
    Probe::Head(Head {
        number,
        hash: BlockHash([number as u8; 32]),
        parent: BlockHash([0; 32]),
        timestamp,
    })
}

fn leader(polls: &[Probe]) -> Member {
    let mut member = Member::new(Spec {
        id: BackendId::new("leader"),
        pool: None,
        leader: true,
        external: true,
        weight: 1,
    });
    for (poll, probe) in polls.iter().enumerate() {
        member.probed(*probe, &limits(), at(5 * poll as u64));
    }
    member
}

fn voice(at: usize, number: u64) -> Voice {
    Voice {
        at,
        number,
        timestamp: WALL,
        moved: true,
        steady: true,
        heard: Moment::ZERO,
    }
}

fn word(
    member: &Member,
    voices: &[Voice],
    vote: Option<u64>,
    second: u64,
) -> Result<u64, Option<Doubt>> {
    let vote = vote.map(|number| Reference {
        number,
        timestamp: WALL,
        source: Source::Vote(1),
    });
    let leader = Leader {
        at: 0,
        member,
        wrong: false,
        forked: None,
        voices,
        limits: &limits(),
    };
    leader.word(vote, at(second), WALL).map(|word| word.number)
}

#[test]
fn it_counts_while_it_is_plausible() {
    let good = leader(&[head(100, WALL)]);
    assert_eq!(word(&good, &[], None, 0), Ok(100));
    assert_eq!(word(&leader(&[]), &[], None, 0), Err(None));
    assert_eq!(word(&good, &[], Some(110), 0), Ok(100));
    assert_eq!(
        word(&good, &[], Some(111), 0),
        Err(Some(Doubt::LeaderBehind(11)))
    );
    let zero = leader(&[head(0, WALL)]);
    assert_eq!(word(&zero, &[], None, 0), Err(Some(Doubt::LeaderAtZero)));
    let early = leader(&[head(100, WALL + 30)]);
    assert_eq!(word(&early, &[], None, 0), Ok(100));
    let mad = leader(&[head(100, WALL + 31)]);
    assert_eq!(
        word(&mad, &[], None, 0),
        Err(Some(Doubt::LeaderAheadOfClock(31)))
    );
}

#[test]
fn it_may_miss_two_polls_but_not_three_nor_come_back_with_one() {
    let failed = [Probe::Failed; 3];
    let of = |misses: usize| [&[head(100, WALL)], &failed[..misses]].concat();
    assert_eq!(word(&leader(&of(2)), &[], None, 0), Ok(100));
    assert_eq!(
        word(&leader(&of(3)), &[], None, 0),
        Err(Some(Doubt::LeaderSilent))
    );
    let back = [of(3), vec![head(101, WALL)]].concat();
    assert_eq!(
        word(&leader(&back), &[], None, 0),
        Err(Some(Doubt::LeaderSilent))
    );
}

#[test]
fn another_chain_or_fork_disqualifies_it() {
    let member = leader(&[head(100, WALL)]);
    let leader = Leader {
        at: 0,
        member: &member,
        wrong: true,
        forked: Some(92),
        voices: &[],
        limits: &limits(),
    };
    let doubt = |leader: Leader<'_>| leader.word(None, at(0), WALL).err();
    assert_eq!(doubt(leader), Some(Some(Doubt::LeaderOnAnotherChain)));
    let forked = Leader {
        wrong: false,
        ..leader
    };
    assert_eq!(doubt(forked), Some(Some(Doubt::LeaderForked(92))));
}

#[test]
fn the_guess_between_polls_never_claims_what_nobody_has_shown() {
    let member = leader(&[head(100, WALL), head(105, WALL)]);
    let guess =
        |others: u64, second| word(&member, &[voice(0, 105), voice(1, others)], None, second);
    assert_eq!(guess(107, 7), Ok(107));
    assert_eq!(guess(107, 9), Ok(107));
    assert_eq!(guess(200, 9), Ok(109));
    assert_eq!(guess(200, 60), Ok(110));
    assert_eq!(guess(90, 9), Ok(105));
    assert_eq!(
        word(&member, &[voice(0, 105)], None, 9),
        Ok(105),
        "alone it guesses nothing"
    );
}

#[test]
fn the_guess_goes_far_only_where_two_others_have_been() {
    let member = leader(&[head(100, WALL), head(120, WALL)]);
    let guess = |others: [u64; 3]| {
        let others = others.iter().enumerate();
        let mut voices: Vec<Voice> = others.map(|(at, n)| voice(at + 1, *n)).collect();
        voices.push(voice(0, 120));
        word(&member, &voices, None, 60)
    };
    assert_eq!(guess([900, 120, 120]), Ok(125), "one may lie");
    assert_eq!(guess([120, 900, 131]), Ok(131));
    assert_eq!(guess([135, 120, 136]), Ok(135));
    assert_eq!(guess([900, 120, 900]), Ok(140), "what it gained before");
}

#[test]
fn a_claim_is_made_only_where_a_whole_pool_would_go() {
    let claimed = |heads: &[(Pool, u64)]| {
        let voices = heads
            .iter()
            .enumerate()
            .map(|(index, (_, number))| voice(index + 1, *number));
        let voices: Vec<Voice> = voices.chain([voice(0, 100)]).collect();
        let member = leader(&[head(100, WALL)]);
        let limits = limits();
        let leader = Leader {
            at: 0,
            member: &member,
            wrong: false,
            forked: None,
            voices: &voices,
            limits: &limits,
        };
        let word = leader.word(None, at(0), WALL).unwrap();
        let pool = |at: usize| {
            at.checked_sub(1)
                .and_then(|at| heads.get(at))
                .map(|head| head.0)
        };
        let claim = leader.claim(word, pool);
        claim.map(|claim| claim.groups.iter().map(Vec::len).collect::<Vec<_>>())
    };
    use Pool::Heavy;
    use Pool::Read;
    assert_eq!(claimed(&[]), None);
    assert_eq!(claimed(&[(Read, 89), (Read, 90)]), None);
    assert_eq!(claimed(&[(Read, 89), (Read, 0)]), Some(vec![2]));
    assert_eq!(claimed(&[(Read, 100), (Heavy, 89)]), Some(vec![1]));
    assert_eq!(claimed(&[(Read, 50), (Heavy, 89)]), Some(vec![1, 1]));
}
