//! What a client is told about a transaction of which nobody knows whether it arrived.

use rules::ids::BackendId;

use crate::reply::Refusal;

/// A transaction whose bytes left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its hash, where it could be read.
    pub hash: Option<String>,
    /// The miner it was sent to.
    pub to: Option<BackendId>,
    /// The nodes know it, but there is no receipt yet.
    pub known: bool,
}

impl Submitted {
    /// What stands in `error.data` beside the reason.
    #[must_use]
    pub fn facts(&self) -> Vec<(&str, &str)> {
        let hash = self.hash.as_deref().map(|hash| ("txHash", hash));
        let to = self.to.as_ref().map(|id| ("submittedTo", id.as_str()));
        let known = self.known.then_some(("known", "true"));
        [hash, to, known].into_iter().flatten().collect()
    }
}

/// Why Headway answers instead of a backend, with what is known of the transaction it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// What is known of it.
    pub submitted: Option<Box<Submitted>>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            submitted: None,
        }
    }
}

impl From<Submitted> for Refused {
    fn from(submitted: Submitted) -> Self {
        Self {
            refusal: Refusal::OutcomeUnknown,
            submitted: Some(Box::new(submitted)),
        }
    }
}

impl Refused {
    /// What stands in `error.data` beside the reason.
    #[must_use]
    pub fn facts(&self) -> Vec<(&str, &str)> {
        self.submitted
            .as_ref()
            .map_or_else(Vec::new, |submitted| submitted.facts())
    }
}
