//! A fleet in a simulated world: scripted backends, probes, questions, judgement and table.

use std::sync::Arc;
use std::time::Duration;

use rules::ids::BackendId;
use rules::ids::Pool;
use rules::member::Limits;
use rules::member::Probe;
use rules::member::Spec;
use rules::moment::Moment;
use rules::roll::Question;
use rules::round::Fleet;
use rules::seating;
use rules::seating::Rungs;
use rules::table::Standing;
use rules::table::Table;
use rules::verdict::Change;
use rules::verdict::Judgement;
use rules::verdict::Reference;
use rules::verdict::Source;
use rules::vitals::Vitals;

use crate::dice::Dice;
use crate::world::Mode;
use crate::world::World;

/// One backend of the script.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) mode: Mode,
    /// The round in which it began to do what it does.
    pub(crate) since: u64,
    /// The chain id it said last.
    pub(crate) said: Option<u64>,
    /// Rounds in a row that it has been eligible.
    pub(crate) eligible: u64,
    /// Rounds until it may stumble again.
    steady: u64,
}

/// A whole network.
pub(crate) struct Network {
    pub(crate) world: World,
    pub(crate) dice: Dice,
    pub(crate) specs: Vec<Spec>,
    pub(crate) limits: Limits,
    pub(crate) actors: Vec<Actor>,
    pub(crate) rungs: Rungs,
    /// Whether well backends stumble now and then: a late block, a lost probe or two.
    pub(crate) stumbles: bool,
    pub(crate) judgement: Judgement,
    pub(crate) table: Table,
    /// Rounds lived through; fewer than seconds, when the process was paused.
    pub(crate) rounds: u64,
    /// Rounds for which the chain has stood still.
    pub(crate) stood: u64,
    fleet: Fleet,
    /// Where each actor stands in the fleet, whose order changes when it is reloaded.
    seats: Vec<usize>,
    vitals: Vec<Arc<Vitals>>,
    questions: Vec<Question>,
}

impl Network {
    pub(crate) fn new(world: World, specs: Vec<Spec>, limits: Limits, rungs: Rungs) -> Self {
        let mut fleet = Fleet::new(specs.clone(), limits.clone());
        let count = specs.len();
        let vitals: Vec<_> = specs.iter().map(|_| Arc::default()).collect();
        let judgement = fleet.judge(Moment::ZERO, world.wall());
        let actor = Actor {
            mode: Mode::Well,
            since: 0,
            said: None,
            eligible: 0,
            steady: 0,
        };
        Self {
            dice: Dice::new(world.start),
            actors: vec![actor; specs.len()],
            table: seating::table(&specs, &judgement, &vitals, &rungs),
            world,
            specs,
            limits,
            rungs,
            stumbles: false,
            rounds: 0,
            stood: 0,
            judgement,
            fleet,
            seats: (0..count).collect(),
            vitals,
            questions: Vec::new(),
        }
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.world.millis / 1000
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::ZERO.after(Duration::from_millis(self.world.millis))
    }

    pub(crate) fn standing(&self, at: usize) -> Standing {
        self.judgement.verdicts[at].standing
    }

    /// Makes a backend do something else from now on.
    pub(crate) fn becomes(&mut self, at: usize, mode: Mode) {
        let since = self.rounds;
        let actor = &mut self.actors[at];
        if actor.mode != mode {
            actor.mode = mode;
            actor.since = since;
            actor.steady = 60;
        }
    }

    /// One round: answers to the last questions, probes, a judgement, a table, new questions.
    pub(crate) fn round(&mut self) {
        self.world.pass(1000);
        self.rounds += 1;
        self.stood = if self.world.halted { self.stood + 1 } else { 0 };
        for question in std::mem::take(&mut self.questions) {
            let mode = self.actors[question.at].mode;
            let lost = self.stumbles && self.dice.happens(20);
            let hash = mode.hash(question.height, &self.world, &mut self.dice);
            let at = self.seats[question.at];
            let question = Question { at, ..question };
            self.fleet.answered(question, hash.filter(|_| !lost));
        }
        for at in 0..self.specs.len() {
            self.poll(at);
        }
        let judgement = self.fleet.judge(self.now(), self.world.wall());
        self.judgement = self.by_actor(judgement);
        for (actor, verdict) in self.actors.iter_mut().zip(&self.judgement.verdicts) {
            let eligible = verdict.standing == Standing::Eligible;
            actor.eligible = if eligible { actor.eligible + 1 } else { 0 };
        }
        self.table = seating::table(&self.specs, &self.judgement, &self.vitals, &self.rungs);
        let questions = self.fleet.questions(self.now()).into_iter();
        let by_actor = |question: Question| Question {
            at: self.actor(question.at),
            ..question
        };
        self.questions = questions.map(by_actor).collect();
    }

    /// The configuration is loaded again, with the same backends in another order.
    pub(crate) fn reload(&mut self, dice: &mut Dice) {
        let before = self.seats.clone();
        for at in (1..self.seats.len()).rev() {
            self.seats.swap(at, dice.below(at as u64 + 1) as usize);
        }
        let mut specs = self.specs.clone();
        let mut kept = vec![None; specs.len()];
        for (actor, seat) in self.seats.iter().enumerate() {
            specs[*seat] = self.specs[actor].clone();
            kept[*seat] = Some(before[actor]);
        }
        self.fleet.change(specs, &kept, self.limits.clone());
    }

    fn actor(&self, seat: usize) -> usize {
        self.seats.iter().position(|of| *of == seat).unwrap_or(seat)
    }

    /// What the fleet finds, in the order of the actors.
    fn by_actor(&self, found: Judgement) -> Judgement {
        let verdicts = self.seats.iter().map(|seat| found.verdicts[*seat]);
        let change = |change: &Change| Change {
            at: self.actor(change.at),
            ..*change
        };
        let source = |source| match source {
            Source::Leader(at) => Source::Leader(self.actor(at)),
            Source::Vote(at) => Source::Vote(self.actor(at)),
        };
        let reference = |reference: Reference| Reference {
            source: source(reference.source),
            ..reference
        };
        Judgement {
            verdicts: verdicts.collect(),
            changes: found.changes.iter().map(change).collect(),
            reference: found.reference.map(reference),
            ..found
        }
    }

    fn poll(&mut self, at: usize) {
        let spec = &self.specs[at];
        let rarely = spec.leader && spec.external;
        let every = self.limits.leader_interval.as_secs();
        if rarely && !self.seconds().is_multiple_of(every) {
            return;
        }
        let now = self.now();
        let mode = self.stumble(at);
        let head = mode.head(&self.world, &mut self.dice);
        let probe = match head {
            Some(head) if self.specs[at].has_head() => Probe::Head(head),
            Some(_) => Probe::Alive,
            None => Probe::Failed,
        };
        let seat = self.seats[at];
        let asked = self.fleet.wants_chain_id(seat, now);
        // Clients' calls break where a backend is gone, and sometimes where it is not.
        let gone = self.actors[at].mode == Mode::Dead;
        let broken = gone || (head.is_some() && self.dice.happens(30));
        if self.stumbles && broken {
            self.fleet.dropped(seat, 50);
        }
        self.fleet.probed(seat, probe, now);
        if head.is_some() && (asked || self.fleet.wants_chain_id(seat, now)) {
            let said = mode.chain_id(&mut self.dice);
            self.actors[at].said = Some(said);
            self.fleet.chain_id(seat, Some(said), now);
        }
    }

    /// A well backend stumbles for less than counts: one late head, or two lost probes in a row.
    fn stumble(&mut self, at: usize) -> Mode {
        let fall = u64::from(self.limits.fall);
        let actor = &mut self.actors[at];
        actor.steady = actor.steady.saturating_sub(1);
        let ready = self.stumbles && actor.mode == Mode::Well;
        if ready && actor.steady == 0 && self.dice.happens(60) {
            actor.steady = 2 + fall;
        }
        if !ready {
            return actor.mode;
        }
        let late = !self.world.halted && self.dice.happens(500);
        let late = if late { Mode::Behind(1) } else { Mode::Well };
        if actor.steady < 3 {
            return late;
        }
        match (actor.steady, self.dice.below(3)) {
            (steady, 0) if steady == 2 + fall => Mode::Behind(12 + self.dice.below(7)),
            (steady, _) if steady > 3 && steady <= 2 + fall => Mode::Dead,
            _ => late,
        }
    }
}

/// A backend of a script.
pub(crate) fn spec(id: &str, pool: Option<Pool>) -> Spec {
    Spec {
        id: BackendId::new(id),
        pool,
        leader: false,
        external: false,
        weight: 1,
    }
}

/// The limits of the drop-in profile.
pub(crate) fn limits(block_millis: u64) -> Limits {
    Limits {
        interval: Duration::from_secs(1),
        leader_interval: Duration::from_secs(5),
        fall: 3,
        rise: 2,
        max_lag: 10,
        max_lag_at_once: 30,
        block_time: Duration::from_millis(block_millis),
        max_head_age: None,
        chain_id: None,
    }
}
