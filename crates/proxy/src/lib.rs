//! The data plane: sockets, HTTP, and the connections to backends.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.
//! To learn what happens to a call, read `exchange`, then `deliver`.

pub mod access_log;
pub mod body;
pub mod clock;
pub mod deliver;
pub mod dial;
pub mod entry;
pub mod exchange;
pub mod legs;
pub mod listen;
pub mod live;
pub mod memory;
pub mod metrics;
pub mod pool;
pub mod reading;
pub mod reply;
pub mod serve;
pub mod server;
pub mod tasks;
pub mod tunnel;
pub mod upstream;
pub mod worker;
