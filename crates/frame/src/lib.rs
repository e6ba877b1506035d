//! JSON-RPC inside bytes: calls taken apart and put together, answers read, refusals written.

pub mod write;

pub mod transaction;

pub mod answer;

mod prefix;

pub mod message;

mod envelope;

mod members;

mod depth;

mod literal;

pub mod id;

pub mod limits;
