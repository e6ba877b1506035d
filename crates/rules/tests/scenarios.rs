//! One network of every kind, told second by second, with the standing each backend must have when.
#![expect(clippy::print_stdout, reason = "a story is there to be read")]
#![expect(clippy::indexing_slicing, reason = "a test fails aloud")]

#[path = "simulation/dice.rs"]
mod dice;
#[path = "simulation/network.rs"]
mod network;
#[path = "simulation/story.rs"]
mod story;
#[path = "simulation/world.rs"]
mod world;

use std::time::Duration;

use rules::member::Limits;
use rules::pick::Step;
use rules::table::Standing::Down;
use rules::table::Standing::Eligible;
use rules::table::Standing::Forked;
use rules::table::Standing::Lagging;
use rules::table::Standing::WrongChain;

use crate::network::limits;
use crate::story::A;
use crate::story::B;
use crate::story::C;
use crate::story::Line;
use crate::story::Line::Does;
use crate::story::Line::Doubt;
use crate::story::Line::Halted;
use crate::story::Line::Halts;
use crate::story::Line::Served;
use crate::story::Line::Stands;
use crate::story::TIP;
use crate::story::check;
use crate::story::check_within;
use crate::story::read;
use crate::story::with_leader;
use crate::world::CHAIN;
use crate::world::Mode;

/// Stands at the block that was the tip in the ninth second.
const FROZEN: Mode = Mode::Frozen {
    at: TIP + 9,
    orphan: false,
};

#[test]
fn down_after_three_failed_probes_and_up_after_two_good_ones() {
    let story = [
        Does(10, A, Mode::Dead),
        Stands(1, 11, A, Eligible),
        Stands(12, 20, A, Down),
        Does(20, A, Mode::Well),
        Stands(21, 120, A, Eligible),
        Stands(1, 120, B, Eligible),
    ];
    check("killed", read(2), &story[..]);
}

#[test]
fn a_laggard_is_out_after_two_rounds_and_one_far_behind_at_once() {
    let story = [
        Does(10, A, Mode::Behind(11)),
        Stands(1, 10, A, Eligible),
        Stands(11, 39, A, Lagging),
        Does(40, A, Mode::Behind(9)),
        Stands(41, 59, A, Eligible),
        Does(60, A, Mode::Behind(40)),
        Stands(60, 80, A, Lagging),
        Does(80, A, Mode::Well),
        Stands(80, 80, A, Lagging),
        Stands(81, 120, A, Eligible),
        Stands(1, 120, B, Eligible),
        Stands(1, 120, C, Eligible),
    ];
    check("lagging", with_leader(2, false), &story);
}

#[test]
fn a_frozen_node_is_out_eleven_blocks_later() {
    let story = [
        Does(10, A, FROZEN),
        Stands(1, 19, A, Eligible),
        Stands(23, 120, A, Lagging),
        Stands(1, 120, B, Eligible),
        Stands(1, 120, C, Eligible),
    ];
    check("frozen", read(3), &story);
}

#[test]
fn two_frozen_on_one_dead_source_do_not_outvote_the_living_one() {
    for orphan in [false, true] {
        let dead = Mode::Frozen {
            at: TIP + 9,
            orphan,
        };
        let story = [
            Does(10, A, dead),
            Does(10, B, dead),
            Stands(1, 20, A, Eligible),
            Stands(30, 120, A, Lagging),
            Stands(30, 120, B, Lagging),
            Stands(1, 120, C, Eligible),
            Served(120, Some(Step::Eligible)),
        ];
        check("two frozen beside one live", read(3), &story);
    }
}

#[test]
fn a_flapping_node_comes_and_goes_and_nobody_else_does() {
    let story = [
        Does(10, A, Mode::Flapping(5)),
        Stands(17, 20, A, Down),
        Stands(21, 26, A, Eligible),
        Stands(27, 30, A, Down),
        Stands(1, 120, B, Eligible),
    ];
    check("flapping", read(2), &story);
}

#[test]
fn another_chain_is_out_by_majority_and_never_the_last_resort() {
    let story = [
        Does(1, A, Mode::OtherChain(3)),
        Stands(1, 50, A, WrongChain),
        Does(50, A, Mode::Dead),
        Does(50, B, Mode::Dead),
        Does(50, C, Mode::Dead),
        Stands(51, 79, A, WrongChain),
        Stands(52, 120, B, Down),
        Served(60, Some(Step::LeastBad)),
        Does(80, A, Mode::Well),
        Stands(95, 120, A, Eligible),
    ];
    check("wrong chain", read(3), &story);
}

#[test]
fn a_tie_of_chain_ids_puts_nobody_out() {
    let story = [
        Does(1, A, Mode::OtherChain(TIP)),
        Stands(1, 120, A, Eligible),
        Stands(1, 120, B, Eligible),
        Doubt(1, "chain ids differ and no side is a majority"),
    ];
    check("chain ids tied", read(2), &story);
    let configured = Limits {
        chain_id: Some(CHAIN),
        ..limits(1000)
    };
    let story = [
        Does(1, A, Mode::OtherChain(TIP)),
        Stands(1, 120, A, WrongChain),
        Stands(1, 120, B, Eligible),
        Doubt(120, ""),
    ];
    check_within("chain id configured", read(2), configured, &story);
}

#[test]
fn a_minority_fork_is_out_and_in_again_once_it_rejoins() {
    let story = [
        Does(10, A, Mode::Forked(TIP + 10)),
        Stands(1, 15, A, Eligible),
        Stands(40, 59, A, Forked),
        Does(60, A, Mode::Well),
        Stands(80, 120, A, Eligible),
        Stands(1, 120, B, Eligible),
        Stands(1, 120, C, Eligible),
    ];
    check("forked", read(3), &story);
}

#[test]
fn a_mad_leader_is_not_believed_and_a_stuck_one_not_used() {
    let leader = B;
    let mad = [
        Does(
            10,
            leader,
            Mode::Mad {
                ahead: 1_000_000,
                dated: 0,
            },
        ),
        Stands(1, 120, A, Eligible),
        Doubt(
            20,
            "by the leader's word a whole pool is 1000000 blocks behind, which it has not proved",
        ),
        Served(20, Some(Step::Eligible)),
        Does(
            40,
            leader,
            Mode::Mad {
                ahead: 50,
                dated: 60,
            },
        ),
        Doubt(41, "the leader's head is 60 s ahead of the clock"),
        Does(60, leader, Mode::OtherChain(77)),
        Does(90, leader, Mode::Dead),
        Doubt(
            95,
            "the leader does not answer; chain ids differ and no side is a majority",
        ),
    ];
    check("leader mad", with_leader(1, false), &mad);
    let leader = C;
    let stuck = [
        Does(10, leader, FROZEN),
        Stands(1, 51, A, Eligible),
        Stands(1, 51, B, Eligible),
        Stands(1, 19, leader, Eligible),
        Stands(30, 52, leader, Lagging),
        Does(50, A, Mode::Dead),
        Does(50, B, Mode::Dead),
        // Nobody is left to say that it is stuck, and it is better than nobody.
        Served(60, Some(Step::Leader)),
    ];
    check("leader stuck", with_leader(2, false), &stuck);
}

#[test]
fn an_external_leader_between_its_polls_puts_nobody_out_of_reach() {
    let story = [
        Stands(1, 60, A, Eligible),
        Does(10, A, Mode::Behind(10)),
        Doubt(50, ""),
        Does(60, A, Mode::Behind(14)),
        Stands(75, 120, A, Lagging),
        Stands(1, 120, B, Eligible),
    ];
    check("leader external and slow", with_leader(2, true), &story);
}

#[test]
fn a_lone_backend_that_hangs_behind_gives_way_to_a_proved_leader() {
    for external in [false, true] {
        let story = [
            Does(10, A, FROZEN),
            Stands(1, 19, A, Eligible),
            Served(19, Some(Step::Eligible)),
            Stands(40, 60, A, Lagging),
            Served(60, Some(Step::Leader)),
            Does(61, A, Mode::Well),
            Stands(70, 120, A, Eligible),
            Served(120, Some(Step::Eligible)),
        ];
        check("one backend, frozen", with_leader(1, external), &story);
    }
}

#[test]
fn one_backend_alone_is_its_own_measure() {
    let story = [
        Does(10, A, Mode::Behind(500)),
        Stands(1, 39, A, Eligible),
        Does(40, A, Mode::Dead),
        Stands(42, 60, A, Down),
        Served(50, Some(Step::LeastBad)),
        Does(60, A, Mode::Well),
        Stands(61, 120, A, Eligible),
    ];
    check("one backend", read(1), &story);
}

#[test]
fn a_halted_chain_puts_nobody_out() {
    let limits = Limits {
        max_head_age: Some(Duration::from_secs(60)),
        ..limits(1000)
    };
    let story = [
        Halts(10, true),
        Halted(15, false),
        Halted(40, true),
        Served(100, Some(Step::Eligible)),
        Halts(105, false),
        Halted(110, false),
        Stands(1, 120, A, Eligible),
        Stands(1, 120, B, Eligible),
        Stands(1, 120, C, Eligible),
    ];
    check_within("halted", with_leader(2, false), limits, &story);
}

#[test]
fn heads_too_old_for_the_clock_let_a_leader_go_first() {
    let limits = Limits {
        max_head_age: Some(Duration::from_secs(8)),
        ..limits(1000)
    };
    let story = [
        Does(10, A, Mode::Behind(9)),
        Does(10, B, Mode::Behind(9)),
        Served(9, Some(Step::Eligible)),
        Served(20, Some(Step::Leader)),
        Stands(1, 120, A, Eligible),
        Stands(1, 120, B, Eligible),
    ];
    check_within("old heads", with_leader(2, false), limits, &story);
}

#[test]
fn all_gone_and_all_back() {
    let gone = |at| [A, B, C].map(|who| Does(at, who, Mode::Dead));
    let back = |at| [A, B, C].map(|who| Does(at, who, Mode::Well));
    let mut story = vec![
        Served(11, Some(Step::Eligible)),
        Served(20, Some(Step::LeastBad)),
        Served(32, Some(Step::Eligible)),
    ];
    story.extend(gone(10).into_iter().chain(back(31)));
    story.extend([A, B, C].map(|who| Stands(12, 31, who, Down)));
    story.extend([A, B, C].map(|who| Stands(32, 120, who, Eligible)));
    check("all gone", with_leader(2, false), &story);
}

#[test]
fn a_lone_liar_that_counts_on_while_the_chain_stands_puts_nobody_out() {
    let story = [
        Halts(10, true),
        Does(
            20,
            A,
            Mode::Mad {
                ahead: 5_000,
                dated: 0,
            },
        ),
        Stands(1, 120, A, Eligible),
        Stands(1, 120, B, Eligible),
        Stands(1, 120, C, Eligible),
    ];
    check("lying about its height", read(3), &story);
}

#[test]
fn a_node_that_raves_or_has_two_faces_harms_nobody_else() {
    let two_faced = Mode::TwoFaced {
        start: 900_000,
        turns: 2,
    };
    for mode in [Mode::Raving, two_faced] {
        for liar in [A, C] {
            let others = [A, B, C].into_iter().filter(|who| *who != liar);
            let mut story: Vec<Line> = others.map(|who| Stands(1, 120, who, Eligible)).collect();
            story.push(Does(10, liar, mode));
            check("raving", with_leader(2, false), &story);
        }
    }
}

#[test]
fn a_syncing_node_waits_outside_until_it_has_caught_up() {
    let story = [
        Does(
            1,
            A,
            Mode::Syncing {
                from: TIP - 2_000,
                speed: 51,
                since: 0,
            },
        ),
        Stands(6, 30, A, Lagging),
        Stands(50, 120, A, Eligible),
        Stands(1, 120, B, Eligible),
    ];
    check("syncing beside one other", read(2), &story);
}

#[test]
fn whoever_falls_behind_on_a_halted_chain_stays() {
    let story = [
        Halts(10, true),
        Does(30, A, Mode::Behind(20)),
        Halted(60, true),
        Stands(1, 120, A, Eligible),
        Stands(1, 120, B, Eligible),
        Stands(1, 120, C, Eligible),
    ];
    check("behind on a halted chain", read(3), &story);
}
