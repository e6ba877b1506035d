//! Shared pieces of the end-to-end tests: the program itself, the upstreams it is pointed at, and
//! the recorded cases of tx_proxy.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says why"
)]

pub mod survive;
pub mod rig;
pub mod differences;
pub mod declared;
pub mod seen;
pub mod case;
pub mod raw_case;
pub mod recorder;
pub mod upstreams;
pub mod secure;
pub mod echo;
pub mod order;
pub mod node;
pub mod http;
pub mod wire;
pub mod parts;
pub mod station;
pub mod traffic;
pub mod balancer;
pub mod load;
pub mod scrape;
pub mod program;
