//! Backends come and go while a fleet is watched; what is known of those that stay is kept.

use crate::member::Limits;
use crate::member::Member;
use crate::member::Spec;
use crate::round::Fleet;

impl Fleet {
    /// Watches these backends from now on, by these limits. `kept` says for each of them at which
    /// index the same backend stood before, if it did: its health, its heads and its chain id are
    /// kept, and so is what was proved by it or of it. One that is asked other questions than before
    /// is as good as new, and whoever is new is eligible until its first verdict.
    pub fn change(&mut self, specs: Vec<Spec>, kept: &[Option<usize>], limits: Limits) {
        let before = std::mem::take(&mut self.members);
        let members = specs.into_iter().enumerate().map(|(at, spec)| {
            let old = kept.get(at).copied().flatten();
            let known = old.and_then(|old| before.get(old));
            match known.filter(|known| known.spec.has_head() == spec.has_head()) {
                Some(known) => Member {
                    spec,
                    ..known.clone()
                },
                None => Member::new(spec),
            }
        });
        self.members = members.collect();
        self.leader = self.members.iter().position(|member| member.spec.leader);
        self.limits = limits;
        let to = |old: usize| kept.iter().position(|kept| *kept == Some(old));
        self.forks.moved(kept, &to);
        self.leader_proofs.moved(&to);
        self.vote_proofs.moved(&to);
    }
}

#[cfg(test)]
mod tests;
