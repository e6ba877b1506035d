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
    /// The node does not have the method; another may.
    NoMethod,
}

impl Outcome {
    /// Every outcome, in the order of [`Outcome::index`].
    pub const ALL: [Self; 7] = [
        Self::Answer,
        Self::Missing,
        Self::Busy,
        Self::Broken,
        Self::TimedOut,
        Self::NotSent,
        Self::NoMethod,
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
            Self::NoMethod => "no_method",
        }
    }

    /// A small number for arrays with one place per outcome.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
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
