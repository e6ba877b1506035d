//! The true chain of a simulated world, and what backends in every kind of trouble say of it.

use chain::head::BlockHash;
use chain::head::Head;

use crate::dice::Dice;
use crate::dice::mix;

/// The chain id of the true chain.
pub(crate) const CHAIN: u64 = 17_777;
/// The chain id that backends on another chain say.
pub(crate) const OTHER_CHAIN: u64 = 15_557;
/// The wall clock at the start.
const EPOCH: u64 = 1_700_000_000;

/// Time and the true chain.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) millis: u64,
    pub(crate) block_millis: u64,
    pub(crate) start: u64,
    times: Vec<u64>,
    owed: u64,
    pub(crate) halted: bool,
}

impl World {
    pub(crate) fn new(start: u64, block_millis: u64) -> Self {
        Self {
            millis: 0,
            block_millis,
            start,
            times: vec![EPOCH],
            owed: 0,
            halted: false,
        }
    }

    pub(crate) fn wall(&self) -> u64 {
        EPOCH + self.millis / 1000
    }

    pub(crate) fn tip(&self) -> u64 {
        self.start + self.times.len() as u64 - 1
    }

    pub(crate) fn pass(&mut self, millis: u64) {
        self.millis += millis;
        self.owed += millis;
        while self.owed >= self.block_millis {
            self.owed -= self.block_millis;
            if !self.halted {
                self.times.push(self.wall());
            }
        }
    }

    fn time(&self, number: u64) -> u64 {
        match number.checked_sub(self.start) {
            Some(index) => self
                .times
                .get(index as usize)
                .copied()
                .unwrap_or(self.wall()),
            None => EPOCH - (self.start - number) * self.block_millis / 1000,
        }
    }

    fn head(&self, number: u64, branch: u64) -> Head {
        Head {
            number,
            hash: hash(branch, number),
            parent: hash(branch, number.saturating_sub(1)),
            timestamp: self.time(number),
        }
    }
}

/// The hash of a block on a branch; branch 0 is the true one.
fn hash(branch: u64, number: u64) -> BlockHash {
    let mut bytes = [0; 32];
    let word = mix(mix(branch) ^ number).to_be_bytes();
    bytes[..8].copy_from_slice(&word);
    BlockHash(bytes)
}

/// What a backend does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Follows the tip.
    Well,
    /// Follows the tip, so many blocks behind.
    Behind(u64),
    /// Stands at this block; on an orphan of it, perhaps.
    Frozen { at: u64, orphan: bool },
    /// Climbs from this block, so many blocks a second, since this moment in seconds.
    Syncing { from: u64, speed: u64, since: u64 },
    /// Does not answer.
    Dead,
    /// Answers and does not, in turns of so many seconds.
    Flapping(u64),
    /// Follows another chain that is at this height when the true one starts.
    OtherChain(u64),
    /// Other blocks than everybody's from this height on.
    Forked(u64),
    /// Says a number so far above the tip, dated so many seconds ahead; its history is true.
    Mad { ahead: u64, dated: u64 },
    /// Says any number at any time.
    Raving,
    /// A door to two chains, the other one at this height at the start; they take turns of so many
    /// seconds, and who answers another question is chance.
    TwoFaced { start: u64, turns: u64 },
}

/// The branch that forked backends are on.
const FORK: u64 = 1;
/// The branch that the other chain is.
const OTHER: u64 = 2;

impl Mode {
    /// The newest block it shows.
    pub(crate) fn head(self, world: &World, dice: &mut Dice) -> Option<Head> {
        let tip = world.tip();
        let head = match self {
            Self::Well => world.head(tip, 0),
            Self::Behind(blocks) => world.head(tip.saturating_sub(blocks), 0),
            Self::Frozen { at, orphan } => world.head(at, u64::from(orphan) * FORK),
            Self::Syncing { from, speed, since } => {
                let climbed = (world.millis / 1000).saturating_sub(since) * speed;
                world.head((from + climbed).min(tip), 0)
            }
            Self::Dead => return None,
            Self::Flapping(seconds) => {
                let answers = (world.millis / 1000 / seconds).is_multiple_of(2);
                return answers.then(|| world.head(tip, 0));
            }
            Self::OtherChain(start) => other_head(world, start),
            Self::Forked(from) => world.head(tip, if tip >= from { FORK } else { 0 }),
            Self::Mad { ahead, dated } => Head {
                number: tip + ahead,
                timestamp: world.time(tip) + dated,
                ..world.head(tip, 0)
            },
            Self::Raving => Head {
                // A lie just above the lag limit finds whoever stumbles at that moment.
                number: match dice.below(2 * tip) {
                    near if near.abs_diff(tip) <= 40 => near + 81,
                    far => far,
                },
                timestamp: world.wall() + dice.below(40),
                ..world.head(tip, 0)
            },
            Self::TwoFaced { start, turns } if (world.millis / 1000 / turns).is_multiple_of(2) => {
                other_head(world, start)
            }
            Self::TwoFaced { .. } => world.head(tip, 0),
        };
        Some(head)
    }

    /// The hash it shows at a height.
    pub(crate) fn hash(self, height: u64, world: &World, dice: &mut Dice) -> Option<BlockHash> {
        let tip = world.tip();
        let (top, branch) = match self {
            Self::Well | Self::Mad { .. } | Self::Raving => (tip, 0),
            Self::Forked(from) => (tip, if height >= from { FORK } else { 0 }),
            Self::Frozen { at, orphan } => (at, u64::from(orphan && height == at) * FORK),
            Self::OtherChain(_) => (u64::MAX, OTHER),
            Self::TwoFaced { .. } if dice.happens(500) => (u64::MAX, OTHER),
            Self::TwoFaced { .. } => (tip, 0),
            Self::Behind(_) | Self::Syncing { .. } | Self::Dead | Self::Flapping(_) => {
                (self.head(world, dice)?.number, 0)
            }
        };
        (height <= top).then(|| hash(branch, height))
    }

    /// The chain id it says.
    pub(crate) fn chain_id(self, dice: &mut Dice) -> u64 {
        match self {
            Self::OtherChain(_) => OTHER_CHAIN,
            Self::TwoFaced { .. } if dice.happens(500) => OTHER_CHAIN,
            Self::Well
            | Self::Behind(_)
            | Self::Frozen { .. }
            | Self::Syncing { .. }
            | Self::Dead
            | Self::Flapping(_)
            | Self::Forked(_)
            | Self::Mad { .. }
            | Self::Raving
            | Self::TwoFaced { .. } => CHAIN,
        }
    }
}

fn other_head(world: &World, start: u64) -> Head {
    let number = start + world.tip() - world.start;
    Head {
        number,
        hash: hash(OTHER, number),
        parent: hash(OTHER, number.saturating_sub(1)),
        timestamp: world.wall(),
    }
}
