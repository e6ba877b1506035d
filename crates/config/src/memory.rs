//! How much memory this process may use.

use std::fs;
use std::path::Path;

/// What is assumed where neither a cgroup nor the machine says: 1 GiB.
const UNKNOWN_BYTES: u64 = 1 << 30;

/// The least of the cgroup's limit (version 2 or 1) and the machine's memory, in bytes.
pub(crate) fn allowed_bytes() -> u64 {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = limit_files(&own)
        .into_iter()
        .filter_map(|file| number(&file));
    let machine = fs::read_to_string("/proc/meminfo").ok();
    let machine = machine.as_deref().and_then(machine_bytes);
    limits.chain(machine).min().unwrap_or(UNKNOWN_BYTES)
}

/// The files that may hold a limit. Inside a container the cgroup is mounted at the root; outside,
/// its path stands in `/proc/self/cgroup` as `0::/path` or `4:memory:/path`.
fn limit_files(own: &str) -> Vec<String> {
    let mut files = vec![
        "/sys/fs/cgroup/memory.max".to_owned(),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes".to_owned(),
    ];
    for line in own.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        match (parts.next(), parts.next()) {
            (Some(""), Some(path)) => files.push(format!("/sys/fs/cgroup{path}/memory.max")),
            (Some("memory"), Some(path)) => {
                files.push(format!("/sys/fs/cgroup/memory{path}/memory.limit_in_bytes"));
            }
            _ => {}
        }
    }
    files
}

/// Absent, unreadable and `max` all mean that this file sets no limit; 0 would be no memory at all.
fn number(file: &str) -> Option<u64> {
    let text = fs::read_to_string(Path::new(file)).ok()?;
    text.trim().parse().ok().filter(|bytes| *bytes > 0)
}

fn machine_bytes(meminfo: &str) -> Option<u64> {
    let total = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests;
