//! One question to one backend, asked over the same connections and timeouts as calls.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chain::block;
use chain::head::BlockHash;
use chain::quantity;
use frame::answer;
use frame::answer::Said;
use http::Uri;
use proxy::live::Backend;
use proxy::upstream;
use proxy::upstream::Errand;
use proxy::upstream::Line;
use proxy::upstream::TryEnd;
use proxy::worker::Worker;
use rules::ids::Pool;
use rules::member::Probe;

/// Bytes of an answer to a probe: a block's header and the hashes of its transactions.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

const LATEST: &[u8] =
    br#"{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["latest",false]}"#;
const GAS_PRICE: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"eth_gasPrice","params":[]}"#;
const CHAIN_ID: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;

/// Asks a backend how it is, in the way its pool wants to be asked.
pub async fn ask(
    worker: &Worker,
    backend: &Arc<Backend>,
    pool: Option<Pool>,
    wait: Duration,
) -> Probe {
    match pool {
        Some(Pool::Read | Pool::Heavy) | None => match said(worker, backend, LATEST, wait).await {
            Some(Word::Result(raw)) => match block::head(&raw) {
                Ok(Some(head)) => Probe::Head(head),
                Ok(None) | Err(_) => Probe::Failed,
            },
            Some(Word::Error) | None => Probe::Failed,
        },
        // A miner knows three methods; even an error shows that it is there.
        Some(Pool::Write) => match said(worker, backend, GAS_PRICE, wait).await {
            Some(Word::Result(_) | Word::Error) => Probe::Alive,
            None => Probe::Failed,
        },
        Some(Pool::Antelope) => info(worker, backend, wait).await,
        // Tunnels are not asked: their own handshakes tell.
        Some(Pool::Ws) => Probe::Alive,
    }
}

/// The chain id a backend says: `Some(None)` when it lacks the method, `None` when it does not answer.
pub async fn chain_id(
    worker: &Worker,
    backend: &Arc<Backend>,
    wait: Duration,
) -> Option<Option<u64>> {
    match said(worker, backend, CHAIN_ID, wait).await? {
        Word::Result(raw) => Some(quantity::chain_id(&raw)),
        Word::Error => Some(None),
    }
}

/// The hash of a backend's block at a height.
pub async fn hash_at(
    worker: &Worker,
    backend: &Arc<Backend>,
    height: u64,
    wait: Duration,
) -> Option<BlockHash> {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x{height:x}",false]}}"#
    );
    match said(worker, backend, body.as_bytes(), wait).await? {
        // Another block than the one asked for proves nothing about this height.
        Word::Result(raw) => block::head(&raw)
            .ok()?
            .filter(|head| head.number == height)
            .map(|head| head.hash),
        Word::Error => None,
    }
}

/// What a backend said in JSON-RPC.
enum Word {
    Result(Bytes),
    Error,
}

async fn said(
    worker: &Worker,
    backend: &Arc<Backend>,
    body: &[u8],
    wait: Duration,
) -> Option<Word> {
    let bytes = post(worker, backend, (body, None), wait).await?;
    match answer::read(&bytes)?.said {
        Said::Result(raw) => Some(Word::Result(bytes.slice_ref(raw.as_bytes()))),
        Said::Error { .. } => Some(Word::Error),
    }
}

/// nodeos is asked for its state in its own way; that it answers is all that counts.
async fn info(worker: &Worker, backend: &Arc<Backend>, wait: Duration) -> Probe {
    let path = Uri::from_static("/v1/chain/get_info");
    match post(worker, backend, (b"{}", Some(path)), wait).await {
        Some(bytes) if bytes.starts_with(b"{") => Probe::Alive,
        Some(_) | None => Probe::Failed,
    }
}

async fn post(
    worker: &Worker,
    backend: &Arc<Backend>,
    (body, path): (&[u8], Option<Uri>),
    wait: Duration,
) -> Option<Bytes> {
    let deadline = worker.clock.now().after(wait);
    // A pooled connection may have been closed by the backend just now, which says nothing of it.
    for line in [Line::Any, Line::Fresh] {
        let errand = Errand {
            body: Bytes::copy_from_slice(body),
            path: path.clone(),
            client: None,
            line,
            deadline,
            held_bytes_max: ANSWER_BYTES_MAX,
        };
        match upstream::send_once(worker, backend, errand).await {
            TryEnd::Answered(answered) if answered.rest.is_some() => return None,
            TryEnd::Answered(answered) => {
                return answered.status.is_success().then_some(answered.first);
            }
            TryEnd::NotSent(Line::Any) | TryEnd::Lost(Line::Any) => {}
            TryEnd::NotSent(Line::Fresh) | TryEnd::Lost(Line::Fresh) | TryEnd::TimedOut => {
                return None;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
