//! What can go wrong with a node, and how that is written as text: `lag 12`, `slow 200ms`, `die`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// One thing wrong with a node. A node may have several at once, but only one of a kind.
///
/// The text form is the name with dashes and, where there is one, the figure:
/// `status 503`, `reset-after`, `mad-head 1000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers everything as of so many blocks below the head.
    Lag(u64),
    /// The head stops where it is, on the branch it is on; the node still answers.
    Freeze,
    /// Takes and reads requests but does not answer before the fault is cleared.
    Hang,
    /// The listener is closed and open connections are reset. The port comes back on clear.
    Die,
    /// The listener is closed, open connections go on. The port comes back on clear.
    Refuse,
    /// Resets connections before a request's body is read: new ones at once, kept ones at the next request.
    ResetBefore,
    /// Reads the request, carries it out (a miner takes the transaction), then resets the connection.
    ResetAfter,
    /// Waits before it carries a request out. Whole milliseconds.
    Slow(Duration),
    /// Answers with this HTTP status (400 to 599) and plain text; 429 says `Retry-After: 1`.
    Status(u16),
    /// Answers with an HTML page; status 200 unless [`Fault::Status`] is in force as well.
    Html,
    /// Announces the whole answer, sends half of it and closes the connection.
    Truncated,
    /// Is on the chain with this id: everything has other hashes.
    WrongChain(u64),
    /// Is alone on its own branch, whose first block replaces the one so many below the head
    /// (1 replaces the head itself); the branch keeps growing.
    Fork(u64),
    /// Reports so many blocks above the head, which look real but are known to nobody else.
    MadHead(u64),
    /// `eth_getLogs` knows no logs of the head block yet; receipts do have them.
    EmptyLogs,
    /// Answers 200 `application/json` with a body that is not JSON.
    Rubbish,
    /// Answers `eth_sendRawTransaction` with neither result nor error and drops the transaction.
    NotReady,
}

/// A text that is no fault; says what would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAFault(String);

const KNOWN: &str = "lag N, freeze, hang, die, refuse, reset-before, reset-after, slow 200ms, \
    status 400..599, html, truncated, wrong-chain ID, fork N, mad-head N, empty-logs, rubbish, not-ready";

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lag(blocks) => write!(f, "lag {blocks}"),
            Self::Freeze => f.write_str("freeze"),
            Self::Hang => f.write_str("hang"),
            Self::Die => f.write_str("die"),
            Self::Refuse => f.write_str("refuse"),
            Self::ResetBefore => f.write_str("reset-before"),
            Self::ResetAfter => f.write_str("reset-after"),
            Self::Slow(wait) => write!(f, "slow {}ms", wait.as_millis()),
            Self::Status(code) => write!(f, "status {code}"),
            Self::Html => f.write_str("html"),
            Self::Truncated => f.write_str("truncated"),
            Self::WrongChain(id) => write!(f, "wrong-chain {id}"),
            Self::Fork(depth) => write!(f, "fork {depth}"),
            Self::MadHead(blocks) => write!(f, "mad-head {blocks}"),
            Self::EmptyLogs => f.write_str("empty-logs"),
            Self::Rubbish => f.write_str("rubbish"),
            Self::NotReady => f.write_str("not-ready"),
        }
    }
}

impl FromStr for Fault {
    type Err = NotAFault;

    fn from_str(text: &str) -> Result<Self, NotAFault> {
        let mut words = text.split_whitespace();
        let found = (words.next(), words.next(), words.next());
        let fault = match found {
            (Some(name), None, None) => plain(name),
            (Some("slow"), Some(wait), None) => duration(wait).map(Self::Slow),
            (Some(name), Some(figure), None) => counted(name, figure),
            _ => None,
        };
        fault.ok_or_else(|| NotAFault(text.trim().to_owned()))
    }
}

fn plain(name: &str) -> Option<Fault> {
    Some(match name {
        "freeze" => Fault::Freeze,
        "hang" => Fault::Hang,
        "die" => Fault::Die,
        "refuse" => Fault::Refuse,
        "reset-before" => Fault::ResetBefore,
        "reset-after" => Fault::ResetAfter,
        "html" => Fault::Html,
        "truncated" => Fault::Truncated,
        "empty-logs" => Fault::EmptyLogs,
        "rubbish" => Fault::Rubbish,
        "not-ready" => Fault::NotReady,
        _ => return None,
    })
}

fn counted(name: &str, figure: &str) -> Option<Fault> {
    let number: u64 = figure.parse().ok()?;
    Some(match name {
        "lag" => Fault::Lag(number),
        "wrong-chain" => Fault::WrongChain(number),
        "fork" => Fault::Fork(number),
        "mad-head" => Fault::MadHead(number),
        "status" => Fault::Status(u16::try_from(number).ok().filter(is_error)?),
        _ => return None,
    })
}

fn is_error(status: &u16) -> bool {
    (400..=599).contains(status)
}

fn duration(text: &str) -> Option<Duration> {
    if let Some(millis) = text.strip_suffix("ms") {
        return millis.parse().ok().map(Duration::from_millis);
    }
    let seconds = text.strip_suffix('s')?;
    seconds.parse().ok().map(Duration::from_secs)
}

impl fmt::Display for NotAFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no fault; there are: {KNOWN}", self.0)
    }
}

impl std::error::Error for NotAFault {}

#[cfg(test)]
mod tests;
