//! How many bytes of bodies may be in memory at once, over all workers.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;

/// The total allowance for bodies that are held whole.
#[derive(Clone, Debug)]
pub struct Memory {
    used: Arc<AtomicUsize>,
    bytes_max: usize,
}

impl Memory {
    /// An allowance of so many bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self {
            used: Arc::default(),
            bytes_max,
        }
    }

    /// Room for nothing yet, to be grown as bytes arrive.
    #[must_use]
    pub fn room(&self) -> Room {
        Room {
            memory: self.clone(),
            bytes: 0,
        }
    }

    /// The same bytes, counted until nobody has a part of them any more, or `None` when there is no
    /// room for them. Small ones are not counted.
    #[must_use]
    pub fn keep(&self, bytes: Bytes) -> Option<Bytes> {
        if bytes.len() <= SMALL_BYTES {
            return Some(bytes);
        }
        let mut room = self.room();
        room.grow(bytes.len()).then(|| counted(bytes, room))
    }

    /// Whether more than half is taken: what can be done without it should be.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.used() > self.bytes_max / 2
    }

    /// Bytes taken at this moment.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }
}

/// A share of the allowance; given back when dropped.
#[derive(Debug)]
pub struct Room {
    memory: Memory,
    bytes: usize,
}

impl Room {
    /// Takes more; false, with nothing taken, when that would pass the limit.
    #[must_use]
    pub fn grow(&mut self, bytes: usize) -> bool {
        let before = self.memory.used.fetch_add(bytes, Relaxed);
        if before.saturating_add(bytes) > self.memory.bytes_max {
            self.memory.used.fetch_sub(bytes, Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }

    /// Takes what is missing to so many bytes in all; false, with nothing taken, when that would
    /// pass the limit.
    #[must_use]
    pub fn cover(&mut self, bytes: usize) -> bool {
        self.grow(bytes.saturating_sub(self.bytes))
    }
}

/// Answers up to this size are not counted.
pub const SMALL_BYTES: usize = 4 * 1024;

/// Bytes that keep their room for as long as anybody has a part of them.
#[must_use]
pub fn counted(bytes: Bytes, room: Room) -> Bytes {
    Bytes::from_owner(Counted { bytes, _room: room })
}

struct Counted {
    bytes: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests;
