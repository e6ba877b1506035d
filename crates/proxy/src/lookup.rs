//! Looks a transaction up by its hash, where the freshest nodes are asked until one of them knows it.

use std::time::Duration;

use bytes::Bytes;
use frame::message::Call;
use frame::transaction;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rules::ids::Pool;
use rules::ids::Seat;
use rules::moment::Moment;
use rules::table::NEAR_BLOCKS;
use tokio::time::sleep_until;
use tokio::time::timeout_at;

use crate::deliver::Exchange;
use crate::deliver::LOOKUP;
use crate::metrics::Got;
use crate::reading;
use crate::reading::Reading;
use crate::reading::Shape;
use crate::upstream;
use crate::upstream::Errand;
use crate::upstream::Line;
use crate::upstream::TryEnd;

/// Between two questions to the nodes of one row.
const EVERY: Duration = Duration::from_millis(500);
/// For the answer to one question.
const PATIENCE: Duration = Duration::from_secs(2);
/// Nodes that are asked, the freshest ones.
const NODES_MAX: usize = 4;
/// Rows of nodes that are asked side by side, so that one node that hangs does not hide it.
const ROWS_MAX: usize = 2;

/// The call that finds a transaction.
const BY_HASH: &str = "eth_getTransactionByHash";
/// The call that finds its receipt.
const RECEIPT: &str = "eth_getTransactionReceipt";
/// The send that is answered with a receipt (EIP-7966).
const SYNC: &str = "eth_sendRawTransactionSync";

/// A raw transaction on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its hash.
    pub hash: String,
    /// The client wants its receipt, not its hash.
    pub wants_receipt: bool,
}

impl Sent {
    /// What a call sends, where its hash can be told.
    #[must_use]
    pub fn of(call: &Call<'_>) -> Option<Self> {
        Some(Self {
            hash: transaction::sent(call)?,
            wants_receipt: call.method == SYNC,
        })
    }

    /// The hash as JSON.
    #[must_use]
    pub fn hash_json(&self) -> Bytes {
        format!("\"{}\"", self.hash).into()
    }
}

/// What the nodes know of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nobody knows it.
    Nothing,
    /// Somebody knows it, but has no receipt.
    Known,
    /// What the client wants to hear, as JSON.
    Answer(Bytes),
}

/// Asks until somebody knows the transaction, for a bounded time within the client's.
pub async fn find(exchange: &Exchange, sent: &Sent) -> Found {
    let worker = &exchange.worker;
    let until = worker.clock.now().after(LOOKUP).min(exchange.deadline);
    let instant = worker.clock.instant(until);
    // When a miner dies with much under way, the nodes must not suffer for it.
    let Ok(Ok(_turn)) = timeout_at(instant, worker.live.lookups.acquire()).await else {
        return Found::Nothing;
    };
    let seats = freshest(exchange);
    let mut rows: FuturesUnordered<_> = (0..seats.len().min(ROWS_MAX))
        .map(|row| {
            let row = seats.iter().copied().skip(row).step_by(ROWS_MAX);
            ask_in_turn(exchange, sent, row.collect(), until)
        })
        .collect();
    let mut best = Found::Nothing;
    while let Some(found) = rows.next().await {
        match found {
            Found::Answer(_) => return found,
            Found::Known => best = Found::Known,
            Found::Nothing => {}
        }
    }
    best
}

/// The nodes that would serve the question, the freshest first; the leader when there are none.
fn freshest(exchange: &Exchange) -> Vec<Seat> {
    let table = &exchange.snapshot.table;
    let methods = &exchange.snapshot.settings.config.methods;
    let pool = methods
        .classify(BY_HASH)
        .map_or(Pool::Read, |class| class.pool);
    let mut seats = table.line(pool).eligible.clone();
    // Who has not told its head yet is not the freshest, but may be.
    let lag = |seat: &Seat| table.place(*seat).and_then(|place| place.lag);
    seats.sort_by_key(|seat| lag(seat).unwrap_or(NEAR_BLOCKS));
    seats.truncate(NODES_MAX);
    if seats.is_empty() {
        let ladder = table.ladder();
        let serves = ladder.leader_serves.contains(&pool);
        seats.extend(ladder.leader.filter(|_| serves));
    }
    seats
}

/// One row of nodes, one after another and again.
async fn ask_in_turn(exchange: &Exchange, sent: &Sent, seats: Vec<Seat>, until: Moment) -> Found {
    let clock = &exchange.worker.clock;
    let mut best = Found::Nothing;
    for seat in seats.iter().cycle() {
        let begun = clock.now();
        if begun >= until {
            break;
        }
        match ask(exchange, sent, *seat, until).await {
            Found::Answer(answer) => return Found::Answer(answer),
            Found::Known => best = Found::Known,
            Found::Nothing => {}
        }
        sleep_until(clock.instant(begun.after(EVERY).min(until))).await;
    }
    best
}

async fn ask(exchange: &Exchange, sent: &Sent, seat: Seat, until: Moment) -> Found {
    if sent.wants_receipt
        && let Some(receipt) = question(exchange, seat, (RECEIPT, &sent.hash), until).await
    {
        return Found::Answer(receipt);
    }
    match question(exchange, seat, (BY_HASH, &sent.hash), until).await {
        None => Found::Nothing,
        Some(_) if sent.wants_receipt => Found::Known,
        Some(_) => Found::Answer(sent.hash_json()),
    }
}

/// One question about a hash; what a node that knows it says.
async fn question(
    exchange: &Exchange,
    seat: Seat,
    (method, hash): (&str, &str),
    until: Moment,
) -> Option<Bytes> {
    let worker = &exchange.worker;
    let config = &exchange.snapshot.settings.config;
    let body =
        format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":[\"{hash}\"]}}");
    let errand = Errand {
        body: body.into(),
        path: None,
        client: None,
        line: Line::Any,
        deadline: worker.clock.now().after(PATIENCE).min(until),
        held_bytes_max: config.limits.answer_bytes,
    };
    let backend = exchange.snapshot.backend(seat)?;
    let TryEnd::Answered(answered) = upstream::send_once(worker, backend, errand).await else {
        return None;
    };
    match reading::read(&answered, Shape::Single, &config.retry.phrases).1 {
        Reading::Whole { value, .. } if value.got == Got::Result => {
            // A node that knows it names it; `null` and whatever else does not.
            let text = std::str::from_utf8(&value.text).ok()?;
            let names_it = text.to_ascii_lowercase().contains(hash);
            names_it.then(|| value.text.clone())
        }
        Reading::Whole { .. }
        | Reading::Beginning { .. }
        | Reading::Parts(_)
        | Reading::BatchRefused
        | Reading::TooLong
        | Reading::NoRoom
        | Reading::Nothing => None,
    }
}
