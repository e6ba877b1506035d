//! What goes to the client in one piece: the answers of a batch, or a word of ours in their place.

use frame::id::Id;
use frame::message::Call;
use frame::message::Element;
use http::StatusCode;

use crate::body::AnswerBody;
use crate::deliver::Exchange;
use crate::legs::Fate;
use crate::live::Settings;
use crate::metrics::Cap;
use crate::metrics::Got;
use crate::reading::Value;
use crate::reply::Refusal;
use crate::reply::Reply;

/// The answers of a batch in one array; nothing at all when nobody wanted one.
pub fn together(
    exchange: &Exchange,
    settings: &Settings,
    elements: &[Element<'_>],
    fates: &[Option<Fate>],
) -> Reply {
    let said = |fate: &Option<Fate>| match fate {
        Some(Fate::Said(value)) => value.text.len(),
        Some(Fate::Refused(_) | Fate::Unknown(_) | Fate::Done) | None => 128,
    };
    let mut out = Vec::with_capacity(fates.iter().map(|fate| said(fate) + 64).sum());
    for (element_in, fate) in elements.iter().zip(fates) {
        let id = match element_in {
            Element::Call(Call { id: Some(id), .. }) | Element::Invalid { id, .. } => *id,
            // Among others, what a client answers is left alone, or two sides could answer each
            // other for ever.
            Element::Call(Call { id: None, .. }) | Element::Response => continue,
        };
        out.push(if out.is_empty() { b'[' } else { b',' });
        match fate {
            Some(Fate::Said(value)) => element(&mut out, id, value.got, &value.text),
            Some(Fate::Refused(refusal)) => {
                exchange.worker.metrics.rejected(refusal.reason());
                settings.voice.refuse_element(&mut out, id, *refusal, &[]);
            }
            Some(Fate::Unknown(submitted)) => {
                let unknown = Refusal::OutcomeUnknown;
                exchange.worker.metrics.rejected(unknown.reason());
                settings
                    .voice
                    .refuse_element(&mut out, id, unknown, &submitted.facts());
            }
            Some(Fate::Done) | None => {
                settings
                    .voice
                    .refuse_element(&mut out, id, Refusal::UpstreamFailed, &[])
            }
        }
    }
    if out.is_empty() {
        return settings.voice.nothing();
    }
    out.push(b']');
    match exchange.worker.memory.keep(out.into()) {
        Some(bytes) => settings
            .voice
            .answer(StatusCode::OK, AnswerBody::Whole(bytes)),
        None => overloaded(exchange, settings, Id::NULL),
    }
}

/// Too many calls: every id hears so, because clients match errors to calls by id.
pub fn overfull(exchange: &Exchange, settings: &Settings, ids: &[Id<'_>]) -> Reply {
    let mut out = Vec::with_capacity(ids.len() * 128);
    for id in ids {
        out.push(if out.is_empty() { b'[' } else { b',' });
        settings
            .voice
            .refuse_element(&mut out, *id, Refusal::TooManyCalls, &[]);
    }
    exchange
        .worker
        .metrics
        .rejected(Refusal::TooManyCalls.reason());
    if out.is_empty() {
        return settings.voice.nothing();
    }
    out.push(b']');
    settings.voice.answer(StatusCode::OK, out.into())
}

/// The answer to a call alone that no backend was asked for.
pub fn own(settings: &Settings, id: Option<Id<'_>>, value: &Value) -> Reply {
    let Some(id) = id else {
        return settings.voice.nothing();
    };
    let mut bytes = Vec::with_capacity(value.text.len() + 64);
    element(&mut bytes, id, value.got, &value.text);
    settings.voice.answer(StatusCode::OK, bytes.into())
}

/// `text` is the raw value as the backend wrote it.
pub fn element(out: &mut Vec<u8>, id: Id<'_>, got: Got, text: &[u8]) {
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    out.extend_from_slice(id.as_str().as_bytes());
    out.extend_from_slice(match got {
        Got::Error => b",\"error\":".as_slice(),
        Got::Result | Got::Refusal => b",\"result\":".as_slice(),
    });
    out.extend_from_slice(text);
    out.push(b'}');
}

/// What was put together finds no room beside what it was made of.
pub fn overloaded(exchange: &Exchange, settings: &Settings, id: Id<'_>) -> Reply {
    exchange.worker.metrics.front.capped(Cap::BufferedBytes);
    refuse(exchange, settings, id, Refusal::Overloaded)
}

/// Refuses a whole message, or a call alone in it.
pub fn refuse(exchange: &Exchange, settings: &Settings, id: Id<'_>, refusal: Refusal) -> Reply {
    exchange.worker.metrics.rejected(refusal.reason());
    settings.voice.refuse(id, refusal, &[])
}
