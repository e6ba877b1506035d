//! What an ended try means: who is to blame, and whether another backend may do better.

/// How a try ended, named after what may be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The node's word stands: a result, null, a revert, an error of the client.
    Answer,
    /// The node lacks the block, header or state; another may have it.
    Missing,
    /// The node refuses work for now (429, 503, a rate limit); another may take it.
    Busy,
    /// Transport, HTTP or JSON was broken after bytes were sent.
    Broken,
    /// Nothing came in time after bytes were sent.
    TimedOut,
    /// Not a byte of the call left this process; anybody may be asked.
    NotSent,
}

impl Outcome {
    /// Every outcome, in the order of [`Outcome::index`].
    pub const ALL: [Self; 6] = [
        Self::Answer,
        Self::Missing,
        Self::Busy,
        Self::Broken,
        Self::TimedOut,
        Self::NotSent,
    ];

    /// The outcome's name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Missing => "missing",
            Self::Busy => "busy",
            Self::Broken => "broken",
            Self::TimedOut => "timed_out",
            Self::NotSent => "not_sent",
        }
    }

    /// A small number for arrays with one place per outcome.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Texts by which nodes say that they lack a block or its state (lower case).
const MISSING_PHRASES: [&str; 7] = [
    "header not found",
    "missing trie node",
    "unknown block",
    "block not found",
    "header for hash not found",
    "state not available",
    "state is not available",
];

/// Texts by which nodes say that the caller is too fast (lower case).
const BUSY_PHRASES: [&str; 5] = [
    "rate limit",
    "too many requests",
    "request limit",
    "capacity exceeded",
    "requests per second",
];

/// What a JSON-RPC error of a node means.
///
/// EIP-1474 uses -32005 both for rates and for results that are too large, so only its text tells;
/// some providers put HTTP's 429 into the code. Everything unknown is the node's answer: a revert
/// repeated elsewhere is work without a use.
#[must_use]
pub fn of_error(code: i64, message: &str) -> Outcome {
    if code == 429 {
        return Outcome::Busy;
    }
    let says = |phrases: &[&str]| {
        let message = message.to_ascii_lowercase();
        phrases.iter().any(|phrase| message.contains(phrase))
    };
    match code {
        -32005 if says(&BUSY_PHRASES) => Outcome::Busy,
        -32001 => Outcome::Missing,
        -32000 if says(&MISSING_PHRASES) => Outcome::Missing,
        _ => Outcome::Answer,
    }
}

/// What an HTTP status means when no JSON-RPC answer came with it.
#[must_use]
pub const fn of_status(status: u16) -> Outcome {
    match status {
        429 | 503 => Outcome::Busy,
        _ => Outcome::Broken,
    }
}

#[cfg(test)]
mod tests;
