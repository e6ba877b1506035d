//! A simulated EVM network: nodes, miners and a nodeos on one chain, with faults on command.

mod answer;
mod block;
mod bloom;
mod body;
mod clock;
mod condition;
mod control;
mod fault;
mod gate;
mod hash;
mod hex;
mod ledger;
mod lineage;
mod logs;
mod miner;
mod network;
mod node;
mod nodeos;
mod params;
mod reads;
mod render;
mod rpc;
mod serve;
mod tasks;
mod view;

pub use crate::bloom::Bloom;
pub use crate::fault::Fault;
pub use crate::fault::NotAFault;
pub use crate::network::Devnet;
pub use crate::network::Mining;
pub use crate::network::Plan;
pub use crate::node::Kind;
pub use crate::node::Node;
