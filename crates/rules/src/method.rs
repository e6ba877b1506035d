//! What a method's name says: which pool it goes to, and what may be done with it when a try fails.

use std::collections::HashMap;

use crate::ids::Pool;

/// What kind of work a call is; it decides retries, deadlines and cancelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Duty {
    /// A plain read: may be repeated anywhere.
    Read,
    /// An expensive read (logs, traces): never repeated after a timeout.
    Heavy,
    /// Submits a transaction: never repeated once a byte of it was sent.
    Send,
}

/// Whether an answer changes with the head of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeadNeed {
    /// The answer is the same at every height, so a backend far behind may give it.
    Free,
    /// The answer may differ from block to block.
    Bound,
}

/// A method's name among the known ones; number 0 is "other".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    number: u16,
    mark: u32,
}

impl Label {
    /// Every method that is not known by name.
    pub const OTHER: Self = Self { number: 0, mark: 0 };

    /// An index into [`Methods::labels`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.number as usize
    }

    /// A number that goes with the name whatever other names are known (FNV-1a).
    #[must_use]
    pub const fn mark(self) -> u32 {
        self.mark
    }
}

/// All that routing needs to know of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Where it goes.
    pub pool: Pool,
    /// What may be done with it.
    pub duty: Duty,
    /// Whether its answer depends on the head.
    pub head: HeadNeed,
    /// Its name for metrics.
    pub label: Label,
}

/// A line of the method lists: an exact name or a `prefix_*`, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// An exact name, or a prefix followed by `*`.
    pub pattern: String,
    /// Where such methods go.
    pub verdict: Verdict,
}

/// Where a pattern sends its methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// To this pool; `heavy` if the list it came from was the heavy one, whatever pool serves it.
    To {
        /// The pool that serves it.
        pool: Pool,
        /// Whether it counts as expensive.
        heavy: bool,
    },
    /// Refused.
    Forbid,
}

/// The method lists of a process, checked and ready to be asked.
#[derive(Clone, Debug)]
pub struct Methods {
    exact: HashMap<Box<str>, (Verdict, Label)>,
    forbidden: Vec<Box<str>>,
    prefixes: Vec<(Box<str>, Verdict)>,
    unknown: Verdict,
    labels: Vec<Box<str>>,
}

/// Beginnings of methods that submit a transaction or a part of one. A fixed set that errs on the
/// side of too many, because a mistake here sends a payment twice.
const SENDS: [&str; 4] = [
    "eth_send",
    "eth_submit",
    "send_transaction",
    "push_transaction",
];

/// Methods whose answer is the same at every height.
const HEAD_FREE: [&str; 12] = [
    "eth_chainId",
    "net_version",
    "net_listening",
    "web3_clientVersion",
    "web3_sha3",
    "eth_protocolVersion",
    "eth_getBlockByHash",
    "eth_getTransactionByHash",
    "eth_getRawTransactionByHash",
    "eth_getTransactionReceipt",
    "eth_getBlockTransactionCountByHash",
    "eth_getTransactionByBlockHashAndIndex",
];

/// Whether a method submits a transaction.
#[must_use]
pub fn is_send(name: &str) -> bool {
    SENDS.iter().any(|start| name.starts_with(start))
}

impl Methods {
    /// Puts the lists together. Later rules for the same exact name or prefix replace earlier ones;
    /// `unknown` is for names that nothing matches.
    #[must_use]
    pub fn new(rules: &[Rule], unknown: Verdict) -> Self {
        let mut methods = Self {
            exact: HashMap::new(),
            forbidden: Vec::new(),
            prefixes: Vec::new(),
            unknown,
            labels: vec!["other".into()],
        };
        for rule in rules {
            methods.add(rule);
        }
        // The longest prefix is the most particular one, so it is asked first; a tie forbids.
        methods.prefixes.sort_by_key(|(prefix, verdict)| {
            (
                std::cmp::Reverse(prefix.len()),
                matches!(verdict, Verdict::To { .. }),
            )
        });
        methods
    }

    fn add(&mut self, rule: &Rule) {
        if let Some(prefix) = rule.pattern.strip_suffix('*') {
            self.prefixes.retain(|(known, _)| **known != *prefix);
            self.prefixes.push((prefix.into(), rule.verdict));
            return;
        }
        let name: Box<str> = rule.pattern.as_str().into();
        self.forbidden.retain(|known| *known != name);
        match rule.verdict {
            Verdict::Forbid => {
                self.exact.remove(&name);
                self.forbidden.push(name);
            }
            Verdict::To { .. } => {
                let label = self.exact.get(&name).map(|(_, label)| *label);
                let label = label.unwrap_or_else(|| self.label(&name));
                self.exact.insert(name, (rule.verdict, label));
            }
        }
    }

    fn label(&mut self, name: &str) -> Label {
        let number = u16::try_from(self.labels.len()).unwrap_or(0);
        let mark = name.bytes().fold(0x811c_9dc5_u32, |mark, byte| {
            (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        let label = match number {
            0 => Label::OTHER,
            number => Label { number, mark },
        };
        if label != Label::OTHER {
            self.labels.push(name.into());
        }
        label
    }

    /// The names that metrics may show, at the index of their [`Label`]; the first is `other`.
    #[must_use]
    pub fn labels(&self) -> &[Box<str>] {
        &self.labels
    }

    /// The same lists under the labels of others, so that what counts by label goes on counting:
    /// names that those did not know count as `other`.
    #[must_use]
    pub fn labelled_as(mut self, others: &Self) -> Self {
        for (name, (_, label)) in &mut self.exact {
            let known = others.labels.iter().position(|known| known == name);
            let known = known.and_then(|known| u16::try_from(known).ok());
            label.number = known.unwrap_or(Label::OTHER.number);
        }
        self.labels.clone_from(&others.labels);
        self
    }

    /// What to do with a method; `None` when it is refused.
    ///
    /// An exact name is compared as written. Refusals are compared without regard to case, because
    /// some nodes dispatch that way and would otherwise be reached past the list.
    #[must_use]
    pub fn classify(&self, name: &str) -> Option<Class> {
        if let Some((verdict, label)) = self.exact.get(name) {
            return class(name, *verdict, *label);
        }
        if self
            .forbidden
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
        {
            return None;
        }
        let matched = self
            .prefixes
            .iter()
            .find(|(prefix, verdict)| match verdict {
                Verdict::Forbid => name
                    .get(..prefix.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(prefix)),
                Verdict::To { .. } => name.starts_with(&**prefix),
            });
        class(
            name,
            matched.map_or(self.unknown, |(_, verdict)| *verdict),
            Label::OTHER,
        )
    }
}

fn class(name: &str, verdict: Verdict, label: Label) -> Option<Class> {
    let Verdict::To { pool, heavy } = verdict else {
        return None;
    };
    let duty = match heavy {
        _ if is_send(name) => Duty::Send,
        true => Duty::Heavy,
        false => Duty::Read,
    };
    let head = if HEAD_FREE.contains(&name) {
        HeadNeed::Free
    } else {
        HeadNeed::Bound
    };
    Some(Class {
        pool,
        duty,
        head,
        label,
    })
}

#[cfg(test)]
mod tests;
