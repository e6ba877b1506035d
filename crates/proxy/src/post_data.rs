//! The bodies of calls that a backend failed, as the original keeps them in `error/*-post-data.log`.

use std::net::IpAddr;
use std::sync::Arc;

use frame::transaction;
use rules::ids::Pool;
use rules::method::Duty;

use crate::clock;
use crate::escape;
use crate::log_writer::LogWriter;

/// Bytes of a body that are shown. The original shows nothing of a body that it held in a file, and
/// files begin at about this size.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Letters of hex data that may be a hash, an address or a number.
const HASH_LETTERS: usize = 66;
/// Letters of a raw transaction that is replaced by its hash; in place of a longer one stands nothing
/// but that. Nodes take 128 KiB, and 1 MiB with blobs.
const HASHED_LETTERS_MAX: usize = 4 << 20;

/// Where such bodies are written, if anywhere; a copy writes to the same files.
#[derive(Clone, Debug, Default)]
pub struct PostData {
    files: Option<Arc<Files>>,
}

#[derive(Debug)]
struct Files {
    /// In the order of [`Pool::ALL`].
    of_pools: [Option<LogWriter>; Pool::ALL.len()],
    raw_transactions: bool,
}

/// What a backend was sent.
#[derive(Clone, Copy, Debug)]
pub enum Sent<'a> {
    /// Calls, and what may be done with them.
    Calls(Duty, &'a [u8]),
    /// The handshake of a WebSocket, which has no body.
    Handshake,
}

/// The pools that have such a file, and its name: what the original calls its upstreams. No call of
/// a client goes to a nodeos.
pub const FILES: [(Pool, &str); 4] = [
    (Pool::Read, "read-post-data.log"),
    (Pool::Write, "write-post-data.log"),
    (Pool::Heavy, "test-post-data.log"),
    (Pool::Ws, "websocket-post-data.log"),
];

impl PostData {
    /// Writes to the files that these pools have. Signed transactions are shown as they are only if
    /// that is wanted.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = (Pool, LogWriter)>, raw_transactions: bool) -> Self {
        let mut of_pools = [const { None }; Pool::ALL.len()];
        for (pool, file) in files {
            if let Some(place) = of_pools.get_mut(pool.index()) {
                *place = Some(file);
            }
        }
        Self {
            files: Some(Arc::new(Files {
                of_pools,
                raw_transactions,
            })),
        }
    }

    /// Writes the line of a try at a backend of a pool that ended with a status of 500 or more. The
    /// client's address stands there twice, as in the original.
    pub fn failed(&self, pool: Pool, address: IpAddr, (status, sent): (u16, Sent<'_>)) {
        let Some(files) = &self.files else { return };
        let Some(Some(file)) = files.of_pools.get(pool.index()) else {
            return;
        };
        let time = clock::local_time();
        let mut line = format!("{address} [{time}] {status} {address} ");
        match sent {
            Sent::Handshake | Sent::Calls(_, []) => line.push('-'),
            Sent::Calls(duty, body) => show(&mut line, body, secret(duty, files.raw_transactions)),
        }
        line.push('\n');
        file.write(line);
    }
}

/// Which strings of a body are not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secret {
    /// Hex data and whatever is long: somebody sends a transaction, well written or not.
    Data,
    /// What has the form of a signed transaction: some reads carry one to try it out.
    Transactions,
    /// None.
    Nothing,
}

const fn secret(duty: Duty, raw_transactions: bool) -> Secret {
    match (raw_transactions, duty) {
        (true, _) => Secret::Nothing,
        (false, Duty::Send) => Secret::Data,
        (false, Duty::Read | Duty::Heavy) => Secret::Transactions,
    }
}

/// Writes a body in nginx's escapes, without its secrets and cut where it gets too long. The body was
/// read as JSON before, so what stands between two quotes is a string.
fn show(line: &mut String, body: &[u8], secret: Secret) {
    let (mut rest, mut left) = (body, BODY_BYTES_MAX);
    let mut inside = false;
    while left > 0 && !rest.is_empty() {
        let (piece, after) = rest.split_at(piece(rest, inside));
        match hidden(piece, secret).filter(|_| inside) {
            Some(instead) => {
                line.push_str(&instead);
                left = left.saturating_sub(instead.len());
                rest = after;
            }
            None => {
                let (shown, cut) = piece.split_at(piece.len().min(left));
                escape::nginx(line, shown);
                left -= shown.len();
                rest = rest.get(shown.len()..).unwrap_or_default();
                if !cut.is_empty() {
                    break;
                }
            }
        }
        inside = !inside;
    }
    if !rest.is_empty() {
        line.push_str(&format!(" ({} bytes more)", rest.len()));
    }
}

/// The length of what comes next: the inside of a string, or all up to the next with the quotes around.
fn piece(rest: &[u8], inside: bool) -> usize {
    if !inside {
        // The first byte may be the quote after the string before.
        let quote = rest.iter().skip(1).position(|byte| *byte == b'"');
        return quote.map_or(rest.len(), |at| at + 2);
    }
    let mut escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(rest.len())
}

/// What stands in place of a string that is not shown.
fn hidden(letters: &[u8], secret: Secret) -> Option<String> {
    let text = std::str::from_utf8(letters).ok();
    let hides = match secret {
        Secret::Nothing => false,
        Secret::Data => letters.starts_with(b"0x") || letters.len() > HASH_LETTERS,
        Secret::Transactions => {
            letters.len() > HASH_LETTERS && text.is_some_and(transaction::is_signed)
        }
    };
    if !hides {
        return None;
    }
    let text = text.filter(|text| text.len() <= HASHED_LETTERS_MAX);
    Some(match text.and_then(transaction::hash) {
        Some(hash) => format!("{hash} (transaction hidden)"),
        None => "(hidden)".to_owned(),
    })
}

#[cfg(test)]
mod tests;
