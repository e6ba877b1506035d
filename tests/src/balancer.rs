//! A client that behaves as an AWS load balancer does: it spreads calls over several programs, keeps
//! its connections and uses them again, asks who is ready, and never repeats a call.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::load::Caller;
use crate::program::says_ready;

/// Between two calls: 500 a second.
const CALL_EVERY: Duration = Duration::from_millis(2);
/// Between two questions who is ready.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// Answers in a row that take a program out.
const UNREADY: u32 = 2;

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;

/// A program that gets calls.
#[derive(Debug)]
struct Target {
    address: SocketAddr,
    in_service: AtomicBool,
    idle: Mutex<Vec<Caller>>,
    /// Connections opened, and good answers on them.
    opened: AtomicU64,
    answered: AtomicU64,
}

/// The balancer, at work until it is stopped.
#[derive(Debug)]
pub struct Balancer {
    targets: Arc<[Target]>,
    stop: Arc<AtomicBool>,
    work: JoinSet<Vec<String>>,
}

impl Balancer {
    /// Starts calling these programs, in turn.
    #[must_use]
    pub fn start(addresses: &[SocketAddr]) -> Self {
        let target = |address: &SocketAddr| Target {
            address: *address,
            in_service: AtomicBool::new(true),
            idle: Mutex::default(),
            opened: AtomicU64::default(),
            answered: AtomicU64::default(),
        };
        let targets: Arc<[Target]> = addresses.iter().map(target).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let mut work = JoinSet::new();
        work.spawn(call_all(Arc::clone(&targets), Arc::clone(&stop)));
        for at in 0..targets.len() {
            work.spawn(ask(Arc::clone(&targets), at, Arc::clone(&stop)));
        }
        Self {
            targets,
            stop,
            work,
        }
    }

    /// Good answers of a program so far.
    #[must_use]
    pub fn answered(&self, at: usize) -> u64 {
        self.targets[at].answered.load(SeqCst)
    }

    /// Connections opened to a program so far.
    #[must_use]
    pub fn opened(&self, at: usize) -> u64 {
        self.targets[at].opened.load(SeqCst)
    }

    /// Waits until a program has given so many more good answers.
    pub async fn more(&self, at: usize, answers: u64) {
        let wanted = self.answered(at) + answers;
        let mut every = tokio::time::interval(Duration::from_millis(5));
        while self.answered(at) < wanted {
            every.tick().await;
        }
    }

    /// Stops, and gives everything that was not a good answer.
    pub async fn stop(self) -> Vec<String> {
        self.stop.store(true, SeqCst);
        self.work.join_all().await.into_iter().flatten().collect()
    }
}

async fn call_all(targets: Arc<[Target]>, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut every = tokio::time::interval(CALL_EVERY);
    // A machine that was busy with something else is not asked for everything at once.
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut calls = JoinSet::new();
    let mut failed = Vec::new();
    for turn in 0_usize.. {
        every.tick().await;
        if stop.load(SeqCst) {
            break;
        }
        let in_turn = (0..targets.len()).map(|more| (turn + more) % targets.len());
        let Some(at) = in_turn
            .clone()
            .find(|at| targets[*at].in_service.load(SeqCst))
        else {
            failed.push("nobody is in service".to_owned());
            continue;
        };
        let targets = Arc::clone(&targets);
        calls.spawn(async move { call(&targets[at]).await });
        while let Some(ended) = calls.try_join_next() {
            failed.extend(ended.expect("a call does not panic").err());
        }
    }
    failed.extend(calls.join_all().await.into_iter().filter_map(Result::err));
    failed
}

/// One call on the connection used last, or on a new one; a call that fails is not made again.
async fn call(target: &Target) -> Result<(), String> {
    let kept = loop {
        let kept = target.idle.lock().expect("nobody panics").pop();
        match kept {
            Some(connection) if !connection.is_open() => {}
            kept => break kept,
        }
    };
    let mut connection = match kept {
        Some(connection) => connection,
        None => {
            target.opened.fetch_add(1, SeqCst);
            let opened = Caller::try_connect(target.address).await;
            opened.map_err(|error| format!("connect: {error}"))?
        }
    };
    let (status, answer) = connection.post(CALL).await?;
    if status != 200 || !answer.contains("\"result\"") {
        return Err(format!("{status} {answer}"));
    }
    target.answered.fetch_add(1, SeqCst);
    if connection.is_open() {
        target.idle.lock().expect("nobody panics").push(connection);
    }
    Ok(())
}

/// Takes a program out of service that says it is not ready.
async fn ask(targets: Arc<[Target]>, at: usize, stop: Arc<AtomicBool>) -> Vec<String> {
    let target = &targets[at];
    let mut every = tokio::time::interval(ASK_EVERY);
    let mut unready = 0;
    while !stop.load(SeqCst) {
        every.tick().await;
        let ready = says_ready(target.address).await == Some(true);
        unready = if ready { 0 } else { unready + 1 };
        target.in_service.store(unready < UNREADY, SeqCst);
    }
    Vec::new()
}
