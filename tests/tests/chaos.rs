//! Nodes that are killed, stopped, lagged, reset and broken in turn, each a process of its own, under
//! the calls of many clients. `HEADWAY_CHAOS_SECONDS`, `HEADWAY_CHAOS_CALLS` and `HEADWAY_SEED` say
//! how long, how many and which.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::fmt::Display;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use fastrand::Rng;
use headway_tests::parts::tell;
use headway_tests::program::Program;
use headway_tests::scrape::Scrape;
use headway_tests::scrape::open_files;
use headway_tests::scrape::resident_kib;
use headway_tests::station::Ground;
use headway_tests::station::Mishap;
use headway_tests::station::Station;
use headway_tests::traffic::Tally;
use headway_tests::traffic::Traffic;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How old the chain is when the test begins, in blocks of a second.
const HISTORY: u64 = 300;
/// Looks at something that must come to be, and how often.
const LOOKS_MAX: usize = 1_200;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// From one mishap's end to the next one, and how long one lasts, in milliseconds.
const PAUSES: std::ops::Range<u64> = 500..2_000;
const LASTS: std::ops::Range<u64> = 1_000..8_000;
/// The memory in use may grow by so much after the first third of the time.
const GROWTH_KIB_MAX: u64 = 16 * 1024;

/// What befalls those that answer reads.
const READ_MISHAPS: [Mishap; 16] = [
    Mishap::Killed,
    Mishap::Killed,
    Mishap::Stopped,
    Mishap::Stopped,
    Mishap::Told("lag 40"),
    Mishap::Told("lag 12"),
    Mishap::Told("freeze"),
    Mishap::Told("slow 300ms"),
    Mishap::Told("refuse"),
    Mishap::Told("reset-before"),
    Mishap::Told("reset-after"),
    Mishap::Told("rubbish"),
    Mishap::Told("html"),
    Mishap::Told("truncated"),
    Mishap::Told("status 502"),
    Mishap::Told("status 429"),
];

/// What befalls miners.
const MINER_MISHAPS: [Mishap; 10] = [
    Mishap::Killed,
    Mishap::Killed,
    Mishap::Stopped,
    Mishap::Stopped,
    Mishap::Told("refuse"),
    Mishap::Told("reset-before"),
    Mishap::Told("reset-after"),
    Mishap::Told("rubbish"),
    Mishap::Told("status 503"),
    Mishap::Told("truncated"),
];

/// A number from the environment.
fn asked<T: FromStr + Display>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Err(_) => usual,
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text}")),
    }
}

/// What happened when, for a run that fails.
#[derive(Clone, Debug)]
struct Diary {
    begun: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Default for Diary {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            lines: Arc::default(),
        }
    }
}

impl Diary {
    fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    fn note(&self, what: &str) {
        let line = format!("after {:.3} s: {what}", self.seconds());
        self.lines.lock().unwrap().push(line);
    }

    fn told(&self) -> String {
        let lines = self.lines.lock().unwrap().join("\n");
        format!("--- what happened:\n{lines}\n---")
    }
}

fn ground() -> Ground {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let journal = folder.join(format!("chaos-{}.journal", std::process::id()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Ground {
        program: PathBuf::from(env!("CARGO_BIN_EXE_simulated-node")),
        genesis: now.as_secs() - HISTORY,
        journal,
    }
}

fn addresses(stations: &[Station]) -> String {
    let addresses = stations.iter().map(|station| station.address().to_string());
    addresses.collect::<Vec<_>>().join(",")
}

/// Mishaps for one station after another, until stopped; then all are well. The next one is struck
/// once the last one is known to be well again: until then nobody else may be able to answer.
struct Trouble {
    pool: &'static str,
    stations: Vec<Station>,
    mishaps: &'static [Mishap],
    dice: Rng,
    admin: SocketAddr,
    diary: Diary,
}

impl Trouble {
    fn begin(self, stop: watch::Receiver<bool>) -> JoinHandle<Vec<Station>> {
        tokio::spawn(self.run(stop))
    }

    async fn run(mut self, mut stop: watch::Receiver<bool>) -> Vec<Station> {
        loop {
            let pause = self.dice.u64(PAUSES);
            if is_stopped(&mut stop, pause).await {
                return self.stations;
            }
            let mishap = *self.dice.choice(self.mishaps).unwrap();
            let place = self.dice.usize(..self.stations.len());
            let station = self.stations.get_mut(place).unwrap();
            let id = match self.pool {
                "leader" => "leader".to_owned(),
                pool => format!("{pool}-{}", place + 1),
            };
            self.diary.note(&format!("{id}: {mishap:?}"));
            station.strike(mishap).await;
            is_stopped(&mut stop, self.dice.u64(LASTS)).await;
            station.heal(mishap).await;
            self.diary.note(&format!("{id} is well"));
            known_to_be_well(self.admin, &id).await;
            self.diary.note(&format!("{id} is known to be well"));
        }
    }
}

/// Waits so many milliseconds, or until all is over.
async fn is_stopped(stop: &mut watch::Receiver<bool>, millis: u64) -> bool {
    let wait = Duration::from_millis(millis);
    let stopped = tokio::time::timeout(wait, stop.wait_for(|stop| *stop)).await;
    stopped.is_ok()
}

async fn known_to_be_well(admin: SocketAddr, id: &str) {
    let series = format!("headway_backend_up{{backend=\"{id}\"}}");
    let mut every = tokio::time::interval(LOOK_EVERY);
    for _ in 0..LOOKS_MAX {
        every.tick().await;
        if Scrape::of(admin).await.sum(&series) > 0.5 {
            return;
        }
    }
    panic!("{id} is well and was not taken back");
}

/// Waits until nothing is under way any more.
async fn at_rest(admin: SocketAddr) {
    let mut every = tokio::time::interval(LOOK_EVERY);
    let mut left = (0.0, 0.0);
    for _ in 0..LOOKS_MAX {
        every.tick().await;
        let scrape = Scrape::of(admin).await;
        left = (
            scrape.sum("headway_requests_in_flight"),
            scrape.sum("headway_backend_in_flight{"),
        );
        if left == (0.0, 0.0) {
            return;
        }
    }
    panic!("requests and tries still under way: {left:?}");
}

/// How often each transaction was delivered, to whichever miner.
fn deliveries(journal: &Path) -> HashMap<String, u32> {
    let text = fs::read_to_string(journal).unwrap();
    let mut deliveries = HashMap::new();
    for raw in text.lines() {
        *deliveries.entry(raw.to_owned()).or_default() += 1;
    }
    deliveries
}

/// No transaction was delivered twice, and every accepted one was delivered.
fn check_transactions(tally: &Tally, journal: &Path) {
    let deliveries = deliveries(journal);
    let twice: Vec<_> = deliveries.iter().filter(|(_, count)| **count > 1).collect();
    assert!(
        twice.is_empty(),
        "{} delivered more than once: {twice:?}",
        twice.len()
    );
    let accepted = tally.accepted();
    let lost = accepted.iter().filter(|raw| !deliveries.contains_key(*raw));
    assert_eq!(lost.count(), 0, "accepted and never delivered");
    assert!(!accepted.is_empty(), "no transaction was accepted");
}

/// The most memory in use in the first third of the looks, and in the rest.
fn peaks(looks: &[u64]) -> (u64, u64) {
    let (warm, rest) = looks.split_at(looks.len() / 3);
    let most = |looks: &[u64]| looks.iter().copied().max().unwrap_or(0);
    (most(warm), most(rest))
}

/// Three read nodes, two miners and a leader.
fn stations(ground: &Ground) -> [Vec<Station>; 3] {
    [("read", 3), ("miner", 2), ("leader", 1)].map(|(kind, count)| {
        let stations = (0..count).map(|_| Station::start(ground, kind));
        stations.collect()
    })
}

async fn headway([reads, miners, leader]: &[Vec<Station>; 3]) -> Program {
    let environment = [
        ("READ_ENDPOINT", addresses(reads)),
        ("WRITE_ENDPOINT", addresses(miners)),
        ("LEADER_ENDPOINT", addresses(leader)),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "off".to_owned()),
    ];
    Program::start(&environment, &["run"]).await
}

/// Starts a row of mishaps for each pool.
fn troubles(
    [reads, miners, leader]: [Vec<Station>; 3],
    (seed, admin): (u64, SocketAddr),
    diary: &Diary,
    stop: &watch::Sender<bool>,
) -> Vec<JoinHandle<Vec<Station>>> {
    let rows = [
        ("read", reads, READ_MISHAPS.as_slice()),
        ("write", miners, MINER_MISHAPS.as_slice()),
        ("leader", leader, READ_MISHAPS.as_slice()),
    ];
    let rows = (1..).zip(rows).map(|(row, (pool, stations, mishaps))| {
        let trouble = Trouble {
            pool,
            stations,
            mishaps,
            dice: Rng::with_seed(seed ^ (row << 32)),
            admin,
            diary: diary.clone(),
        };
        trouble.begin(stop.subscribe())
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_befalls_its_nodes_no_read_is_lost_and_no_send_comes_twice() {
    let seconds: u64 = asked("HEADWAY_CHAOS_SECONDS", 20);
    let calls: u64 = asked("HEADWAY_CHAOS_CALLS", seconds * 200);
    let seed: u64 = asked("HEADWAY_SEED", fastrand::u64(..1_000_000));
    tell(&format!(
        "chaos: {seconds} s, {calls} calls, HEADWAY_SEED={seed}"
    ));
    let ground = ground();
    let stations = stations(&ground);
    let mut program = headway(&stations).await;
    let (admin, pid) = (program.admin().await, program.pid());
    let diary = Diary::default();
    // A little more than asked for, because a client that waits for a node asks nothing meanwhile.
    let rate = 1.1 * calls as f64 / seconds as f64;
    let traffic = Traffic::start(program.address(), seed, rate);
    let stop = watch::Sender::new(false);
    let troubles = troubles(stations, (seed, admin), &diary, &stop);
    let mut spent = String::new();
    let (mut looks, mut every) = (Vec::new(), tokio::time::interval(LOOK_EVERY));
    while diary.seconds() < seconds as f64 || traffic.tally().calls() < calls {
        every.tick().await;
        looks.push(resident_kib(pid));
        let died = troubles.iter().any(JoinHandle::is_finished);
        if died || traffic.tally().complaints().0 > 0 {
            spent = Scrape::of(admin).await.lines_about(&[
                "retr",
                "ejections",
                "backend_requests_total",
                "picks_total",
            ]);
            break;
        }
    }
    stop.send_replace(true);
    let mut well = Vec::new();
    for trouble in troubles {
        let stations = trouble.await;
        well.push(stations.unwrap_or_else(|failed| panic!("{failed}\n{}", diary.told())));
    }
    let tally = traffic.stop().await;
    let (lost, some) = tally.complaints();
    assert_eq!(lost, 0, "{}\n{spent}\n{}", some.join("\n"), diary.told());
    at_rest(admin).await;
    let (warm, rest) = peaks(&looks);
    let (asked, took, heard) = (tally.calls(), diary.seconds(), tally.heard());
    let (mishaps, files) = (diary.told().matches("is well").count(), open_files(pid));
    tell(&format!(
        "chaos: {asked} calls in {took:.0} s, {mishaps} mishaps, transactions {heard:?}, \
         {warm} then {rest} KiB in use, {files} files open"
    ));
    check_transactions(&tally, &ground.journal);
    assert!(rest <= warm + GROWTH_KIB_MAX, "{warm} then {rest} KiB");
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    drop(well);
    fs::remove_file(&ground.journal).unwrap();
}
