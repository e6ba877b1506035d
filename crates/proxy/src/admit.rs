//! Whether a call may go on: what its client has left to spend, and how much it asks for.

use chain::log_range;
use config::checked::RateMode;
use frame::message::Call;
use rules::address;
use rules::method::Class;
use rules::method::Duty;

use crate::deliver::Exchange;
use crate::reply::Refusal;

/// Lets a call go on that the method lists have let through.
///
/// # Errors
/// What its client is to be told instead.
pub fn admit(exchange: &Exchange, call: &Call<'_>, class: Class) -> Result<Class, Refusal> {
    within_rate(exchange, class.duty)?;
    within_range(exchange, call)?;
    Ok(class)
}

/// Every call counts, in a batch or alone, whatever becomes of it later.
fn within_rate(exchange: &Exchange, duty: Duty) -> Result<(), Refusal> {
    let limit = &exchange.snapshot.settings.config.rate_limit;
    if limit.mode == RateMode::Off {
        return Ok(());
    }
    let tokens = match duty {
        Duty::Heavy => limit.heavy_weight,
        Duty::Read | Duty::Send => 1,
    };
    let (limiter, now) = (&exchange.worker.live.limiter, exchange.received);
    let client = exchange.client.address.ip;
    let taken = limiter
        .clients
        .take(address::household(client), tokens, &limit.rate, now);
    let Err(wait) = taken else { return Ok(()) };
    exchange.worker.metrics.front.over_rate(limit.mode);
    let enforced = limit.mode == RateMode::Enforce;
    if limiter.may_tell(now) {
        tracing::warn!(%client, enforced, "more calls than rate_limit allows; told once a minute");
    }
    match enforced {
        true => Err(Refusal::OverRate(wait)),
        false => Ok(()),
    }
}

/// A range whose length cannot be told is the node's to judge.
fn within_range(exchange: &Exchange, call: &Call<'_>) -> Result<(), Refusal> {
    let Some(blocks_max) = exchange.snapshot.settings.config.limits.log_range else {
        return Ok(());
    };
    if call.method != log_range::METHOD {
        return Ok(());
    }
    let head = exchange.snapshot.table.head();
    let blocks = call
        .params
        .and_then(|params| log_range::blocks(params, head));
    match blocks {
        Some(blocks) if blocks > blocks_max => Err(Refusal::LogRange(blocks_max)),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
