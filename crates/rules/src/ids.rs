//! Names of backends and pools, and the number a backend has in one table.

use std::fmt;
use std::sync::Arc;

/// What clients, logs and metrics call a backend; never its URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendId(Arc<str>);

impl BackendId {
    /// An id as the configuration spells it.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A backend's place in one table; it means nothing in another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat(u32);

impl Seat {
    /// The seat at this index of the table.
    #[must_use]
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The index in the table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A named group of backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pool {
    /// The evm-rpc nodes.
    Read,
    /// The miners.
    Write,
    /// Logs and traces; `tx_proxy` calls it `test`.
    Heavy,
    /// nodeos.
    Antelope,
    /// Where upgraded WebSocket connections are tunnelled to.
    Ws,
}

impl Pool {
    /// Every pool, in the order of [`Pool::index`].
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Heavy,
        Self::Antelope,
        Self::Ws,
    ];

    /// The pool's name in configuration, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Heavy => "heavy",
            Self::Antelope => "antelope",
            Self::Ws => "ws",
        }
    }

    /// The pool with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pool| pool.as_str() == name)
    }

    /// A small number for arrays with one place per pool.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
