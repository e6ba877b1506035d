//! What every exchange of one worker thread needs at hand.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderValue;

use crate::access_log::Journal;
use crate::clock::Clock;
use crate::dial::Dial;
use crate::live::Live;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::tasks::Tasks;

/// One worker; everything but its number is shared with the others.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Its place in the connection pools.
    pub index: usize,
    /// The time.
    pub clock: Clock,
    /// The table.
    pub live: Arc<Live>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The access log.
    pub journal: Journal,
    /// The allowance for held bodies.
    pub memory: Memory,
    /// How backends are reached.
    pub dial: Arc<Dial>,
    /// What shutdown waits for.
    pub tasks: Tasks,
}

/// Who sent a request.
#[derive(Clone, Debug)]
pub struct Client {
    /// The other end of the connection.
    pub peer: IpAddr,
    /// The same as backends are told it.
    pub address: HeaderValue,
    /// `X-Forwarded-For` as it came, which internal backends get with the peer appended.
    pub forwarded: Option<HeaderValue>,
}

impl Client {
    /// Whoever is at the other end of a connection; made once for all its requests.
    #[must_use]
    pub fn at(peer: IpAddr) -> Self {
        let address = HeaderValue::from_str(&peer.to_string());
        // An address has only digits, letters, dots and colons.
        let address = address.unwrap_or(HeaderValue::from_static("unknown"));
        Self {
            peer,
            address,
            forwarded: None,
        }
    }

    /// The same number for the same client on every replica.
    #[must_use]
    pub fn hash(&self) -> u64 {
        let bits = match self.peer {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            // Privacy addresses change within a /64, which is what one client is given.
            IpAddr::V6(address) => address.to_bits() >> 64,
        };
        (bits as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}
