//! What is known of a key: its name, what it takes, its default and what it is for.

use crate::checked::Profile;
use crate::kind::Kind;

/// A key of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The dotted name; `backends.weight` stands for that key of every backend.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// A word it takes instead of such a value.
    pub instead: Option<&'static str>,
    /// What holds when nobody says anything.
    pub preset: Preset,
    /// What it is for, in one line.
    pub help: &'static str,
    /// It is read when the process starts and holds until it ends.
    pub at_start: bool,
}

/// Where a default comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The same in every profile, spelled as an environment variable would be.
    Same(&'static str),
    /// By profile.
    Each {
        /// In `tx_proxy`.
        tx_proxy: &'static str,
        /// In `evm`.
        evm: &'static str,
    },
    /// Worked out from other keys or from the machine, as these words say.
    Derived(&'static str),
    /// There is none: it must be given.
    Required,
}

impl Key {
    /// What would be right for this key, as the start of a sentence that ends in "is right".
    #[must_use]
    pub fn right(&self) -> String {
        match self.instead {
            Some(word) => format!("\"{word}\" or {}", self.kind.right()),
            None => self.kind.right(),
        }
    }

    /// The default in this profile as an environment variable would spell it, where there is one.
    #[must_use]
    pub fn preset(&self, profile: Profile) -> Option<&'static str> {
        match (self.preset, profile) {
            (Preset::Same(text), _)
            | (Preset::Each { tx_proxy: text, .. }, Profile::TxProxy)
            | (Preset::Each { evm: text, .. }, Profile::Evm) => Some(text),
            (Preset::Derived(_) | Preset::Required, _) => None,
        }
    }

    /// A key that a running process does not read again; `change::as_started` keeps its value.
    pub(crate) const fn at_start(mut self) -> Self {
        self.at_start = true;
        self
    }

    pub(crate) const fn or(mut self, word: &'static str) -> Self {
        self.instead = Some(word);
        self
    }
}

pub(crate) const fn key(name: &'static str, kind: Kind, preset: Preset, help: &'static str) -> Key {
    Key {
        name,
        kind,
        instead: None,
        preset,
        help,
        at_start: false,
    }
}

pub(crate) const fn each(tx_proxy: &'static str, evm: &'static str) -> Preset {
    Preset::Each { tx_proxy, evm }
}
