//! Changes and doubts in words.

use super::*;

#[test]
fn reasons_read_as_sentences_with_numbers() {
    let behind = Why::Behind {
        blocks: 12,
        seconds: 13,
    };
    let another = Why::AnotherChain {
        said: 1,
        expected: 2,
    };
    let told = [
        (Why::Failed(3), "3 probes in a row failed"),
        (Why::Answered(2), "2 probes in a row were answered"),
        (behind, "12 blocks behind, 13 s older"),
        (Why::CaughtUp(1), "caught up, 1 blocks behind"),
        (another, "on chain 1, expected 2"),
        (Why::SameChain, "on the same chain again"),
        (Why::Forked(90), "its block 90 is not the majority's"),
        (Why::Rejoined, "its blocks are the majority's again"),
    ];
    for (why, words) in told {
        assert_eq!(why.to_string(), words);
    }
}

#[test]
fn doubts_name_the_leader_and_the_number() {
    let told = [
        (Doubt::LeaderSilent, "the leader does not answer"),
        (
            Doubt::LeaderOnAnotherChain,
            "the leader is on another chain",
        ),
        (
            Doubt::LeaderForked(9),
            "the leader's block 9 is not the majority's",
        ),
        (Doubt::LeaderAtZero, "the leader says block 0"),
        (
            Doubt::LeaderAheadOfClock(31),
            "the leader's head is 31 s ahead of the clock",
        ),
        (
            Doubt::LeaderBehind(11),
            "the leader is 11 blocks behind the others",
        ),
        (
            Doubt::ChainIdsTied,
            "chain ids differ and no side is a majority",
        ),
        (
            Doubt::HashesTied(9),
            "blocks at 9 differ and no side is a majority",
        ),
    ];
    for (doubt, words) in told {
        assert_eq!(doubt.to_string(), words);
    }
}

#[test]
fn a_round_without_doubts_is_sound() {
    let mut judgement = Judgement {
        verdicts: Vec::new(),
        reference: None,
        leader_usable: false,
        leader_first: false,
        head_too_old: false,
        halted: false,
        doubts: Vec::new(),
        changes: Vec::new(),
    };
    assert!(!judgement.is_degraded());
    judgement.doubts.push(Doubt::LeaderSilent);
    assert!(judgement.is_degraded());
}
