//! How a story is told: what happens to a network when, and what must then be so.

use rules::ids::Pool;
use rules::member::Limits;
use rules::member::Spec;
use rules::method::HeadNeed;
use rules::method::Label;
use rules::pick;
use rules::pick::Step;
use rules::pick::Wish;
use rules::seating::Rungs;
use rules::table::Stale;
use rules::table::Standing;

use crate::dice::Dice;
use crate::network::Network;
use crate::network::limits;
use crate::network::spec;
use crate::world::Mode;
use crate::world::World;

/// The tip when a story begins.
pub(crate) const TIP: u64 = 10_000;

/// One thing that happens in a story, or one that must be so.
pub(crate) enum Line {
    /// From this second on a backend does this.
    Does(u64, usize, Mode),
    /// From this second on the chain stands still, or moves.
    Halts(u64, bool),
    /// From this second to that one a backend stands so.
    Stands(u64, u64, usize, Standing),
    /// At this second the read pool is served so.
    Served(u64, Option<Step>),
    /// At this second the chain is called halted, or is not.
    Halted(u64, bool),
    /// At this second an operator is told of something with these words, or of nothing.
    Doubt(u64, &'static str),
}

use Line::Does;
use Line::Doubt;
use Line::Halted;
use Line::Halts;
use Line::Served;
use Line::Stands;

/// The first backend, and after the last one comes the leader.
pub(crate) const A: usize = 0;
pub(crate) const B: usize = 1;
pub(crate) const C: usize = 2;

/// So many backends of the read pool.
pub(crate) fn read(count: usize) -> Vec<Spec> {
    let names = ["a", "b", "c", "d"];
    let names = names.iter().take(count);
    names.map(|name| spec(name, Some(Pool::Read))).collect()
}

/// The same with a leader.
pub(crate) fn with_leader(count: usize, external: bool) -> Vec<Spec> {
    let mut specs = read(count);
    let mut leader = spec("leader", None);
    leader.leader = true;
    leader.external = external;
    specs.push(leader);
    specs
}

/// Lives a story through by the limits of the drop-in profile.
pub(crate) fn check(title: &str, specs: Vec<Spec>, story: &[Line]) {
    check_within(title, specs, limits(1000), story);
}

/// Lives a story through by limits of its own; then once more with a configuration that is loaded
/// again and again, which must make no difference.
pub(crate) fn check_within(title: &str, specs: Vec<Spec>, limits: Limits, story: &[Line]) {
    println!("{title}");
    live(title, specs.clone(), limits.clone(), (story, None));
    println!("{title}, reloaded");
    live(title, specs, limits, (story, Some(Dice::new(7))));
}

fn live(
    title: &str,
    specs: Vec<Spec>,
    limits: Limits,
    (story, mut reloads): (&[Line], Option<Dice>),
) {
    let rungs = Rungs {
        leader_serves: vec![Pool::Read],
        leader_calls_max: 256,
        stale: Stale::Serve,
    };
    let mut network = Network::new(World::new(TIP, 1000), specs, limits, rungs);
    for second in 1..=120 {
        for line in story {
            match line {
                Does(at, who, mode) if *at == second => network.becomes(*who, *mode),
                Halts(at, halts) if *at == second => network.world.halted = *halts,
                Does(..) | Halts(..) | Stands(..) | Served(..) | Halted(..) | Doubt(..) => {}
            }
        }
        if let Some(reloads) = reloads.as_mut().filter(|_| second % 3 == 0) {
            network.reload(reloads);
        }
        network.round();
        for change in &network.judgement.changes {
            let id = &network.specs[change.at].id;
            println!(
                "{second:>4} s  {id}: {:?} -> {:?}: {}",
                change.from, change.to, change.why
            );
        }
        story
            .iter()
            .for_each(|line| holds(title, &network, second, line));
    }
}

fn holds(title: &str, network: &Network, second: u64, line: &Line) {
    let at = format!("{title}: {second} s");
    match line {
        Stands(from, to, who, standing) if (*from..=*to).contains(&second) => {
            assert_eq!(
                network.standing(*who),
                *standing,
                "{at}: {}",
                network.specs[*who].id
            );
        }
        Served(when, step) if *when == second => {
            let wish = Wish {
                method: Label::OTHER,
                pool: Pool::Read,
                head: HeadNeed::Bound,
                tried: &[],
            };
            let picked = pick::read(&network.table, &wish, 7, network.now());
            assert_eq!(picked.map(|picked| picked.step), *step, "{at}");
        }
        Halted(when, halted) if *when == second => {
            assert_eq!(network.judgement.halted, *halted, "{at}");
        }
        Doubt(when, words) if *when == second => {
            let doubts = &network.judgement.doubts;
            let doubts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
            assert_eq!(doubts.join("; "), *words, "{at}");
        }
        Does(..) | Halts(..) | Stands(..) | Served(..) | Halted(..) | Doubt(..) => {}
    }
}
