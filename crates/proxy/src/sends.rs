//! Transactions on their way: never twice, and never forgotten.

use std::sync::PoisonError;

use bytes::Bytes;
use frame::message::Element;
use frame::message::Message;
use http::StatusCode;
use rules::ids::Seat;
use rules::phrases::Says;

use crate::deliver::Exchange;
use crate::lookup;
use crate::lookup::Found;
use crate::lookup::Sent;
use crate::metrics::Got;
use crate::reading::Reading;
use crate::reading::Shape;
use crate::reading::Value;
use crate::reply::Refusal;
use crate::reply::Refused;
use crate::reply::Submitted;
use crate::tries::Asked;
use crate::tries::Delivered;
use crate::tries::Parcel;
use crate::upstream::Answered;

/// A send runs in a task of its own: a client that leaves must not cancel what may already be on
/// its way.
///
/// # Errors
/// What the client is to be told instead.
pub async fn send(exchange: &Exchange, parcel: Parcel) -> Result<Delivered, Refused> {
    let shared = exchange.clone();
    let task = exchange.worker.tasks.spawn(async move {
        let mut asked = Asked::default();
        let ended = shared.deliver(&parcel, &mut asked).await;
        settle(&shared, &parcel, ended, asked.sent_to).await
    });
    task.await
        .unwrap_or_else(|_panicked| Err(Refusal::OutcomeUnknown.into()))
}

/// Finds out what a send came to that has ended at the miner it was `sent_to`.
///
/// # Errors
/// What the client is to be told instead of a miner's word.
pub async fn settle(
    exchange: &Exchange,
    parcel: &Parcel,
    ended: Result<Delivered, Refusal>,
    sent_to: Option<Seat>,
) -> Result<Delivered, Refused> {
    match ended {
        Err(Refusal::OutcomeUnknown) => Box::pin(unclear(exchange, parcel, sent_to)).await,
        Err(refusal) => Err(refusal.into()),
        Ok(delivered) => match delivered.reading {
            Reading::Whole {
                says: Some(says @ (Says::Known | Says::NonceUsed)),
                ..
            } => Box::pin(seen(exchange, parcel, delivered, says)).await,
            Reading::Whole { .. }
            | Reading::Beginning { .. }
            | Reading::Parts(_)
            | Reading::BatchRefused
            | Reading::TooLong
            | Reading::NoRoom
            | Reading::Nothing => Ok(delivered),
        },
    }
}

/// The bytes left and no answer came: only the chain can tell.
async fn unclear(
    exchange: &Exchange,
    parcel: &Parcel,
    sent_to: Option<Seat>,
) -> Result<Delivered, Refused> {
    let to = sent_to.and_then(|seat| exchange.snapshot.backend(seat));
    let mut submitted = Submitted {
        hash: None,
        to: to.map(|backend| backend.id.clone()),
        known: false,
    };
    let Some(sent) = sent(exchange, parcel) else {
        return Err(submitted.into());
    };
    remember(exchange, &sent);
    match look_up(exchange, &sent).await {
        Found::Answer(answer) => Ok(success(answer, sent_to)),
        found @ (Found::Known | Found::Nothing) => {
            submitted.known = found == Found::Known;
            submitted.hash = Some(sent.hash);
            Err(submitted.into())
        }
    }
}

/// A miner has seen the transaction, or its nonce, before. When that may have been a try of ours, it
/// is no failure; otherwise it is the miner's word to a client that sent twice.
async fn seen(
    exchange: &Exchange,
    parcel: &Parcel,
    delivered: Delivered,
    says: Says,
) -> Result<Delivered, Refused> {
    let Some(sent) = sent(exchange, parcel) else {
        return Ok(delivered);
    };
    let known = says == Says::Known;
    let ours = is_remembered(exchange, &sent) || (known && delivered.retried);
    if !ours {
        return Ok(delivered);
    }
    let seat = Some(delivered.seat);
    if known && !sent.wants_receipt {
        return Ok(success(sent.hash_json(), seat));
    }
    match look_up(exchange, &sent).await {
        Found::Answer(answer) => Ok(success(answer, seat)),
        Found::Nothing if !known => Ok(delivered),
        Found::Known | Found::Nothing => {
            let backend = exchange.snapshot.backend(delivered.seat);
            Err(Refused::from(Submitted {
                hash: Some(sent.hash),
                to: backend.map(|backend| backend.id.clone()),
                known: true,
            }))
        }
    }
}

async fn look_up(exchange: &Exchange, sent: &Sent) -> Found {
    let found = lookup::find(exchange, sent).await;
    let sends = &exchange.worker.metrics.sends;
    match &found {
        Found::Answer(_) => sends.found.inc(),
        Found::Known => sends.known.inc(),
        Found::Nothing => sends.missing.inc(),
    }
    found
}

/// What a parcel sends, if somebody waits for an answer. Read only now: hardly any send needs it.
fn sent(exchange: &Exchange, parcel: &Parcel) -> Option<Sent> {
    if parcel.shape != Shape::Single {
        return None;
    }
    let limits = &exchange.snapshot.settings.frame;
    match frame::message::scan(&parcel.body, limits) {
        Ok(Message::Single(Element::Call(call))) => Sent::of(&call),
        Ok(Message::Single(_) | Message::Batch(_) | Message::Overfull(_)) | Err(_) => None,
    }
}

fn remember(exchange: &Exchange, sent: &Sent) {
    let now = exchange.worker.clock.now();
    let unclear = exchange.worker.live.unclear.lock();
    let mut unclear = unclear.unwrap_or_else(PoisonError::into_inner);
    unclear.note(&sent.hash, now);
}

fn is_remembered(exchange: &Exchange, sent: &Sent) -> bool {
    let now = exchange.worker.clock.now();
    let unclear = exchange.worker.live.unclear.lock();
    let unclear = unclear.unwrap_or_else(PoisonError::into_inner);
    unclear.holds(&sent.hash, now)
}

/// The answer that a miner would have given.
fn success(result: Bytes, seat: Option<Seat>) -> Delivered {
    Delivered {
        answered: Answered {
            status: StatusCode::OK,
            first: Bytes::new(),
            rest: None,
            retry_after: None,
            cut: false,
        },
        reading: Reading::Whole {
            value: Value {
                got: Got::Result,
                text: result,
            },
            says: None,
            id_at: None,
        },
        seat: seat.unwrap_or(Seat::new(0)),
        retried: true,
    }
}
