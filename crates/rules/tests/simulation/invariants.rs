//! What must hold in every network after every round.

use std::collections::HashMap;

use rules::ids::Pool;
use rules::method::HeadNeed;
use rules::method::Label;
use rules::pick;
use rules::pick::Picked;
use rules::pick::Step;
use rules::pick::Wish;
use rules::table::Stale;
use rules::table::Standing;

use crate::network::Network;
use crate::plan::Kind;
use crate::plan::Plan;
use crate::world::Mode;

/// Checks everything; the error says what does not hold.
pub(crate) fn check(network: &Network, plan: &Plan) -> Result<(), String> {
    let wrong = proved_wrong(network);
    for pool in [Pool::Read, Pool::Heavy] {
        for need in [HeadNeed::Bound, HeadNeed::Free] {
            read_is_served(network, pool, need, &wrong)?;
        }
    }
    sends_are_served(network, plan)?;
    for at in 0..plan.heads {
        healthy_is_in(network, plan, at)?;
        unhealthy_is_out(network, plan, at)?;
    }
    halt_is_told(network, plan)
}

/// Whom the chain ids that were said prove wrong, counted anew from what was said.
fn proved_wrong(network: &Network) -> Vec<bool> {
    let mut votes: HashMap<u64, usize> = HashMap::new();
    for said in network.actors.iter().filter_map(|actor| actor.said) {
        *votes.entry(said).or_default() += 1;
    }
    let all: usize = votes.values().sum();
    let most = votes
        .iter()
        .find(|(_, count)| **count >= 2 && 2 * **count > all);
    let right = network.limits.chain_id.or(most.map(|(id, _)| *id));
    let told =
        |said: Option<u64>| matches!((said, right), (Some(said), Some(right)) if said != right);
    network
        .actors
        .iter()
        .map(|actor| told(actor.said))
        .collect()
}

/// A pool with anybody usable never refuses, and never asks a backend proved on another chain.
fn read_is_served(
    network: &Network,
    pool: Pool,
    head: HeadNeed,
    wrong: &[bool],
) -> Result<(), String> {
    let members = || (0..network.specs.len()).filter(|at| network.specs[*at].pool == Some(pool));
    let eligible = members().any(|at| network.standing(at) == Standing::Eligible);
    let rest = members().any(|at| !wrong[at]);
    let leader = network.table.ladder().leader.is_some();
    let stale = network.rungs.stale == Stale::Serve || head == HeadNeed::Free;
    let due = if network.judgement.leader_first && leader {
        Some(Step::Leader)
    } else if eligible {
        Some(Step::Eligible)
    } else if leader {
        Some(Step::Leader)
    } else {
        (rest && stale).then_some(Step::LeastBad)
    };
    for throw in 0..4_u64 {
        let dice = crate::dice::mix(network.world.millis ^ throw);
        let wish = Wish {
            method: Label::OTHER,
            pool,
            head,
            tried: &[],
        };
        let picked = pick::read(&network.table, &wish, dice, network.now());
        let step = picked.map(|picked| picked.step);
        if step != due {
            return Err(format!(
                "pool {pool} is served by step {step:?} instead of {due:?}"
            ));
        }
        if let Some(Picked { seat, step }) = picked {
            if wrong[seat.index()] {
                return Err(format!(
                    "pool {pool} is served by {} of another chain",
                    seat.index()
                ));
            }
            let standing = network.standing(seat.index());
            if (step == Step::Eligible) != (standing == Standing::Eligible) && step != Step::Leader
            {
                return Err(format!("{step:?} in pool {pool} is {standing:?}"));
            }
        }
    }
    Ok(())
}

/// Sends never find the pool empty, and one that is up is asked before one that is not.
fn sends_are_served(network: &Network, plan: &Plan) -> Result<(), String> {
    let up = (plan.heads..network.specs.len()).any(|at| network.standing(at) == Standing::Eligible);
    let wish = Wish {
        method: Label::OTHER,
        pool: Pool::Write,
        head: HeadNeed::Free,
        tried: &[],
    };
    let client = crate::dice::mix(network.seconds() / 20);
    let picked = pick::send(&network.table, &wish, client, network.now());
    let Some(picked) = picked else {
        return Err("sends are refused".to_owned());
    };
    let good = network.standing(picked.seat.index()) == Standing::Eligible;
    if good == up {
        Ok(())
    } else {
        Err(format!("a send goes to {picked:?}, up: {up}"))
    }
}

/// A backend that is well is in, whatever the others say, once its rounds have passed. This is
/// also what keeps single voices from emptying pools: in each of these networks one voice lies.
fn healthy_is_in(network: &Network, plan: &Plan, at: usize) -> Result<(), String> {
    let actor = &network.actors[at];
    let since = network.rounds - actor.since;
    let poll = network.specs[at].leader && network.specs[at].external;
    let poll = if poll {
        network.limits.leader_interval.as_secs()
    } else {
        1
    };
    let mended = if Some(at) == plan.rogue {
        // Chain ids are asked again after ten seconds, hashes compared a dozen blocks further on.
        30 + 20 * network.world.block_millis.div_ceil(1000) + 6 * poll
    } else {
        5 * poll
    };
    let settled = actor.since == 0 || since > mended;
    let standing = network.standing(at);
    if actor.mode == Mode::Well && settled && standing != Standing::Eligible {
        return Err(format!("{at} is well for {since} rounds but {standing:?}"));
    }
    Ok(())
}

/// A backend in lasting trouble is out, when two others or a leader are well to tell.
fn unhealthy_is_out(network: &Network, plan: &Plan, at: usize) -> Result<(), String> {
    let actor = &network.actors[at];
    let since = network.rounds - actor.since;
    let block = network.world.block_millis.div_ceil(1000);
    // While the chain stands still, no block comes by which anybody could be told from the others.
    let stood = match plan.kind {
        Kind::Halted => plan.event.1 - plan.event.0,
        Kind::OneRogue | Kind::Troubles | Kind::FrozenTogether | Kind::AllGone | Kind::Alone => 0,
    };
    // An external leader takes part in one comparison of hashes a minute.
    let rarely = if network.specs[at].external { 60 } else { 0 };
    let patience = 40 + 30 * block + stood + rarely;
    let well = |other: &usize| {
        let actor = &network.actors[*other];
        *other != at
            && actor.mode == Mode::Well
            && network.rounds - actor.since > patience.min(since)
    };
    let witnesses = (0..plan.heads).filter(well).count();
    // Witnesses that stumble together may let a laggard in for a round.
    let told = witnesses >= 2 && !network.stumbles;
    let halted = network.world.halted || network.seconds() < plan.event.1 + 30;
    // A leader that is itself a few blocks behind, or misses its polls, measures so many less.
    let leader = (0..plan.heads).find(|at| network.specs[*at].leader);
    let led = leader.is_none_or(|leader| well(&leader));
    let due = match actor.mode {
        Mode::Dead => since > 4 && !network.specs[at].external,
        Mode::OtherChain(_) => told && since > patience,
        Mode::Forked(_) | Mode::Frozen { .. } => told && !halted && since > patience,
        Mode::Behind(blocks) => told && !halted && blocks > 12 && since > patience && led,
        Mode::Well
        | Mode::Syncing { .. }
        | Mode::Flapping(_)
        | Mode::Mad { .. }
        | Mode::Raving
        | Mode::TwoFaced { .. } => false,
    };
    // A pause of the process, or a leader that just went, may let it slip in for a few rounds.
    if due && actor.eligible > 6 {
        return Err(format!(
            "{at} is {:?} for {since} rounds but in",
            actor.mode
        ));
    }
    Ok(())
}

/// A chain that stands still is called halted when everybody is well to see it; one that moves never
/// is.
fn halt_is_told(network: &Network, plan: &Plan) -> Result<(), String> {
    let well = |at: usize| {
        let actor = &network.actors[at];
        let long = actor.since == 0 || network.rounds - actor.since > 40;
        actor.mode == Mode::Well && long
    };
    let all_well = (0..plan.heads).all(well);
    let calm = all_well && !network.stumbles;
    let stood = network.stood;
    let long = stood > 35 + 4 * network.world.block_millis.div_ceil(1000);
    if calm && network.world.halted && long && !network.judgement.halted {
        return Err(format!(
            "the chain has stood still for {stood} rounds and nobody says so"
        ));
    }
    // One that stumbles just after a pause may show the very block it showed before it.
    let mover = (0..plan.heads).any(|at| {
        let actor = &network.actors[at];
        let head = network.judgement.verdicts[at].head;
        let current = head.is_some_and(|head| head.number + 2 >= network.world.tip());
        actor.mode == Mode::Well && network.rounds - actor.since > 40 && current
    });
    let since_event = network.seconds().saturating_sub(plan.event.1);
    let moving = !network.world.halted && (network.seconds() < plan.event.0 || since_event > 40);
    if mover && moving && network.judgement.halted {
        return Err("the chain moves and is called halted".to_owned());
    }
    Ok(())
}
