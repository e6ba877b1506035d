//! Clients of all kinds at once: reads, batches, transactions, and some that leave before they are
//! answered. Everything that was not answered as it should be is written down.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use std::time::Instant;

use fastrand::Rng;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Interval;
use tokio::time::interval;

use crate::load::Caller;

/// Clients that read, each on a connection and from an address of its own.
const READERS: u32 = 24;
/// Clients that send transactions.
const SENDERS: u32 = 8;
/// Clients that leave without their answer, and how often each of them does.
const LEAVERS: u32 = 2;
const LEAVES_EVERY: Duration = Duration::from_millis(250);
/// Calls in the largest batch.
const BATCH_MAX: usize = 10;
/// One request in so many is a batch.
const BATCH_EVERY: u32 = 8;
/// One request in so many of a sender holds a read as well.
const MIXED_EVERY: u64 = 5;
/// Calls a request holds on average, from the two above.
const CALLS_PER_REQUEST: f64 = 1.6;
/// Of so many calls, one is a transaction.
const SEND_SHARE: f64 = 50.0;
/// Complaints kept.
const COMPLAINTS_MAX: usize = 20;

/// What readers ask: methods of the read and heavy pools, and one that miners answer.
const READS: [(&str, &str); 7] = [
    ("eth_blockNumber", "[]"),
    ("eth_chainId", "[]"),
    (
        "eth_getBalance",
        r#"["0x00000000000000000000000000000000000000aa","latest"]"#,
    ),
    ("eth_getBlockByNumber", r#"["latest",false]"#),
    (
        "eth_call",
        r#"[{"to":"0x00000000000000000000000000000000000000aa"},"latest"]"#,
    ),
    (
        "eth_getLogs",
        r#"[{"fromBlock":"latest","toBlock":"latest"}]"#,
    ),
    ("eth_gasPrice", "[]"),
];

/// What became of everything that was asked.
#[derive(Debug)]
pub struct Tally {
    begun: Instant,
    calls: AtomicU64,
    complaints: Mutex<Vec<String>>,
    complained: AtomicU64,
    /// Transactions that were accepted, as they were sent.
    accepted: Mutex<Vec<String>>,
    /// Transactions by what their sender heard.
    heard: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    /// Calls answered so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(SeqCst)
    }

    /// How many calls were not answered as they should be, and some of them.
    #[must_use]
    pub fn complaints(&self) -> (u64, Vec<String>) {
        let some = self.complaints.lock().unwrap().clone();
        (self.complained.load(SeqCst), some)
    }

    /// The transactions whose senders were told that they are on their way.
    #[must_use]
    pub fn accepted(&self) -> Vec<String> {
        self.accepted.lock().unwrap().clone()
    }

    /// What senders heard, with how many of them.
    #[must_use]
    pub fn heard(&self) -> BTreeMap<String, u64> {
        self.heard.lock().unwrap().clone()
    }

    fn complain(&self, what: &str, (status, body): (u16, &str)) {
        self.complained.fetch_add(1, SeqCst);
        let mut complaints = self.complaints.lock().unwrap();
        if complaints.len() < COMPLAINTS_MAX {
            let after = self.begun.elapsed().as_secs_f64();
            let body: String = body.chars().take(400).collect();
            complaints.push(format!("after {after:.3} s: {what}: {status} {body}"));
        }
    }

    fn hear(&self, raw: &str, answer: &Value) {
        let words = match (answer.get("result"), answer.get("error")) {
            (Some(Value::String(hash)), None) if hash.len() == 66 => {
                self.accepted.lock().unwrap().push(raw.to_owned());
                "accepted"
            }
            (None, Some(error)) => {
                let reason = error.pointer("/data/reason").or(error.get("message"));
                reason.and_then(Value::as_str).unwrap_or("nothing known")
            }
            _ => return self.complain("a transaction", (0, &answer.to_string())),
        };
        let mut heard = self.heard.lock().unwrap();
        *heard.entry(words.to_owned()).or_default() += 1;
    }
}

/// A running load.
#[derive(Debug)]
pub struct Traffic {
    tally: Arc<Tally>,
    stop: watch::Sender<bool>,
    clients: JoinSet<()>,
}

/// What every client is given.
#[derive(Clone)]
struct Client {
    to: SocketAddr,
    from: IpAddr,
    seed: u64,
    number: u32,
    tally: Arc<Tally>,
    stop: watch::Receiver<bool>,
}

impl Traffic {
    /// Starts about so many calls a second.
    #[must_use]
    pub fn start(to: SocketAddr, seed: u64, calls_per_second: f64) -> Self {
        let stop = watch::Sender::new(false);
        let tally = Arc::new(Tally {
            begun: Instant::now(),
            calls: AtomicU64::new(0),
            complaints: Mutex::default(),
            complained: AtomicU64::new(0),
            accepted: Mutex::default(),
            heard: Mutex::default(),
        });
        let client = |number: u32| Client {
            to,
            from: IpAddr::from([127, 0, 1, u8::try_from(number + 1).unwrap_or(u8::MAX)]),
            seed: seed.wrapping_add(u64::from(number)),
            number,
            tally: Arc::clone(&tally),
            stop: stop.subscribe(),
        };
        let reads =
            Duration::from_secs_f64(f64::from(READERS) * CALLS_PER_REQUEST / calls_per_second);
        let sends = Duration::from_secs_f64(f64::from(SENDERS) * SEND_SHARE / calls_per_second);
        let mut clients = JoinSet::new();
        for number in 0..READERS {
            clients.spawn(read(client(number), reads));
        }
        for number in READERS..READERS + SENDERS {
            clients.spawn(send(client(number), sends));
        }
        for number in READERS + SENDERS..READERS + SENDERS + LEAVERS {
            clients.spawn(leave(client(number)));
        }
        Self {
            tally,
            stop,
            clients,
        }
    }

    /// What became of everything so far.
    #[must_use]
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Stops; what is under way is waited for.
    pub async fn stop(self) -> Arc<Tally> {
        self.stop.send_replace(true);
        self.clients.join_all().await;
        self.tally
    }
}

impl Client {
    /// Waits for its next turn; false when there is none.
    async fn turn(&mut self, every: &mut Interval) -> bool {
        tokio::select! {
            biased;
            _ = self.stop.wait_for(|stop| *stop) => false,
            _ = every.tick() => true,
        }
    }

    /// Asks on a kept connection; an answer that is JSON, if one came.
    async fn ask(&self, caller: &mut Caller, what: &str, body: &str) -> Option<Value> {
        let (status, answer) = match caller.post(body).await {
            Ok(answered) => answered,
            Err(error) => {
                self.tally.complain(what, (0, &error));
                *caller = Caller::connect_from(self.from, self.to).await;
                return None;
            }
        };
        let read = serde_json::from_str(&answer).ok();
        if read.is_none() {
            self.tally.complain(what, (status, &answer));
        }
        read
    }
}

fn call(id: u64, method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

fn is_result(answer: &Value, id: u64) -> bool {
    answer["id"] == id && answer.get("error").is_none() && !answer["result"].is_null()
}

async fn read(mut client: Client, every: Duration) {
    let mut dice = Rng::with_seed(client.seed);
    let mut caller = Caller::connect_from(client.from, client.to).await;
    let mut every = interval(every);
    let mut id = 0;
    while client.turn(&mut every).await {
        let batch = dice.u32(..BATCH_EVERY) == 0;
        let count = if batch { dice.usize(2..=BATCH_MAX) } else { 1 };
        let asked: Vec<_> = (0..count)
            .map(|_| READS[dice.usize(..READS.len())])
            .collect();
        let first = id + 1;
        let calls = asked.iter().map(|(method, params)| {
            id += 1;
            call(id, method, params)
        });
        let calls = calls.collect::<Vec<_>>().join(",");
        let body = if batch { format!("[{calls}]") } else { calls };
        let what = asked[0].0;
        let Some(answer) = client.ask(&mut caller, what, &body).await else {
            continue;
        };
        let many = answer.as_array().filter(|_| batch);
        let answers = many.map_or(std::slice::from_ref(&answer), Vec::as_slice);
        let good = answers.len() == count
            && (first..)
                .zip(answers)
                .all(|(id, answer)| is_result(answer, id));
        if !good {
            let words = format!("{what} and so on, {count} calls");
            client.tally.complain(&words, (200, &answer.to_string()));
        }
        client.tally.calls.fetch_add(count as u64, SeqCst);
    }
}

async fn send(mut client: Client, every: Duration) {
    let mut caller = Caller::connect_from(client.from, client.to).await;
    let mut every = interval(every);
    let mut id = 0;
    while client.turn(&mut every).await {
        id += 1;
        let raw = format!("0x02{:016x}{:08x}{id:016x}", client.seed, client.number);
        let sent = call(id, "eth_sendRawTransaction", &format!("[\"{raw}\"]"));
        if !id.is_multiple_of(MIXED_EVERY) {
            if let Some(answer) = client.ask(&mut caller, "a transaction", &sent).await {
                client.tally.hear(&raw, &answer);
                client.tally.calls.fetch_add(1, SeqCst);
            }
            continue;
        }
        let body = format!("[{},{sent}]", call(0, "eth_blockNumber", "[]"));
        let Some(answer) = client.ask(&mut caller, "a mixed batch", &body).await else {
            continue;
        };
        match answer.as_array().map(Vec::as_slice) {
            Some([block, sent]) if is_result(block, 0) => client.tally.hear(&raw, sent),
            _ => client
                .tally
                .complain("a mixed batch", (200, &answer.to_string())),
        }
        client.tally.calls.fetch_add(2, SeqCst);
    }
}

/// Asks, and is gone.
async fn leave(mut client: Client) {
    let mut every = interval(LEAVES_EVERY);
    while client.turn(&mut every).await {
        let mut caller = Caller::connect_from(client.from, client.to).await;
        let (method, params) = READS[4];
        let body = call(1, method, params);
        // Not polled again after its request is written: dropping it closes the connection.
        let _left = tokio::time::timeout(Duration::from_millis(1), caller.post(&body)).await;
    }
}
