//! The race: all rivals before one upstream, in turns, so that what disturbs the machine disturbs all.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::ExitCode;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::arguments::Race;
use crate::load::Seen;
use crate::program::Program;
use crate::report::Report;
use crate::report::Standing;
use crate::report::Turn;
use crate::rival::Course;
use crate::rival::Ready;
use crate::rival::Rival;
use crate::say;
use crate::table;
use crate::usage::Usage;
use crate::verdict;
use crate::verdict::Verdict;

/// Rivals rest this long before their idle memory is read.
const SETTLE: Duration = Duration::from_secs(1);
/// Load before each turn that does not count.
const WARM_UP: Duration = Duration::from_millis(300);

/// A folder for the rivals' files; it goes with this value.
struct Folder(PathBuf);

/// Runs the race and says how it went; exit code 1 when a bound is broken.
pub(crate) fn run(wanted: &Race) -> io::Result<ExitCode> {
    let folder = Folder::new()?;
    let (_upstream, upstream) = Program::announced(this(&["upstream"])?.stdout(Stdio::piped()))?;
    let course = Course {
        upstream,
        connections: wanted.connections,
        folder: &folder.0,
    };
    let mut rivals = Vec::new();
    for rival in Rival::ALL {
        match rival.start(&course)? {
            Some(ready) => rivals.push(ready),
            None => say::line(&format!("LEFT OUT: {} is not installed", rival.as_str())),
        }
    }
    let report = race(wanted, &rivals)?;
    for line in table::lines(&report) {
        say::line(&line);
    }
    if let Some(file) = &wanted.json {
        fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(pronounce(&verdict::judge(&report, wanted.limit)))
}

fn race(wanted: &Race, rivals: &[Ready]) -> io::Result<Report> {
    thread::sleep(SETTLE);
    let idle = rivals.iter().map(usage).collect::<io::Result<Vec<_>>>()?;
    let mut turns = Vec::new();
    for round in 1..=wanted.rounds {
        for ready in rivals {
            turns.push(turn(wanted, ready, round)?);
        }
    }
    let mut standings = Vec::new();
    for (ready, idle) in rivals.iter().zip(idle) {
        let now = usage(ready)?;
        standings.push(Standing {
            idle_rss_bytes: idle.map(|idle| idle.rss_bytes),
            peak_rss_bytes: now.map(|now| now.peak_rss_bytes),
            ..Standing::of(ready.rival.as_str(), &turns)
        });
    }
    Ok(Report {
        connections: wanted.connections,
        seconds: wanted.seconds,
        standings,
        turns,
    })
}

fn turn(wanted: &Race, ready: &Ready, round: u32) -> io::Result<Turn> {
    load(wanted, ready, WARM_UP)?;
    let before = usage(ready)?;
    let seen = load(wanted, ready, Duration::from_secs(wanted.seconds))?;
    let after = usage(ready)?;
    let calls = seen.calls.max(1) as f64;
    let used = before
        .zip(after)
        .map(|(before, after)| after.cpu_micros.saturating_sub(before.cpu_micros));
    let turn = Turn {
        round,
        rival: ready.rival.as_str(),
        calls: seen.calls,
        wrong: seen.wrong,
        calls_per_second: calls / seen.seconds,
        p50_micros: seen.p50_micros,
        p99_micros: seen.p99_micros,
        cpu_micros_per_call: used.map(|used| used as f64 / calls),
    };
    let cpu = turn
        .cpu_micros_per_call
        .map_or(String::new(), |cpu| format!(", {cpu:.1} µs CPU per call"));
    say::error(&format!(
        "round {round}, {}: {:.0} calls/s{cpu}",
        turn.rival, turn.calls_per_second
    ));
    if let Some(wrong) = &seen.first_wrong {
        say::error(&format!("{} answered a call with:\n{wrong}", turn.rival));
    }
    Ok(turn)
}

/// Lets a process of its own call the rival, so that the load's CPU time is nobody else's.
fn load(wanted: &Race, ready: &Ready, time: Duration) -> io::Result<Seen> {
    let address = ready.address.to_string();
    let (connections, millis) = (wanted.connections.to_string(), time.as_millis().to_string());
    let mut command = this(&[
        "load",
        "--address",
        &address,
        "--connections",
        &connections,
        "--millis",
        &millis,
    ])?;
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!(
            "the load on {} failed",
            ready.rival.as_str()
        )));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn usage(ready: &Ready) -> io::Result<Option<Usage>> {
    ready.program.as_ref().map(Program::usage).transpose()
}

fn this(arguments: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}

fn pronounce(verdicts: &[Verdict]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for verdict in verdicts {
        match verdict {
            Verdict::Holds(sentence) => say::line(sentence),
            Verdict::LeftOut(sentence) => say::line(&format!("LEFT OUT: {sentence}")),
            Verdict::Broken(sentence) => {
                say::line(&format!("BROKEN: {sentence}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

impl Folder {
    fn new() -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("headway-bench-{}", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(Path::new(&self.0));
    }
}
