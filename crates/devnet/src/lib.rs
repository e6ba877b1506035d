//! A simulated EVM network: nodes, miners and a nodeos on one chain, with faults on command.

mod network;

mod control;

mod serve;

mod answer;

mod node;

mod nodeos;

mod miner;

mod reads;

mod logs;

mod params;

mod rpc;

mod render;

mod view;

mod condition;

mod ledger;

mod block;

mod body;

mod fault;

mod gate;

mod journal;

mod lineage;

mod bloom;

mod hash;

mod hex;

mod clock;

mod tasks;

pub use crate::bloom::Bloom;
pub use crate::fault::Fault;
pub use crate::fault::NotAFault;
pub use crate::network::Devnet;
pub use crate::network::Mining;
pub use crate::network::Plan;
pub use crate::node::Kind;
pub use crate::node::Node;
