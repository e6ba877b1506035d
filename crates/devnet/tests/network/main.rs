//! A whole network on real sockets, observed through a client that knows nothing but TCP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may end where it likes"
)]

mod blocks;
mod client;
mod control;
mod faults;
mod growth;
mod heights;
mod methods;
