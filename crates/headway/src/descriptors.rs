//! How many files this process may have open, and how many of them may be clients' connections.

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;

/// Of a hundred files so many may be clients' connections: the others are left to backends, which
/// calls and tunnels need one each of, to logs and to operators.
const CLIENTS_PERCENT: u64 = 70;

/// Raises the limit of this process as far as it may (a container often starts with 1,024 of the
/// many it could have) and says how many connections of clients fit into it.
pub(crate) fn connections_max() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let open_max = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_not_allowed) => limit.current,
    };
    share(open_max)
}

/// The clients' share of so many files; `None` means that there is no limit.
fn share(open_max: Option<u64>) -> usize {
    let share = open_max.map(|open_max| u128::from(open_max) * u128::from(CLIENTS_PERCENT) / 100);
    share
        .and_then(|share| usize::try_from(share).ok())
        .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
