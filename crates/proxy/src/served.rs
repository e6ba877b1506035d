//! What Headway answers itself: the number of the newest block, so that it never steps back.

use frame::message::Call;
use rules::method::Class;
use rules::method::Duty;

use crate::deliver::Exchange;
use crate::metrics::Got;
use crate::reading::Value;

/// The method whose answer is the served head.
const BLOCK_NUMBER: &str = "eth_blockNumber";

/// The answer to a call that no backend needs to be asked; `None` for all others, and while
/// [`rules::table::Table::served`] leaves the answer to a backend.
pub fn answer(exchange: &Exchange, call: &Call<'_>, class: Class) -> Option<Value> {
    if class.duty != Duty::Read || call.method != BLOCK_NUMBER {
        return None;
    }
    let snapshot = &exchange.snapshot;
    if !snapshot.settings.config.consistency.served_head {
        return None;
    }
    let head = snapshot.table.served()?;
    Some(Value {
        got: Got::Result,
        text: format!("\"{head:#x}\"").into(),
    })
}

#[cfg(test)]
mod tests;
