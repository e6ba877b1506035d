//! The data plane: sockets, HTTP, and the connections to backends.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.
//! To learn what happens to a call, read `exchange`, then `deliver`.

#[cfg(test)]
mod harness;
pub mod server;
pub mod listen;
pub mod serve;
pub mod patience;
pub mod socket;
pub mod tunnel;
pub mod exchange;
pub mod together;
pub mod legs;
pub mod served;
pub mod admit;
pub mod sends;
pub mod lookup;
pub mod deliver;
pub mod record;
pub mod tries;
pub mod entry;
pub mod intake;
pub mod unpack;
pub mod reading;
pub mod upstream;
pub mod rest;
pub mod held;
pub mod worker;
pub mod client;
pub mod live;
pub mod limiter;
pub mod bulkhead;
pub mod crowd;
pub mod pool;
pub mod wire;
pub mod framing;
pub mod dial;
pub mod stream;
pub mod names;
pub mod tls;
pub mod pack;
pub mod reply;
pub mod strict;
pub mod body;
pub mod logs;
pub mod access_log;
pub mod post_data;
pub mod trail;
pub mod escape;
pub mod log_writer;
pub mod log_file;
pub mod memory;
pub mod metrics;
pub mod turn;
pub mod alarm;
pub mod closing;
pub mod clock;
pub mod tasks;
