//! Transactions on their way: never twice, and never forgotten.

use crate::deliver::Exchange;
use crate::reply::Refusal;
use crate::tries::Asked;
use crate::tries::Delivered;
use crate::tries::Parcel;

/// A send runs in a task of its own: a client that leaves must not cancel what may already be on
/// its way.
///
/// # Errors
/// What the client is to be told instead.
pub async fn send(exchange: &Exchange, parcel: Parcel) -> Result<Delivered, Refusal> {
    let shared = exchange.clone();
    let task = exchange
        .worker
        .tasks
        .spawn(async move { shared.deliver(&parcel, &mut Asked::default()).await });
    task.await.unwrap_or(Err(Refusal::OutcomeUnknown))
}
