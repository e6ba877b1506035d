//! One round over the whole fleet: probes and answers in, a judgement out.

use std::time::Duration;

use chain::head::BlockHash;

use crate::fork::Forks;
use crate::fork::Witness;
use crate::health::LagLimits;
use crate::identity;
use crate::identity::Expected;
use crate::leader::Leader;
use crate::leader::ahead_of_clock;
use crate::member::Limits;
use crate::member::Member;
use crate::member::Probe;
use crate::member::Spec;
use crate::moment::Moment;
use crate::proof::Claim;
use crate::proof::Proofs;
use crate::proof::Voice;
use crate::reference;
use crate::roll::DEPTH;
use crate::roll::Question;
use crate::table::Standing;
use crate::verdict::Change;
use crate::verdict::Doubt;
use crate::verdict::Judgement;
use crate::verdict::Reference;
use crate::verdict::Source;
use crate::verdict::Verdict;

/// A fleet under observation. Nothing in it is a clock: when nobody calls, nothing changes.
#[derive(Clone, Debug)]
pub struct Fleet {
    members: Vec<Member>,
    limits: Limits,
    leader: Option<usize>,
    expected: Expected,
    forks: Forks,
    /// What the leader claims of a pool, and what the top of a vote claims of the others.
    leader_proofs: Proofs,
    vote_proofs: Proofs,
}

impl Fleet {
    /// A fleet of which nothing is known yet: everybody is eligible until the first verdict.
    #[must_use]
    pub fn new(specs: Vec<Spec>, limits: Limits) -> Self {
        Self {
            leader: specs.iter().position(|spec| spec.leader),
            forks: Forks::new(specs.len()),
            members: specs.into_iter().map(Member::new).collect(),
            limits,
            expected: Expected::Unknown,
            leader_proofs: Proofs::default(),
            vote_proofs: Proofs::default(),
        }
    }

    /// A probe ended.
    pub fn probed(&mut self, at: usize, probe: Probe, now: Moment) {
        if let Some(member) = self.members.get_mut(at) {
            member.probed(probe, &self.limits, now);
        }
    }

    /// A backend answered `eth_chainId`; `None` when it lacks the method. An `eth_chainId` that was
    /// not answered at all is not reported.
    pub fn chain_id(&mut self, at: usize, said: Option<u64>, now: Moment) {
        if let Some(member) = self.members.get_mut(at) {
            member.identity.answered(said, now);
        }
    }

    /// So many of clients' connections were refused or reset since the last round.
    pub fn dropped(&mut self, at: usize, connections: u32) {
        if let Some(member) = self.members.get_mut(at) {
            member.health.dropped(connections, self.limits.fall);
        }
    }

    /// Whether a backend should be asked for its chain id with the next probe: at first contact, when
    /// it answers again after failures or its head jumps, every ten minutes, and every ten seconds
    /// while chain ids differ.
    #[must_use]
    pub fn wants_chain_id(&self, at: usize, now: Moment) -> bool {
        self.members.get(at).is_some_and(|member| {
            let in_doubt = self.expected == Expected::Tied || self.is_wrong(at);
            let answers = member.health.failures() == 0;
            member.spec.has_head() && answers && member.identity.wants(in_doubt, now)
        })
    }

    /// Block hashes that are needed now, each once: to find forks, and to prove that somebody is
    /// really ahead. Asked once a round, after the judgement; usually empty.
    pub fn questions(&mut self, now: Moment) -> Vec<Question> {
        let leader = self.leader.and_then(|at| self.members.get(at));
        let interval = leader.map_or(self.limits.interval, |leader| {
            leader.poll_interval(&self.limits)
        });
        let pace = interval.max(2 * self.limits.interval);
        let mut questions = self.fork_questions(now);
        let proofs = [&mut self.leader_proofs, &mut self.vote_proofs];
        for question in proofs
            .into_iter()
            .flat_map(|proofs| proofs.questions(self.limits.max_lag, pace, now))
        {
            if !questions.contains(&question) {
                questions.push(question);
            }
        }
        questions
    }

    /// A question was answered; `None` when the backend did not show the block.
    pub fn answered(&mut self, question: Question, hash: Option<BlockHash>) {
        self.forks.answered(question, hash);
        self.leader_proofs.answered(question, hash);
        self.vote_proofs.answered(question, hash);
    }

    /// Judges everybody by what is known at `now`; `wall` is the wall clock in seconds since 1970.
    #[must_use]
    pub fn judge(&mut self, now: Moment, wall: u64) -> Judgement {
        self.settle(now);
        let voices = self.voices(now, wall);
        let halted = self.is_halted(&voices);
        let vote = self.vote(&voices, now);
        let leader = self.leader_word(&voices, vote, now, wall);
        let reference = leader.ok().or(vote);
        self.measure(reference, halted);
        let changes = self.stand(reference, now);
        let head_too_old = self.is_head_too_old(wall);
        let leader_usable = self.is_leader_usable(leader);
        let leader_fresh = leader.is_ok_and(|leader| !self.is_too_old(leader.timestamp, wall));
        Judgement {
            verdicts: self.verdicts(reference, now),
            reference,
            leader_usable,
            leader_first: head_too_old && leader_usable && leader_fresh,
            head_too_old,
            halted,
            doubts: self.doubts(leader.err().flatten()),
            changes,
        }
    }

    fn settle(&mut self, now: Moment) {
        let words: Vec<_> = self
            .members
            .iter()
            .map(|member| member.identity.said())
            .collect();
        self.expected = identity::expected(self.limits.chain_id, &words);
        let witnesses: Vec<Witness> = self
            .own_voices(now)
            .map(|voice| Witness {
                at: voice.at,
                moved: voice.moved,
                leader: self.leader == Some(voice.at),
            })
            .collect();
        self.forks.settle(&witnesses, now);
        self.leader_proofs.settle(now);
        self.vote_proofs.settle(now);
    }

    fn is_wrong(&self, at: usize) -> bool {
        let member = self.members.get(at);
        member.is_some_and(|member| member.another_chain(self.expected).is_some())
    }

    /// The heads of everybody who is up and not on another chain.
    fn own_voices(&self, now: Moment) -> impl Iterator<Item = Voice> + '_ {
        let members = self.members.iter().enumerate();
        members
            .filter(|(at, _)| !self.is_wrong(*at))
            .filter_map(move |(at, member)| member.voice(at, &self.limits, now))
    }

    /// The heads that may vote: not those on a minority fork, nor a leader that is
    /// ahead of the clock.
    fn voices(&self, now: Moment, wall: u64) -> Vec<Voice> {
        let believed = |voice: &Voice| {
            let mad =
                self.leader == Some(voice.at) && ahead_of_clock(voice.timestamp, wall).is_some();
            !mad && self.forks.forked(voice.at).is_none()
        };
        self.own_voices(now).filter(believed).collect()
    }

    fn is_halted(&self, voices: &[Voice]) -> bool {
        let still = |voice: &Voice| {
            let member = self.members.get(voice.at);
            member.is_some_and(|member| member.stands_still(&self.limits))
        };
        !voices.is_empty() && voices.iter().all(still)
    }

    fn vote(&mut self, voices: &[Voice], now: Moment) -> Option<Reference> {
        let vote = reference::vote(voices, self.limits.max_lag);
        let contested = vote.as_ref().and_then(|vote| vote.contested.clone());
        let proved = self
            .vote_proofs
            .examine(contested, &self.limits.proof(), now);
        let winner = vote?.winner(proved);
        Some(Reference {
            number: winner.number,
            timestamp: winner.timestamp,
            source: Source::Vote(winner.at),
        })
    }

    /// The leader's word, if it counts; else why not, unless there is no leader or nothing was heard
    /// of it yet.
    fn leader_word(
        &mut self,
        voices: &[Voice],
        vote: Option<Reference>,
        now: Moment,
        wall: u64,
    ) -> Result<Reference, Option<Doubt>> {
        let at = self.leader.ok_or(None)?;
        let leader = Leader {
            at,
            member: self.members.get(at).ok_or(None)?,
            wrong: self.is_wrong(at),
            forked: self.forks.forked(at),
            voices,
            limits: &self.limits,
        };
        let word = leader.word(vote, now, wall);
        let pool = |at: usize| self.members.get(at).and_then(|member| member.spec.pool);
        let claim = word.ok().and_then(|word| leader.claim(word, pool));
        let ahead = claim.as_ref().map(Claim::ahead);
        let proved = self.leader_proofs.examine(claim, &self.limits.proof(), now);
        match (word, ahead) {
            (Ok(_), Some(ahead)) if !proved => Err(Some(Doubt::LeaderUnproved(ahead))),
            (word, _) => word,
        }
    }

    /// Lag counts once per head: a backend that was not polled in this round is not judged again.
    fn measure(&mut self, reference: Option<Reference>, halted: bool) {
        let limits = LagLimits {
            max: self.limits.max_lag,
            at_once: self.limits.max_lag_at_once,
        };
        for member in &mut self.members {
            let fresh = member.track.take_fresh();
            if let (true, Some(reference), Some(head)) = (fresh, reference, member.track.head()) {
                let blocks = reference.number.saturating_sub(head.number);
                member.health.lags(blocks, limits, !halted);
            }
        }
    }

    fn stand(&mut self, reference: Option<Reference>, now: Moment) -> Vec<Change> {
        let mut changes = Vec::new();
        for (at, member) in self.members.iter_mut().enumerate() {
            let (to, why) = member.finding(self.expected, self.forks.forked(at), reference);
            if member.standing == to {
                continue;
            }
            let from = std::mem::replace(&mut member.standing, to);
            member.returned = (to == Standing::Eligible).then_some(now);
            changes.push(Change { at, from, to, why });
        }
        changes
    }

    fn verdicts(&self, reference: Option<Reference>, now: Moment) -> Vec<Verdict> {
        let verdict = |member: &Member| {
            let lag_seconds = member.lag(reference).map(|(_, seconds)| seconds);
            // A backend that was not polled in this round is shown where it should be by now.
            let expected = member.track.expected(now, self.limits.block_time);
            let blocks =
                |number| reference.map(|reference| reference.number.saturating_sub(number));
            Verdict {
                standing: member.standing,
                link: member.health.link(),
                head: member.track.head(),
                lag_blocks: lag_seconds.and(expected).and_then(blocks),
                lag_seconds,
                returned: member.returned,
            }
        };
        self.members.iter().map(verdict).collect()
    }

    fn is_head_too_old(&self, wall: u64) -> bool {
        let own = self.members.iter().filter(|member| {
            let out = matches!(
                member.standing,
                Standing::WrongChain | Standing::Forked | Standing::Down
            );
            member.spec.pool.is_some() && !out
        });
        let newest = own
            .filter_map(|member| member.track.head())
            .map(|head| head.timestamp)
            .max();
        newest.is_some_and(|newest| self.is_too_old(newest, wall))
    }

    fn is_too_old(&self, timestamp: u64, wall: u64) -> bool {
        let age = Duration::from_secs(wall.saturating_sub(timestamp));
        self.limits.max_head_age.is_some_and(|max| age > max)
    }

    /// A leader that hangs behind the others is no help to them; any other doubt concerns its word,
    /// and it may still be the last one who serves.
    fn is_leader_usable(&self, word: Result<Reference, Option<Doubt>>) -> bool {
        let leader = self.leader.and_then(|at| self.members.get(at));
        let eligible = leader.is_some_and(|leader| leader.standing == Standing::Eligible);
        eligible && !matches!(word, Err(Some(Doubt::LeaderBehind(_))))
    }

    fn doubts(&self, leader: Option<Doubt>) -> Vec<Doubt> {
        let ids = (self.expected == Expected::Tied).then_some(Doubt::ChainIdsTied);
        let hashes = self.forks.tied().map(Doubt::HashesTied);
        leader.into_iter().chain(ids).chain(hashes).collect()
    }

    /// Compares hashes a little below the lowest eligible head, where everybody eligible has a block.
    fn fork_questions(&mut self, now: Moment) -> Vec<Question> {
        let spared = |voice: &Voice| {
            let member = self.members.get(voice.at);
            let external = member.is_some_and(|member| member.spec.leader && member.spec.external);
            external && !self.forks.asks_external()
        };
        let voices: Vec<Voice> = self
            .own_voices(now)
            .filter(|voice| !spared(voice))
            .collect();
        let eligible = |voice: &&Voice| {
            let member = self.members.get(voice.at);
            member.is_some_and(|member| member.standing == Standing::Eligible)
        };
        let lowest = voices
            .iter()
            .filter(eligible)
            .map(|voice| voice.number)
            .min();
        let lowest = lowest.or_else(|| voices.iter().map(|voice| voice.number).min());
        let height = lowest.unwrap_or_default().saturating_sub(DEPTH);
        let reach = |voice: &&Voice| voice.number >= height;
        let asked: Vec<usize> = voices.iter().filter(reach).map(|voice| voice.at).collect();
        let accused = asked.iter().any(|at| self.forks.forked(*at).is_some());
        let pace = 2 * self.limits.interval;
        if (asked.len() < 2 && !accused) || !self.forks.is_due(&asked, pace, now) {
            return Vec::new();
        }
        self.forks.open(height, &asked, now)
    }
}

mod change;

#[cfg(test)]
mod tests;
