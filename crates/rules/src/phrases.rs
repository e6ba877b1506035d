//! What the errors of nodes say, told by codes where those are clear and by lists of phrases otherwise.

use std::time::Duration;

use crate::outcome::Outcome;

/// Bytes of a message that are looked through: nodes come to the point at once.
const MESSAGE_BYTES_MAX: usize = 2 * 1024;

/// What an error of a node says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// What it says is about the call: a revert, a fee, an argument.
    Other,
    /// It lacks the block, header or state.
    Missing,
    /// The caller is too fast for it.
    Busy,
    /// It does not have the method.
    NoMethod,
    /// It has this very transaction already.
    Known,
    /// The account has used this nonce already.
    NonceUsed,
    /// It cannot do its work for now.
    NotReady,
}

impl Says {
    /// What a try means that ended with such an error.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Other | Self::Known | Self::NonceUsed => Outcome::Answer,
            Self::Missing => Outcome::Missing,
            Self::Busy | Self::NotReady => Outcome::Busy,
            Self::NoMethod => Outcome::NoMethod,
        }
    }
}

/// Defaults of [`Phrases`], each a list with commas: geth-like nodes (geth, erigon, nethermind, besu,
/// reth, anvil), then EOS EVM.
pub mod preset {
    /// [`super::Phrases::missing`]
    pub const MISSING: &str = "header not found, missing trie node, unknown block, block not found, \
        header for hash not found, could not find block, state not available, state is not available, \
        no state available, no state found, historical state, world state unavailable, \
        pruned history unavailable";
    /// [`super::Phrases::busy`]
    pub const BUSY: &str = "rate limit, too many requests, request limit, capacity exceeded, \
        requests per second";
    /// [`super::Phrases::method`]
    pub const METHOD: &str = "does not exist/is not available, method not found, \
        unsupported method, method not supported, method is not supported";
    /// [`super::Phrases::known`]
    pub const KNOWN: &str = "already known, alreadyknown, already_exists, known transaction, \
        already imported, already in mempool, transaction already exists, duplicate transaction, \
        tx_duplicate";
    /// [`super::Phrases::nonce`]
    pub const NONCE: &str = "nonce too low, nonce is too low, oldnonce, invalid nonce, \
        validate_transaction error: 21";
    /// [`super::Phrases::not_ready`]
    pub const NOT_READY: &str = "not ready, not initialized, still syncing, is syncing, not synced, \
        temporarily unavailable, service unavailable, econnrefused, fetch failed, socket hang up";
}

/// Texts by which nodes say what their codes do not. Case does not matter; a phrase stands anywhere
/// in a message, but begins with a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrases {
    /// The node lacks the block, header or state.
    pub missing: Vec<String>,
    /// The caller is too fast.
    pub busy: Vec<String>,
    /// The node does not have the method.
    pub method: Vec<String>,
    /// The node has the transaction already.
    pub known: Vec<String>,
    /// The nonce was used already.
    pub nonce: Vec<String>,
    /// The node cannot do its work for now.
    pub not_ready: Vec<String>,
}

impl Default for Phrases {
    fn default() -> Self {
        let list = |text: &str| text.split(", ").map(str::to_owned).collect();
        Self {
            missing: list(preset::MISSING),
            busy: list(preset::BUSY),
            method: list(preset::METHOD),
            known: list(preset::KNOWN),
            nonce: list(preset::NONCE),
            not_ready: list(preset::NOT_READY),
        }
    }
}

impl Phrases {
    /// What a JSON-RPC error says. Everything unknown is the node's word about the call: a revert
    /// repeated elsewhere is work without a use.
    ///
    /// EIP-1474 uses -32005 both for rates and for results that are too large, so only its text tells;
    /// some providers put HTTP's 429 into the code. A contract chooses the text of its revert and a
    /// client may be quoted, so neither is looked through for phrases.
    #[must_use]
    pub fn says(&self, code: i64, message: &str) -> Says {
        let message = message.as_bytes();
        let message = message.get(..MESSAGE_BYTES_MAX).unwrap_or(message);
        let any = |phrases: &[String]| phrases.iter().any(|phrase| holds(message, phrase));
        match code {
            429 => return Says::Busy,
            -32601 | -32604 | -32004 => return Says::NoMethod,
            -32001 => return Says::Missing,
            // A revert with its data, arguments, and the limit of one sender at a sequencer.
            3 | -32602 | -32017 => return Says::Other,
            _ if holds(message, "revert") || holds(message, "reverted") => return Says::Other,
            _ => {}
        }
        // Under the code for everything, nodes quote what clients wrote.
        if code != -32000 && any(&self.busy) {
            return Says::Busy;
        }
        [
            (&self.missing, Says::Missing),
            (&self.method, Says::NoMethod),
            (&self.known, Says::Known),
            (&self.nonce, Says::NonceUsed),
            (&self.not_ready, Says::NotReady),
        ]
        .into_iter()
        .find_map(|(phrases, says)| any(phrases).then_some(says))
        .unwrap_or(Says::Other)
    }
}

/// Whether a text holds a phrase that does not begin inside of a word: "unknown transaction" does
/// not say "known transaction".
fn holds(text: &[u8], phrase: &str) -> bool {
    let mut before = b' ';
    let length = phrase.len();
    length > 0
        && text.windows(length).any(|window| {
            let starts = !before.is_ascii_alphanumeric();
            before = window.first().copied().unwrap_or(b' ');
            starts && window.eq_ignore_ascii_case(phrase.as_bytes())
        })
}

/// How long a node that is too busy wants to be left alone, as its error tells it: the member
/// `backoff_seconds` of its data (Infura), or "try again in 5s" in its text.
#[must_use]
pub fn patience(error: &str) -> Option<Duration> {
    let after = |mark: &str| error.find(mark).and_then(|at| error.get(at + mark.len()..));
    if let Some(rest) = after("\"backoff_seconds\":") {
        return number(rest.trim_start()).map(|(seconds, _)| Duration::from_secs_f64(seconds));
    }
    let (count, unit) = number(after("ry again in ")?)?;
    let unit = unit.trim_start();
    let seconds = match unit.as_bytes() {
        [b'm', b's', ..] => count / 1000.0,
        [b'm', b'i', ..] => count * 60.0,
        [b's', ..] => count,
        _ => return None,
    };
    Some(Duration::from_secs_f64(seconds))
}

/// The number a text begins with, below a day of seconds, and what follows it.
fn number(text: &str) -> Option<(f64, &str)> {
    let digit = |c: char| c.is_ascii_digit() || c == '.';
    let end = text.find(|c| !digit(c)).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let value: f64 = digits.parse().ok()?;
    (0.0..=86_400.0).contains(&value).then_some((value, rest))
}

#[cfg(test)]
mod tests;
