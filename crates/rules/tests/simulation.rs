//! Thousands of networks in trouble on a virtual clock, with the rules checked after every round.
#![expect(
    clippy::print_stdout,
    reason = "a failing seed is printed for a replay"
)]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test fails aloud")]

#[path = "simulation/dice.rs"]
mod dice;
#[path = "simulation/invariants.rs"]
mod invariants;
#[path = "simulation/network.rs"]
mod network;
#[path = "simulation/plan.rs"]
mod plan;
#[path = "simulation/world.rs"]
mod world;

use crate::dice::Dice;

/// Networks of a run, unless `HEADWAY_NETWORKS` asks for more.
const NETWORKS: u64 = 2_000;
/// Networks that once broke a rule.
const ONCE_BROKEN: [u64; 4] = [22_388, 22_813, 63_675, 784_775];
/// Seconds each of them lives.
const SECONDS: u64 = 150;

#[test]
fn the_rules_hold_in_every_network() {
    match asked("HEADWAY_SEED") {
        Some(seed) => live(seed, true),
        None => {
            let networks = asked("HEADWAY_NETWORKS").unwrap_or(NETWORKS);
            let seeds = ONCE_BROKEN.into_iter().chain(0..networks);
            seeds.for_each(|seed| live(seed, false));
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment of a test run, not of Headway"
)]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Lives one network through; told in full when it is replayed.
fn live(seed: u64, told: bool) {
    let (mut network, plan) = plan::draw(seed);
    let mut dice = Dice::new(!seed);
    let mut reloads = Dice::new(seed.rotate_left(32));
    if told {
        println!(
            "{:?}, rogue {:?}, {:#?}",
            plan.kind, plan.rogue, network.specs
        );
    }
    while network.seconds() < SECONDS {
        let before: Vec<_> = network.actors.iter().map(|actor| actor.mode).collect();
        plan.act(&mut network, &mut dice);
        // Now and then the process itself is paused: nothing is probed and nothing judged.
        if dice.happens(5) {
            network.world.pass(1000 * dice.below(15));
        }
        // A quarter of the networks have their configuration loaded again every few seconds.
        if seed % 4 == 2 && reloads.happens(150) {
            network.reload(&mut reloads);
        }
        network.round();
        if told {
            tell(&network, &before);
        }
        if let Err(broken) = invariants::check(&network, &plan) {
            println!("HEADWAY_SEED={seed} cargo test -p rules --test simulation -- --nocapture");
            panic!(
                "seed {seed}, second {}, {:?}: {broken}",
                network.seconds(),
                plan.kind
            );
        }
    }
}

fn tell(network: &network::Network, before: &[world::Mode]) {
    let second = network.seconds();
    for (at, actor) in network.actors.iter().enumerate() {
        if actor.mode != before[at] {
            println!("{second:>4} s  {at} becomes {:?}", actor.mode);
        }
    }
    for change in &network.judgement.changes {
        let (from, to) = (change.from, change.to);
        println!(
            "{second:>4} s  {} {from:?} -> {to:?}: {}",
            change.at, change.why
        );
    }
    let reference = network
        .judgement
        .reference
        .map(|found| (found.number, found.source));
    let tip = network.world.tip();
    let heads = network
        .judgement
        .verdicts
        .iter()
        .map(|verdict| verdict.head.map(|head| head.number));
    let heads: Vec<_> = heads.collect();
    let doubts: Vec<String> = network
        .judgement
        .doubts
        .iter()
        .map(ToString::to_string)
        .collect();
    println!("{second:>4} s  tip {tip} reference {reference:?} heads {heads:?} {doubts:?}");
}
