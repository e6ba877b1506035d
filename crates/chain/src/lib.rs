//! What Headway reads of a chain: heads and the few fields of a block; no IO, no clock.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.

pub mod block;

pub mod head;

pub mod log_range;

pub mod quantity;
