//! How many connections each client has open.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use rules::address;

/// Connections by client. Nobody is in it who has none open, so it never holds more clients than
/// there may be connections.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    open: Arc<Mutex<HashMap<u64, u32>>>,
}

impl Crowd {
    /// Counts a connection in; none when its client has so many already.
    #[must_use]
    pub fn enter(&self, peer: IpAddr, open_max: u32) -> Option<Presence> {
        let client = address::household(peer.to_canonical());
        let mut all = self.all();
        let open = all.entry(client).or_insert(0);
        if *open >= open_max {
            return None;
        }
        *open += 1;
        Some(Presence {
            crowd: self.clone(),
            client,
        })
    }

    /// Clients that have a connection open.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.all().len()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u64, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that counts; dropping it counts it out.
#[derive(Debug)]
pub struct Presence {
    crowd: Crowd,
    client: u64,
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.crowd.all().entry(self.client) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests;
