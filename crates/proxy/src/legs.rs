//! The legs of a batch on their way: reads together, sends one after another.

use bytes::Bytes;
use frame::message::Call;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use rules::attempt::Wants;
use rules::batch::Leg;
use rules::ids::Seat;
use rules::method::Duty;
use rules::method::Label;
use rules::moment::Moment;
use rules::outcome::Outcome;
use rules::phrases;

use crate::deliver::Exchange;
use crate::live::Backend;
use crate::reading::Part;
use crate::reading::Reading;
use crate::reading::Shape;
use crate::reading::Value;
use crate::record;
use crate::reply::Refusal;
use crate::reply::Refused;
use crate::reply::Submitted;
use crate::sends;
use crate::tries::Asked;
use crate::tries::Delivered;
use crate::tries::Parcel;

/// Calls of one leg that are under way at once at a backend that takes no batches.
const APART_MAX: usize = 16;

/// What became of one call of a batch.
#[derive(Clone)]
pub enum Fate {
    /// A backend's word.
    Said(Value),
    /// Ours.
    Refused(Refusal),
    /// Ours, about a transaction that may have arrived.
    Unknown(Box<Submitted>),
    /// A notification went out; nothing comes back.
    Done,
}

/// One call of a batch, copied out of the client's bytes so that a send can outlive its client.
#[derive(Clone)]
struct Member {
    place: usize,
    wants: Wants,
    method: Label,
    body: Bytes,
}

/// Serves a leg; gives the fate of each of its calls with the call's place in the batch.
pub async fn run(
    exchange: &Exchange,
    leg: &Leg,
    calls: &[Option<(&Call<'_>, Label)>],
) -> Vec<(usize, Fate)> {
    let members: Vec<Member> = leg
        .members
        .iter()
        .filter_map(|place| member(*place, calls))
        .collect();
    match leg.duty {
        Duty::Send => sends(exchange, leg, members).await,
        Duty::Read | Duty::Heavy if members.len() == 1 || wants_singles(exchange, leg) => {
            apart(exchange, leg, &members).await
        }
        Duty::Read | Duty::Heavy => together(exchange, leg, members).await,
    }
}

fn member(place: usize, calls: &[Option<(&Call<'_>, Label)>]) -> Option<Member> {
    let (call, method) = calls.get(place).copied().flatten()?;
    let mut body = Vec::with_capacity(call.raw.len() + 24);
    let wants = match call.id {
        Some(_) => {
            frame::write::call(&mut body, place as u64, call);
            Wants::Answer
        }
        None => {
            frame::write::notification(&mut body, call);
            Wants::Nothing
        }
    };
    Some(Member {
        place,
        wants,
        method,
        body: body.into(),
    })
}

fn wants_singles(exchange: &Exchange, leg: &Leg) -> bool {
    let table = &exchange.snapshot.table;
    let mut seats = table.line(leg.pool).eligible.iter();
    seats.any(|seat| {
        table
            .place(*seat)
            .is_some_and(|place| place.vitals.wants_singles())
    })
}

/// Sends go in the client's order to one miner. They run in a task of their own: a client that
/// leaves must not cancel what may already be on its way.
async fn sends(exchange: &Exchange, leg: &Leg, members: Vec<Member>) -> Vec<(usize, Fate)> {
    let (exchange, leg) = (exchange.clone(), leg.clone());
    let tasks = exchange.worker.tasks.clone();
    let places: Vec<usize> = members.iter().map(|member| member.place).collect();
    let task = tasks.spawn(async move {
        let mut ended = Vec::with_capacity(members.len());
        // A miner that could not be reached is left out for the rest of the row as well.
        let mut asked = Asked::default();
        for member in members {
            let parcel = alone_in(&exchange, &leg, &member);
            asked.sent_to = None;
            let delivered = exchange.deliver(&parcel, &mut asked).await;
            ended.push((member, parcel, delivered, asked.sent_to));
        }
        settled(&exchange, ended).await
    });
    task.await.unwrap_or_else(|_panicked| {
        places
            .into_iter()
            .map(|place| (place, Fate::Refused(Refusal::OutcomeUnknown)))
            .collect()
    })
}

/// A send of a row that has ended somewhere.
type Ended = (Member, Parcel, Result<Delivered, Refusal>, Option<Seat>);

/// Finds out what the sends of a row came to, a few side by side: what one of them waits for is no
/// concern of the others.
async fn settled(exchange: &Exchange, ended: Vec<Ended>) -> Vec<(usize, Fate)> {
    stream::iter(ended)
        .map(async |(member, parcel, delivered, sent_to)| {
            let settled = sends::settle(exchange, &parcel, delivered, sent_to).await;
            (member.place, fate(settled, member.wants))
        })
        .buffer_unordered(APART_MAX)
        .collect()
        .await
}

/// Each call in a request of its own, in a few rows side by side.
async fn apart(exchange: &Exchange, leg: &Leg, members: &[Member]) -> Vec<(usize, Fate)> {
    let rows = members.len().min(APART_MAX);
    let served = join_all((0..rows).map(async |row| {
        let mut fates = Vec::with_capacity(members.len() / rows + 1);
        for member in members.iter().skip(row).step_by(rows) {
            let fate = alone(exchange, leg, member, &mut Asked::default()).await;
            fates.push((member.place, fate));
        }
        fates
    }));
    served.await.into_iter().flatten().collect()
}

/// One call in a request of its own.
async fn alone(exchange: &Exchange, leg: &Leg, member: &Member, asked: &mut Asked) -> Fate {
    let parcel = alone_in(exchange, leg, member);
    let delivered = exchange.deliver(&parcel, asked).await;
    fate(delivered.map_err(Refused::from), member.wants)
}

fn alone_in(exchange: &Exchange, leg: &Leg, member: &Member) -> Parcel {
    let shape = match member.wants {
        Wants::Answer => Shape::Single,
        Wants::Nothing => Shape::Silent,
    };
    Parcel {
        method: member.method,
        ..parcel(exchange, leg, (shape, member.body.clone()))
    }
}

fn fate(delivered: Result<Delivered, Refused>, wants: Wants) -> Fate {
    let delivered = match delivered {
        Ok(delivered) => delivered,
        Err(Refused {
            submitted: Some(submitted),
            ..
        }) => return Fate::Unknown(submitted),
        Err(refused) => return Fate::Refused(refused.refusal),
    };
    match (delivered.reading, wants) {
        (_, Wants::Nothing) => Fate::Done,
        (Reading::Whole { value, .. }, Wants::Answer) => Fate::Said(value),
        (Reading::NoRoom, Wants::Answer) => Fate::Refused(Refusal::Overloaded),
        // What is longer than may be held cannot be put between its neighbours.
        (
            Reading::Beginning { .. }
            | Reading::Parts(_)
            | Reading::BatchRefused
            | Reading::TooLong
            | Reading::Nothing,
            Wants::Answer,
        ) => Fate::Refused(Refusal::UpstreamFailed),
    }
}

/// The whole leg in one request. What a backend lacks, or leaves out, another one is asked for.
async fn together(exchange: &Exchange, leg: &Leg, mut members: Vec<Member>) -> Vec<(usize, Fate)> {
    let mut fates = Vec::with_capacity(members.len());
    let mut asked = Asked::default();
    let budget = exchange.worker.live.budget(leg.pool);
    let sent_max = exchange.snapshot.settings.config.retry.tries;
    loop {
        let silent = members.iter().all(|member| member.wants == Wants::Nothing);
        let shape = if silent { Shape::Silent } else { Shape::Batch };
        let parcel = parcel(exchange, leg, (shape, array(&members)));
        let delivered = match exchange.deliver(&parcel, &mut asked).await {
            Ok(delivered) => delivered,
            Err(refusal) => {
                fates.extend(refused(&members, refusal));
                return settle(fates);
            }
        };
        let parts = match delivered.reading {
            Reading::Parts(parts) => parts,
            Reading::BatchRefused => {
                if let Some(backend) = exchange.snapshot.backend(delivered.seat) {
                    backend.vitals.refuses_batches();
                }
                fates.extend(apart(exchange, leg, &members).await);
                return settle(fates);
            }
            Reading::TooLong => break,
            Reading::NoRoom => {
                fates.extend(refused(&members, Refusal::Overloaded));
                return settle(fates);
            }
            Reading::Whole { .. } | Reading::Beginning { .. } | Reading::Nothing => Vec::new(),
        };
        let silent = members
            .iter()
            .filter(|member| member.wants == Wants::Nothing);
        fates.extend(silent.map(|member| (member.place, Fate::Done)));
        if let Some(backend) = exchange.snapshot.backend(delivered.seat) {
            let now = exchange.worker.clock.now();
            learn(backend, &members, &parts, now);
        }
        let line = exchange.snapshot.table.line(leg.pool);
        let mut others = line.eligible.iter();
        let others = others.any(|seat| *seat != delivered.seat && !asked.seats.contains(seat));
        let open = sort(&members, parts, others, &mut fates);
        members.retain(|member| open.contains(&member.place));
        if members.is_empty() || asked.sent >= sent_max || !budget.withdraw() {
            break;
        }
        asked.seats.push(delivered.seat);
    }
    fates.extend(refused(&members, Refusal::UpstreamFailed));
    settle(fates)
}

/// What single calls say about their backend holds as well when they are in a batch.
fn learn(backend: &Backend, members: &[Member], parts: &[Part], now: Moment) {
    for part in parts {
        match part.outcome {
            Outcome::Busy => {
                let said = std::str::from_utf8(&part.value.text);
                record::hold_off(backend, said.ok().and_then(phrases::patience), now);
            }
            Outcome::NoMethod => {
                let of = |member: &&Member| Some(member.place) == usize::try_from(part.id).ok();
                if let Some(member) = members.iter().find(of) {
                    backend.vitals.lacks.note(member.method, now);
                }
            }
            Outcome::Answer
            | Outcome::Missing
            | Outcome::Broken
            | Outcome::TimedOut
            | Outcome::NotSent => {}
        }
    }
}

/// Writes down what was said; gives the places of calls that another backend may answer better.
/// `others` says whether the pool has somebody who may know a method.
fn sort(
    members: &[Member],
    parts: Vec<Part>,
    others: bool,
    fates: &mut Vec<(usize, Fate)>,
) -> Vec<usize> {
    let wanted = members
        .iter()
        .filter(|member| member.wants == Wants::Answer);
    let mut open: Vec<usize> = wanted.map(|member| member.place).collect();
    for part in parts {
        let place = usize::try_from(part.id).ok();
        let Some(position) = open.iter().position(|open| Some(*open) == place) else {
            continue;
        };
        let place = match part.outcome {
            Outcome::NoMethod if !others => Some(open.swap_remove(position)),
            Outcome::Missing | Outcome::NoMethod | Outcome::Busy => open.get(position).copied(),
            Outcome::Answer | Outcome::Broken | Outcome::TimedOut | Outcome::NotSent => {
                Some(open.swap_remove(position))
            }
        };
        fates.extend(place.map(|place| (place, Fate::Said(part.value))));
    }
    open
}

/// A later word replaces an earlier one, but a refusal of ours never replaces a backend's word.
fn settle(fates: Vec<(usize, Fate)>) -> Vec<(usize, Fate)> {
    let mut settled: std::collections::HashMap<usize, Fate> = std::collections::HashMap::new();
    for (place, fate) in fates {
        match fate {
            Fate::Said(_) | Fate::Done => {
                settled.insert(place, fate);
            }
            Fate::Refused(_) | Fate::Unknown(_) => {
                settled.entry(place).or_insert(fate);
            }
        }
    }
    settled.into_iter().collect()
}

fn refused(members: &[Member], refusal: Refusal) -> impl Iterator<Item = (usize, Fate)> + '_ {
    members
        .iter()
        .map(move |member| (member.place, Fate::Refused(refusal)))
}

fn array(members: &[Member]) -> Bytes {
    let bytes = members
        .iter()
        .map(|member| member.body.len() + 1)
        .sum::<usize>()
        + 2;
    let mut array = Vec::with_capacity(bytes);
    for (place, member) in members.iter().enumerate() {
        array.push(if place == 0 { b'[' } else { b',' });
        array.extend_from_slice(&member.body);
    }
    array.push(b']');
    array.into()
}

fn parcel(exchange: &Exchange, leg: &Leg, (shape, body): (Shape, Bytes)) -> Parcel {
    Parcel {
        pool: leg.pool,
        duty: leg.duty,
        head: leg.head,
        method: Label::OTHER,
        shape,
        held_bytes_max: exchange.snapshot.settings.config.limits.answer_bytes,
        body,
    }
}

#[cfg(test)]
mod tests;
