//! The hot path: a message in, an answer out. Read this file to know what Headway does.

use std::sync::Arc;

use bytes::Bytes;
use config::checked::BatchSends;
use config::checked::VersionRule;
use frame::id::Id;
use frame::message::Call;
use frame::message::Element;
use frame::message::Fault;
use frame::message::Message;
use frame::message::Version;
use futures_util::future::join_all;
use rules::batch;
use rules::method::Class;
use rules::method::Duty;
use rules::method::Label;

use crate::admit::admit;
use crate::body::AnswerBody;
use crate::client::Client;
use crate::deliver::Exchange;
use crate::deliver::HELD_BYTES_MAX;
use crate::legs;
use crate::legs::Fate;
use crate::live::Settings;
use crate::live::Snapshot;
use crate::memory::Room;
use crate::metrics::Got;
use crate::reading::Reading;
use crate::reading::Shape;
use crate::reply::Refusal;
use crate::reply::Refused;
use crate::reply::Reply;
use crate::sends;
use crate::served;
use crate::together::element;
use crate::together::overfull;
use crate::together::overloaded;
use crate::together::own;
use crate::together::refuse;
use crate::together::together;
use crate::tries::Asked;
use crate::tries::Delivered;
use crate::tries::Parcel;
use crate::worker::Worker;

/// A client's message, whole.
pub struct Ask {
    /// Its bytes.
    pub body: Bytes,
    /// The room they take.
    pub room: Room,
    /// Who sent it.
    pub client: Client,
}

/// Serves one message, whichever way it came in, by the view of the moment it came.
///
/// Dropping the future cancels what is under way at backends, except sends: those go on without
/// their client.
pub async fn exchange(worker: &Arc<Worker>, snapshot: Arc<Snapshot>, ask: Ask) -> Reply {
    let received = worker.clock.now();
    let settings = Arc::clone(&snapshot.settings);
    let exchange = Exchange {
        worker: Arc::clone(worker),
        snapshot,
        client: ask.client,
        received,
        deadline: received.after(settings.config.timeouts.total),
    };
    // Held until the answer's head is there: the body is sent again if a backend fails.
    let _room = ask.room;
    match frame::message::scan(&ask.body, &settings.frame) {
        Ok(Message::Single(element)) => single(&exchange, &settings, element, &ask.body).await,
        // Boxed, because every single call would carry its size.
        Ok(Message::Batch(elements)) => Box::pin(many(&exchange, &settings, &elements)).await,
        Ok(Message::Overfull(ids)) => overfull(&exchange, &settings, &ids),
        Err(fault) => refuse(&exchange, &settings, Id::NULL, refusal(&fault)),
    }
}

const fn refusal(fault: &Fault) -> Refusal {
    match fault {
        Fault::NotJson { .. } => Refusal::ParseError,
        Fault::TooDeep { .. } => Refusal::TooLarge,
        Fault::EmptyBatch => Refusal::InvalidRequest("an empty batch"),
        Fault::FarTooMany => Refusal::TooManyCalls,
    }
}

/// Whether a call may go on, and where to.
fn classify(settings: &Settings, call: &Call<'_>) -> Result<Class, Refusal> {
    match (settings.config.compat.version, call.version) {
        (VersionRule::Any, _) | (VersionRule::Strict, Version::Two) => {}
        (VersionRule::Strict, Version::Other(_) | Version::Missing) => {
            return Err(Refusal::InvalidRequest("jsonrpc must be \"2.0\""));
        }
    }
    settings
        .config
        .methods
        .classify(&call.method)
        .ok_or(Refusal::MethodNotAllowed)
}

/// What is said to a client that answers something.
const ANSWER: &str = "an answer, not a call";

async fn single(
    exchange: &Exchange,
    settings: &Settings,
    element: Element<'_>,
    body: &Bytes,
) -> Reply {
    let call = match element {
        Element::Call(call) => call,
        Element::Invalid { id, why } => {
            return refuse(exchange, settings, id, Refusal::InvalidRequest(why));
        }
        Element::Response if exchange.client.is_socket() => return settings.voice.nothing(),
        Element::Response => {
            let why = Refusal::InvalidRequest(ANSWER);
            return refuse(exchange, settings, Id::NULL, why);
        }
    };
    if let Some(trail) = &exchange.client.trail {
        trail.called(&call.method);
    }
    let class = classify(settings, &call).and_then(|class| admit(exchange, &call, class));
    let class = match class {
        Ok(class) => class,
        Err(refusal) => return refuse_call(exchange, settings, call.id, &refusal.into()),
    };
    if let Some(value) = served::answer(exchange, &call, class) {
        count(exchange, class.label, value.got);
        return own(settings, call.id, &value);
    }
    let parcel = Parcel {
        pool: class.pool,
        duty: class.duty,
        head: class.head,
        method: class.label,
        shape: if call.id.is_some() {
            Shape::Single
        } else {
            Shape::Silent
        },
        // Under a `null` id the backend answers an id of ours, which must be found to be replaced.
        held_bytes_max: match call.id {
            Some(id) if id.is_null() => settings.config.limits.answer_bytes,
            Some(_) | None => HELD_BYTES_MAX,
        },
        body: wire(&call, body),
    };
    let delivered = match class.duty {
        Duty::Read | Duty::Heavy => exchange
            .deliver(&parcel, &mut Asked::default())
            .await
            .map_err(Refused::from),
        Duty::Send => sends::send(exchange, parcel).await,
    };
    match (delivered, call.id) {
        (Ok(delivered), Some(id)) => answer(exchange, settings, (id, class.label), delivered),
        (Ok(_), None) => {
            count(exchange, class.label, Got::Result);
            settings.voice.nothing()
        }
        (Err(refused), id) => {
            count(exchange, class.label, Got::Refusal);
            refuse_call(exchange, settings, id, &refused)
        }
    }
}

/// A call goes on as the client wrote it. Only a `null` id is replaced, because some nodes take such
/// a call for a notification.
fn wire(call: &Call<'_>, body: &Bytes) -> Bytes {
    match call.id {
        Some(id) if id.is_null() => {
            let mut bytes = Vec::with_capacity(body.len() + 8);
            frame::write::call(&mut bytes, 1, call);
            bytes.into()
        }
        Some(_) | None => body.clone(),
    }
}

/// A backend's answer under the client's own id. Its bytes pass as they are unless the id differs.
fn answer(
    exchange: &Exchange,
    settings: &Settings,
    (id, label): (Id<'_>, Label),
    delivered: Delivered,
) -> Reply {
    let answered = delivered.answered;
    let status = answered.status;
    let written = |at: &Option<std::ops::Range<usize>>| {
        at.as_ref().and_then(|at| answered.first.get(at.clone())) == Some(id.as_str().as_bytes())
    };
    let (got, body) = match &delivered.reading {
        Reading::Whole { value, id_at, .. } if written(id_at) => (value.got, None),
        Reading::Whole { value, .. } => {
            let mut bytes = Vec::with_capacity(value.text.len() + 64);
            element(&mut bytes, id, value.got, &value.text);
            let Some(bytes) = exchange.worker.memory.keep(bytes.into()) else {
                return overloaded(exchange, settings, id);
            };
            (value.got, Some(AnswerBody::Whole(bytes)))
        }
        Reading::Beginning { got, .. } => (*got, None),
        Reading::NoRoom => return refuse(exchange, settings, id, Refusal::Overloaded),
        Reading::Parts(_) | Reading::BatchRefused | Reading::TooLong | Reading::Nothing => {
            return refuse(exchange, settings, id, Refusal::UpstreamFailed);
        }
    };
    count(exchange, label, got);
    let body = body.unwrap_or_else(|| match delivered.reading {
        Reading::Beginning {
            id_at: Some(at), ..
        } => answered.with_id(&at, id).into_body(),
        Reading::Beginning { id_at: None, .. }
        | Reading::Whole { .. }
        | Reading::Parts(_)
        | Reading::BatchRefused
        | Reading::TooLong
        | Reading::NoRoom
        | Reading::Nothing => answered.into_body(),
    });
    settings.voice.answer(status, body)
}

/// What becomes of each element of a batch, in the client's order.
async fn many(exchange: &Exchange, settings: &Settings, elements: &[Element<'_>]) -> Reply {
    exchange
        .worker
        .metrics
        .front
        .batch_size
        .observe(elements.len() as f64);
    if let Some(trail) = &exchange.client.trail {
        trail.batched(elements.len());
    }
    let mut fates: Vec<Option<Fate>> = vec![None; elements.len()];
    let mut classes = Vec::with_capacity(elements.len());
    let mut calls = Vec::with_capacity(elements.len());
    for (place, element) in elements.iter().enumerate() {
        let (call, judged) = match element {
            Element::Call(call) => {
                let class = classify(settings, call);
                (
                    Some(call),
                    class.and_then(|class| admit(exchange, call, class)),
                )
            }
            Element::Invalid { why, .. } => (None, Err(Refusal::InvalidRequest(why))),
            Element::Response => (None, Err(Refusal::InvalidRequest(ANSWER))),
        };
        let label = judged.as_ref().map(|class| class.label);
        calls.push(call.zip(label.ok()));
        match judged {
            Ok(class) => {
                let own = call.and_then(|call| served::answer(exchange, call, class));
                match own {
                    Some(value) => {
                        count(exchange, class.label, value.got);
                        set(&mut fates, place, Fate::Said(value));
                    }
                    None => classes.push((place, class)),
                }
            }
            Err(refusal) => set(&mut fates, place, Fate::Refused(refusal)),
        }
    }
    let sends = classes.iter().any(|(_, class)| class.duty == Duty::Send);
    if sends && settings.config.batch.sends == BatchSends::Refuse {
        return refuse(exchange, settings, Id::NULL, Refusal::BatchSend);
    }
    let legs = batch::legs(classes.iter().copied(), settings.config.batch.leg_calls);
    let served = join_all(legs.iter().map(|leg| legs::run(exchange, leg, &calls))).await;
    for (place, fate) in served.into_iter().flatten() {
        set(&mut fates, place, fate);
    }
    for (place, class) in classes {
        let got = match fates.get(place) {
            Some(Some(Fate::Said(value))) => value.got,
            Some(Some(Fate::Done)) => Got::Result,
            Some(Some(Fate::Refused(_) | Fate::Unknown(_)) | None) | None => Got::Refusal,
        };
        count(exchange, class.label, got);
    }
    together(exchange, settings, elements, &fates)
}

fn set(fates: &mut [Option<Fate>], place: usize, fate: Fate) {
    if let Some(slot) = fates.get_mut(place) {
        *slot = Some(fate);
    }
}

fn refuse_call(
    exchange: &Exchange,
    settings: &Settings,
    id: Option<Id<'_>>,
    refused: &Refused,
) -> Reply {
    let refusal = refused.refusal;
    exchange.worker.metrics.rejected(refusal.reason());
    match id {
        Some(id) => settings.voice.refuse(id, refusal, &refused.facts()),
        None if exchange.client.is_socket() => settings.voice.nothing(),
        None => settings.voice.refused_notification(refusal),
    }
}

fn count(exchange: &Exchange, label: Label, got: Got) {
    let took = exchange.worker.clock.now().since(exchange.received);
    exchange.worker.metrics.called(label, got, took);
}

#[cfg(test)]
mod tests;
