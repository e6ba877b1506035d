//! Which network a seed stands for, and what happens to it when.

use rules::ids::Pool;
use rules::seating::Rungs;
use rules::table::Stale;

use crate::dice::Dice;
use crate::network::Network;
use crate::network::limits;
use crate::network::spec;
use crate::world::CHAIN;
use crate::world::Mode;
use crate::world::World;

/// What is special about a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One backend or leader is a rogue, everybody else is well all the time.
    OneRogue,
    /// Everybody has the troubles of honest nodes, and one may be a rogue besides.
    Troubles,
    /// Some stand still, from one moment on, at about the same block; one lives on.
    FrozenTogether,
    /// The chain stands still for a while.
    Halted,
    /// All are gone for a while, the leader too.
    AllGone,
    /// One backend, with or without a leader.
    Alone,
}

const KINDS: [Kind; 6] = [
    Kind::OneRogue,
    Kind::Troubles,
    Kind::FrozenTogether,
    Kind::Halted,
    Kind::AllGone,
    Kind::Alone,
];

/// A network's script.
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    /// The only one who ever says what is not so.
    pub(crate) rogue: Option<usize>,
    /// When the event of the kind begins and ends, in seconds.
    pub(crate) event: (u64, u64),
    /// The last backend with a head; the miners come after it.
    pub(crate) heads: usize,
}

/// The network of a seed.
pub(crate) fn draw(seed: u64) -> (Network, Plan) {
    let dice = &mut Dice::new(seed);
    let kind = one_of(dice, &KINDS);
    let leader = dice.happens(600);
    let backends = match kind {
        Kind::Alone => 1,
        Kind::FrozenTogether => 3 + dice.below(2),
        Kind::OneRogue | Kind::Troubles | Kind::Halted | Kind::AllGone => 2 + dice.below(4),
    };
    let mut specs = Vec::new();
    for index in 0..backends {
        let heavy = index > 0 && dice.happens(300);
        let pool = if heavy { Pool::Heavy } else { Pool::Read };
        specs.push(spec(&format!("read-{index}"), Some(pool)));
    }
    if leader {
        let mut leader = spec("leader", dice.happens(200).then_some(Pool::Read));
        leader.leader = true;
        leader.external = dice.happens(600);
        specs.push(leader);
    }
    let heads = specs.len();
    for index in 0..3 {
        specs.push(spec(&format!("write-{index}"), Some(Pool::Write)));
    }
    let block_millis = one_of(dice, &[500, 1000, 1000, 1000, 2000, 3000, 12_000]);
    let mut limits = limits(block_millis);
    limits.chain_id = dice.happens(300).then_some(CHAIN);
    let rungs = Rungs {
        leader_serves: vec![Pool::Read, Pool::Heavy],
        leader_calls_max: 256,
        stale: one_of(dice, &[Stale::Serve, Stale::HeadFree]),
    };
    let world = World::new(5_000 + dice.below(1_000_000), block_millis);
    let mut network = Network::new(world, specs, limits, rungs);
    network.stumbles = dice.happens(700);
    let begins = 5 + dice.below(30);
    let lasts = 10 + dice.below(60);
    let with_rogue = matches!(kind, Kind::OneRogue) || dice.happens(400);
    let rogue = match kind {
        Kind::Alone if !leader => None,
        // The only backend is the honest one: of two, nobody can say who is.
        Kind::Alone => Some(1),
        Kind::OneRogue | Kind::Troubles | Kind::FrozenTogether | Kind::Halted | Kind::AllGone => {
            Some(dice.below(heads as u64) as usize)
        }
    };
    let plan = Plan {
        kind,
        rogue: rogue.filter(|_| with_rogue),
        event: (begins, begins + lasts),
        heads,
    };
    (network, plan)
}

impl Plan {
    /// What happens before the next round.
    pub(crate) fn act(&self, network: &mut Network, dice: &mut Dice) {
        let second = network.seconds();
        self.event(network, second, dice);
        if self.rogue.is_some() && (second == 0 || dice.happens(20)) {
            let mode = self.mischief(network, dice);
            self.rogue
                .into_iter()
                .for_each(|at| network.becomes(at, mode));
        }
        for miner in self.heads..network.specs.len() {
            if dice.happens(20) {
                let mode = one_of(
                    dice,
                    &[Mode::Well, Mode::Well, Mode::Dead, Mode::Flapping(3)],
                );
                network.becomes(miner, mode);
            }
        }
        if self.kind == Kind::Troubles {
            for at in (0..self.heads).filter(|at| Some(*at) != self.rogue) {
                if dice.happens(15) {
                    let mode = trouble(network, dice);
                    network.becomes(at, mode);
                }
            }
        }
    }

    fn event(&self, network: &mut Network, second: u64, dice: &mut Dice) {
        let (begins, ends) = self.event;
        let others: Vec<usize> = (0..self.heads)
            .filter(|at| Some(*at) != self.rogue)
            .collect();
        match self.kind {
            Kind::Halted => network.world.halted = (begins..ends).contains(&second),
            Kind::AllGone if second == begins || second == ends => {
                let mode = if second == begins {
                    Mode::Dead
                } else {
                    Mode::Well
                };
                (0..self.heads).for_each(|at| network.becomes(at, mode));
            }
            Kind::FrozenTogether if second == begins => {
                let at = network.world.tip();
                let orphan = dice.happens(300);
                let leader = |at: &usize| network.specs[*at].leader;
                let lived_on = others.iter().find(|at| !leader(at)).copied();
                let frozen = |at: &usize| Some(*at) != lived_on && !leader(at);
                let frozen: Vec<usize> = others.iter().copied().filter(frozen).collect();
                for backend in frozen {
                    let at = at - dice.below(2);
                    network.becomes(backend, Mode::Frozen { at, orphan });
                }
            }
            Kind::OneRogue
            | Kind::Troubles
            | Kind::FrozenTogether
            | Kind::AllGone
            | Kind::Alone => {}
        }
    }

    fn mischief(&self, network: &Network, dice: &mut Dice) -> Mode {
        let tip = network.world.tip();
        // A lie within the lag limit puts nobody out, and one just beyond it only whom it finds there.
        let far = 41 + dice.below(2_000_000);
        let lies = [
            Mode::OtherChain(far),
            Mode::OtherChain(network.world.start + dice.below(8)),
            Mode::Forked(tip + dice.below(10)),
            Mode::Mad {
                ahead: far,
                dated: 0,
            },
            Mode::Mad {
                ahead: 41 + dice.below(60),
                dated: dice.below(32),
            },
            Mode::Mad {
                ahead: far,
                dated: dice.below(400),
            },
            Mode::Raving,
            Mode::TwoFaced {
                start: tip + far,
                turns: 1 + dice.below(3),
            },
            trouble(network, dice),
            trouble(network, dice),
            Mode::Well,
        ];
        one_of(dice, &lies)
    }
}

/// Troubles of an honest node.
fn trouble(network: &Network, dice: &mut Dice) -> Mode {
    let tip = network.world.tip();
    let troubles = [
        Mode::Behind(3 + dice.below(7)),
        Mode::Behind(13 + dice.below(15)),
        Mode::Behind(31 + dice.below(3000)),
        Mode::Frozen {
            at: tip,
            orphan: dice.happens(300),
        },
        Mode::Frozen {
            at: tip - dice.below(50),
            orphan: false,
        },
        Mode::Syncing {
            from: tip - dice.below(4000),
            speed: 1 + dice.below(200),
            since: network.seconds(),
        },
        Mode::Dead,
        Mode::Flapping(1 + dice.below(8)),
        Mode::Well,
        Mode::Well,
        Mode::Well,
        Mode::Well,
    ];
    one_of(dice, &troubles)
}

fn one_of<T: Copy>(dice: &mut Dice, all: &[T]) -> T {
    all[dice.below(all.len() as u64) as usize]
}
