//! What a process and all below it have used, from `/proc` (proc(5)).

use std::fs;
use std::io;

/// Linux counts CPU time for `/proc` in hundredths of a second on every machine Headway runs on.
const TICK_MICROS: u64 = 10_000;

/// What a process tree has used since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// User and system time of all its threads and of children that have ended.
    pub(crate) cpu_micros: u64,
    /// Resident memory now. A page shared by two processes counts twice.
    pub(crate) rss_bytes: u64,
    /// The most each process has had, added up.
    pub(crate) peak_rss_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    pid: u32,
    parent: u32,
    ticks: u64,
}

/// Of the process with this id and all below it.
///
/// # Errors
/// It has ended.
pub(crate) fn of_tree(root: u32) -> io::Result<Usage> {
    let stats = stats()?;
    let mut usage = Usage::default();
    let mut members = vec![root];
    while let Some(pid) = members.pop() {
        let Some(stat) = stats.iter().find(|stat| stat.pid == pid) else {
            let gone = format!("process {pid} has ended");
            return Err(io::Error::new(io::ErrorKind::NotFound, gone));
        };
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        usage.cpu_micros += stat.ticks * TICK_MICROS;
        usage.rss_bytes += memory(&status, "VmRSS:");
        usage.peak_rss_bytes += memory(&status, "VmHWM:");
        members.extend(
            stats
                .iter()
                .filter(|stat| stat.parent == pid)
                .map(|stat| stat.pid),
        );
    }
    Ok(usage)
}

fn stats() -> io::Result<Vec<Stat>> {
    let mut stats = Vec::new();
    for entry in fs::read_dir("/proc")? {
        // A process that ends while the list is read is simply not in it.
        let text = fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
        stats.extend(parse(&text));
    }
    Ok(stats)
}

/// Fields 1, 4 and 14 to 17 of a `stat` file; the name in field 2 may hold anything, so the others
/// are counted from its last bracket.
fn parse(stat: &str) -> Option<Stat> {
    let pid = stat.split(' ').next()?.parse().ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().map(|ticks| ticks.parse::<u64>());
    Some(Stat {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        ticks: ticks.sum::<Result<_, _>>().ok()?,
    })
}

fn memory(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.unwrap_or(0_u64) * 1024
}

#[cfg(test)]
mod tests;
