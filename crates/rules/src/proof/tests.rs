//! Claims and their proofs.

use super::*;

const MAX_LAG: u64 = 10;
const LIMITS: (u64, Duration) = (MAX_LAG, Duration::from_secs(1));
const PACE: Duration = Duration::from_secs(2);
const TRUE: BlockHash = BlockHash([1; 32]);
const FALSE: BlockHash = BlockHash([2; 32]);

fn voice(at: usize, number: u64) -> Voice {
    Voice {
        at,
        number,
        timestamp: number,
        moved: true,
        steady: true,
        heard: Moment::ZERO,
    }
}

fn claim(claimant: u64, groups: &[&[u64]]) -> Claim {
    let mut at = 0;
    let mut member = |number: &u64| {
        at += 1;
        voice(at, *number)
    };
    let mut groups_of = Vec::new();
    for group in groups {
        groups_of.push(group.iter().map(&mut member).collect());
    }
    Claim {
        claimant: voice(0, claimant),
        groups: groups_of,
    }
}

/// The same claim by a claimant who has been heard once more.
fn heard_again(claim: &Claim) -> Claim {
    let mut claim = claim.clone();
    claim.claimant.heard = claim.claimant.heard.after(Duration::from_millis(1));
    claim
}

/// Puts a claim on trial, answers its questions, hears the claimant again, and says whether it then
/// holds.
fn tried(claim: &Claim, answer: impl Fn(Question) -> Option<BlockHash>) -> (Proofs, bool) {
    let mut proofs = Proofs::default();
    assert!(!proofs.examine(Some(claim.clone()), &LIMITS, Moment::ZERO));
    stand(&mut proofs, Moment::ZERO, answer);
    assert!(!proofs.examine(Some(claim.clone()), &LIMITS, Moment::ZERO));
    let holds = proofs.examine(Some(heard_again(claim)), &LIMITS, Moment::ZERO);
    (proofs, holds)
}

fn stand(proofs: &mut Proofs, now: Moment, answer: impl Fn(Question) -> Option<BlockHash>) {
    for question in proofs.questions(MAX_LAG, PACE, now) {
        proofs.answered(question, answer(question));
    }
    proofs.settle(now);
}

const fn honest(_: Question) -> Option<BlockHash> {
    Some(TRUE)
}

#[test]
fn a_claim_needs_the_same_history_and_a_block_out_of_reach() {
    let claim = claim(1000, &[&[900, 910]]);
    assert!(tried(&claim, honest).1);
    assert!(!tried(&claim, |_| None).1);
    assert!(
        !tried(&claim, |asked| honest(asked).filter(|_| asked.height < 992)).1,
        "cannot show it"
    );
    for lost in [892, 891, 890, 992, 991, 990] {
        let but_one = |asked: Question| honest(asked).filter(|_| asked.height != lost);
        assert!(!tried(&claim, but_one).1, "{lost} is missing");
    }
    let other = |asked: Question| Some(if asked.at == 0 { FALSE } else { TRUE });
    assert!(!tried(&claim, other).1, "another history");
    let half = |asked: Question| honest(asked).filter(|_| asked.at != 2);
    assert!(!tried(&claim, half).1, "half is not more than half");
}

#[test]
fn it_asks_below_the_lowest_and_above_the_reach_of_all() {
    let heights = |claim: &Claim| {
        let mut proofs = Proofs::default();
        proofs.examine(Some(claim.clone()), &LIMITS, Moment::ZERO);
        let questions = proofs.questions(MAX_LAG, PACE, Moment::ZERO);
        questions
            .iter()
            .map(|asked| (asked.at, asked.height))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        heights(&claim(1000, &[&[900, 910]])),
        [
            [(1, 892), (2, 892), (0, 892)],
            [(1, 891), (2, 891), (0, 891)],
            [(1, 890), (2, 890), (0, 890)],
            [(0, 992), (0, 991), (0, 990)],
        ]
        .concat()
    );
    let near = [(1, 896), (0, 896), (1, 895), (0, 895), (1, 894), (0, 894)];
    assert_eq!(
        heights(&claim(915, &[&[904]])),
        [near.as_slice(), &[(0, 915)]].concat(),
        "as many as there are out of reach"
    );
    let young = [(1, 0), (0, 0), (0, 22), (0, 21), (0, 20)];
    assert_eq!(heights(&claim(30, &[&[3]])), young);
}

#[test]
fn each_group_is_convinced_by_itself() {
    let claim = claim(1000, &[&[900, 900, 900], &[900]]);
    let other = |asked: Question| Some(if asked.at == 4 { FALSE } else { TRUE });
    assert!(!tried(&claim, other).1);
}

#[test]
fn what_is_ahead_in_blocks_but_not_in_seconds_is_not_believed() {
    let mut claim = claim(1000, &[&[900]]);
    claim.claimant.timestamp = 904;
    assert!(!tried(&claim, honest).1);
    claim.claimant.timestamp = 905;
    assert!(tried(&claim, honest).1);
    claim.claimant.steady = false;
    assert!(!tried(&claim, honest).1, "nor is what jumps about");
}

#[test]
fn a_proof_is_void_for_good_once_the_others_are_there() {
    let (mut proofs, holds) = tried(&claim(1000, &[&[900]]), honest);
    assert!(holds);
    let mut holds = |claimed| proofs.examine(claimed, &LIMITS, Moment::ZERO);
    assert!(holds(Some(claim(2000, &[&[989]]))));
    assert!(!holds(Some(claim(2000, &[&[990]]))));
    assert!(!holds(Some(claim(2000, &[&[900]]))));
    let (mut proofs, _) = tried(&claim(1000, &[&[900]]), honest);
    assert!(!proofs.examine(None, &LIMITS, Moment::ZERO));
    assert!(!proofs.examine(Some(claim(1000, &[&[900]])), &LIMITS, Moment::ZERO));
}

#[test]
fn a_proof_is_renewed_in_time_and_ends_if_it_cannot_be() {
    let claim = claim(1000, &[&[900]]);
    let (mut proofs, _) = tried(&claim, honest);
    let at = |second| Moment::ZERO.after(Duration::from_secs(second));
    assert!(proofs.questions(MAX_LAG, PACE, at(9)).is_empty());
    assert!(proofs.examine(Some(claim.clone()), &LIMITS, at(10)));
    assert_eq!(proofs.questions(MAX_LAG, PACE, at(10)).len(), 9);
    assert!(proofs.examine(Some(claim.clone()), &LIMITS, at(30)));
    assert!(!proofs.examine(Some(claim.clone()), &LIMITS, at(31)));
    let (mut proofs, _) = tried(&claim, honest);
    let more = Claim {
        groups: vec![vec![voice(7, 900)]],
        ..claim
    };
    assert!(
        !proofs.examine(Some(more), &LIMITS, at(0)),
        "nothing was proved to backend 7"
    );
}

#[test]
fn a_trial_counts_once_the_claimant_is_heard_again_and_still_says_so() {
    let claim = claim(1000, &[&[900]]);
    let confirmed = |later: &dyn Fn(&mut Voice)| {
        let mut proofs = Proofs::default();
        proofs.examine(Some(claim.clone()), &LIMITS, Moment::ZERO);
        stand(&mut proofs, Moment::ZERO, honest);
        let mut again = heard_again(&claim);
        later(&mut again.claimant);
        let holds = proofs.examine(Some(again), &LIMITS, Moment::ZERO);
        let after = proofs.examine(Some(heard_again(&claim)), &LIMITS, Moment::ZERO);
        assert_eq!(
            holds, after,
            "a trial that was not confirmed is void for good"
        );
        holds
    };
    assert!(confirmed(&|_| ()));
    assert!(confirmed(&|again| again.number = 990));
    assert!(!confirmed(&|again| again.number = 989), "it had shown 990");
    assert!(!confirmed(&|again| again.steady = false), "it jumped");
}

#[test]
fn an_older_proof_holds_until_the_next_trial_is_confirmed_or_failed() {
    let claim = claim(1000, &[&[900]]);
    let at = |second| Moment::ZERO.after(Duration::from_secs(second));
    let (mut proofs, _) = tried(&claim, honest);
    let mut second = claim;
    second.claimant.heard = at(10);
    assert!(proofs.examine(Some(second.clone()), &LIMITS, at(10)));
    stand(&mut proofs, at(11), honest);
    assert!(proofs.examine(Some(second.clone()), &LIMITS, at(12)));
    assert!(
        proofs.questions(MAX_LAG, PACE, at(14)).is_empty(),
        "one trial at a time"
    );
    second.claimant.heard = at(15);
    assert!(proofs.examine(Some(second.clone()), &LIMITS, at(40)));
    stand(&mut proofs, at(40), |_| None);
    assert!(!proofs.examine(Some(second), &LIMITS, at(40)));
}

#[test]
fn an_unproved_claim_is_tried_again_but_not_at_once() {
    let claim = claim(1000, &[&[900]]);
    let (mut proofs, holds) = tried(&claim, |_| None);
    assert!(!holds);
    assert!(proofs.questions(MAX_LAG, PACE, Moment::ZERO).is_empty());
    assert_eq!(
        proofs
            .questions(MAX_LAG, PACE, Moment::ZERO.after(PACE))
            .len(),
        9
    );
}

#[test]
fn a_proof_follows_those_it_is_about_when_others_come_and_go() {
    let told = claim(1000, &[&[900, 910]]);
    let elsewhere = |claim: &Claim, places: [usize; 3]| {
        let mut claim = heard_again(claim);
        claim.claimant.at = places[0];
        for (voice, at) in claim.groups.iter_mut().flatten().zip(&places[1..]) {
            voice.at = *at;
        }
        claim
    };
    let to = |places: [Option<usize>; 3]| move |at: usize| places.get(at).copied().flatten();
    for (moved, claimed, holds) in [
        ([Some(4), Some(2), Some(7)], [4, 2, 7], true),
        // Those who stand there now are others.
        ([Some(4), Some(2), Some(7)], [0, 1, 2], false),
        ([None, Some(1), Some(2)], [0, 1, 2], false),
        // One went, and somebody new was not there when it was proved.
        ([Some(0), Some(1), None], [0, 1, 2], false),
    ] {
        let (mut proofs, proved) = tried(&told, honest);
        assert!(proved);
        proofs.moved(&to(moved));
        let claim = elsewhere(&told, claimed);
        let found = proofs.examine(Some(claim), &LIMITS, Moment::ZERO);
        assert_eq!(found, holds, "{moved:?} {claimed:?}");
    }
    // A trial goes on, and its answers are taken under the new numbers.
    let mut proofs = Proofs::default();
    proofs.examine(Some(told.clone()), &LIMITS, Moment::ZERO);
    let questions = proofs.questions(MAX_LAG, PACE, Moment::ZERO);
    proofs.moved(&to([Some(4), Some(2), Some(7)]));
    for Question { at, height } in questions {
        let at = [4, 2, 7][at];
        proofs.answered(Question { at, height }, Some(TRUE));
    }
    proofs.settle(Moment::ZERO);
    let claim = elsewhere(&told, [4, 2, 7]);
    assert!(proofs.examine(Some(claim), &LIMITS, Moment::ZERO));
}
