//! One message of a socket from the client's bytes to the text of the answer.

use std::sync::Arc;

use bytes::Bytes;
use frame::id::Id;
use frame::message::Element;
use frame::message::Message;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use crate::body::AnswerBody;
use crate::client::Client;
use crate::exchange::Ask;
use crate::exchange::exchange;
use crate::held::Held;
use crate::live::Settings;
use crate::metrics::Cap;
use crate::metrics::Metrics;
use crate::reply::Refusal;
use crate::reply::Reply;
use crate::socket::line::Said;
use crate::worker::Worker;

/// A message that counts as being served; dropping it counts it out.
struct UnderWay(Arc<Metrics>);

impl UnderWay {
    fn new(metrics: &Arc<Metrics>) -> Self {
        metrics.front.in_flight.inc();
        Self(Arc::clone(metrics))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.front.in_flight.dec();
    }
}

/// Serves one message as HTTP would serve a body. `turns` has one turn: of the long answers of a socket
/// one at a time is in memory whole, the others wait at their backends.
pub(crate) async fn answer(
    worker: Arc<Worker>,
    client: Client,
    message: Bytes,
    turns: Arc<Semaphore>,
) -> Option<Said> {
    let _counted = UnderWay::new(&worker.metrics);
    let snapshot = worker.live.snapshot();
    let settings = Arc::clone(&snapshot.settings);
    let mut room = worker.memory.room();
    let cap = if worker.is_overfull(&snapshot) {
        Some(Cap::InFlight)
    } else if !room.grow(message.len()) {
        Some(Cap::BufferedBytes)
    } else {
        None
    };
    if let Some(cap) = cap {
        worker.metrics.front.capped(cap);
        return said(&worker, &settings, &message, Err(Refusal::Overloaded)).await;
    }
    let body = message.clone();
    let reply = exchange(&worker, snapshot, Ask { body, room, client }).await;
    let text = text(&worker, &settings, reply, turns).await;
    said(&worker, &settings, &message, text).await
}

/// What is in a reply: nothing where nobody is to hear of it.
type Text = (Bytes, Option<OwnedSemaphorePermit>);

/// The whole text of a reply.
///
/// # Errors
/// What is said instead, because it broke off, is too long, or finds no room.
async fn text(
    worker: &Worker,
    settings: &Settings,
    reply: Reply,
    turns: Arc<Semaphore>,
) -> Result<Text, Refusal> {
    let mut body = match reply.into_body() {
        AnswerBody::Whole(bytes) => return Ok((bytes, None)),
        streamed @ AnswerBody::Streamed { .. } => streamed,
    };
    let too_long = |bytes: u64| bytes > settings.config.limits.answer_bytes as u64;
    if too_long(body.size_hint().lower()) {
        return Err(Refusal::UpstreamFailed);
    }
    // Nobody closes the turns.
    let turn = turns.acquire_owned().await.ok();
    let mut held = Held::new(Some(&worker.memory));
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            worker.metrics.front.broken_off.inc();
            return Err(Refusal::UpstreamFailed);
        };
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if too_long((held.len() + piece.len()) as u64) {
            return Err(Refusal::UpstreamFailed);
        }
        if !held.push(piece) {
            worker.metrics.front.capped(Cap::BufferedBytes);
            return Err(Refusal::Overloaded);
        }
    }
    Ok((held.into_bytes(), turn))
}

/// What the client is told. A node that does not write UTF-8 would end the whole socket with its answer.
async fn said(
    worker: &Worker,
    settings: &Settings,
    message: &Bytes,
    text: Result<Text, Refusal>,
) -> Option<Said> {
    let refusal = match text {
        Ok((text, _)) if text.is_empty() => return None,
        Ok((text, turn)) if std::str::from_utf8(&text).is_ok() => {
            return Some(Said { text, _turn: turn });
        }
        Ok(_) => Refusal::UpstreamFailed,
        Err(refusal) => refusal,
    };
    worker.metrics.rejected(refusal.reason());
    let scanned = frame::message::scan(message, &settings.frame);
    let id = match &scanned {
        Ok(Message::Single(Element::Call(call))) => call.id?,
        Ok(Message::Single(_) | Message::Batch(_) | Message::Overfull(_)) | Err(_) => Id::NULL,
    };
    let reply = settings.voice.refuse(id, refusal, &[]);
    let text = reply.into_body().collect().await.ok()?.to_bytes();
    Some(Said { text, _turn: None })
}
