//! A race as a table for people.

use crate::figures::Spread;
use crate::report::Report;
use crate::report::Standing;
use crate::verdict::mib;

/// The table, with its head.
pub(crate) fn lines(report: &Report) -> Vec<String> {
    let head = format!(
        "{:<8} {:>24} {:>7} {:>7} {:>22} {:>9} {:>9}",
        "", "calls/s (range)", "p50 µs", "p99 µs", "CPU µs/call (range)", "idle MiB", "peak MiB"
    );
    std::iter::once(head)
        .chain(report.standings.iter().map(line))
        .collect()
}

fn line(standing: &Standing) -> String {
    let memory =
        |bytes: Option<u64>| bytes.map_or("–".to_owned(), |bytes| format!("{:.1}", mib(bytes)));
    let cpu = standing.cpu_micros_per_call;
    format!(
        "{:<8} {:>24} {:>7.0} {:>7.0} {:>22} {:>9} {:>9}",
        standing.rival,
        range(&standing.calls_per_second, 0),
        standing.p50_micros.median,
        standing.p99_micros.median,
        cpu.map_or("–".to_owned(), |cpu| range(&cpu, 1)),
        memory(standing.idle_rss_bytes),
        memory(standing.peak_rss_bytes),
    )
}

fn range(spread: &Spread, digits: usize) -> String {
    let Spread {
        least,
        median,
        most,
    } = spread;
    format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
}
