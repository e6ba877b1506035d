//! An answer as it comes in, and the room that it takes.

use bytes::Bytes;
use bytes::BytesMut;

use crate::memory::Memory;
use crate::memory::Room;
use crate::memory::SMALL_BYTES;
use crate::memory::counted;

/// The beginning of an answer, or all of it.
pub struct Held<'a> {
    pieces: Pieces,
    /// Where it is counted; `None` where it is not.
    memory: Option<&'a Memory>,
    /// What was counted.
    room: Option<Room>,
}

impl<'a> Held<'a> {
    /// Nothing yet.
    #[must_use]
    pub const fn new(memory: Option<&'a Memory>) -> Self {
        Self {
            pieces: Pieces::Nothing,
            memory,
            room: None,
        }
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether nothing has come.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a piece; false, without it, when there is no room for it. Small answers are not counted:
    /// that would cost every call something, and the limit on requests in flight bounds them.
    #[must_use]
    pub fn push(&mut self, piece: Bytes) -> bool {
        let all = self.len() + piece.len();
        if let Some(memory) = self.memory
            && all > SMALL_BYTES
            && !self.room.get_or_insert_with(|| memory.room()).cover(all)
        {
            return false;
        }
        self.pieces.push(piece);
        true
    }

    /// All of it in one; its room is given back when the last copy is gone.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        let bytes = self.pieces.into_bytes();
        match self.room {
            Some(room) => counted(bytes, room),
            None => bytes,
        }
    }
}

/// Bytes as they come: most answers are one piece, which is then not copied.
enum Pieces {
    Nothing,
    One(Bytes),
    Many(BytesMut),
}

impl Pieces {
    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, data: Bytes) {
        *self = match std::mem::replace(self, Self::Nothing) {
            Self::Nothing => Self::One(data),
            Self::One(first) => {
                let mut bytes = BytesMut::with_capacity((first.len() + data.len()) * 2);
                bytes.extend_from_slice(&first);
                bytes.extend_from_slice(&data);
                Self::Many(bytes)
            }
            Self::Many(mut bytes) => {
                bytes.extend_from_slice(&data);
                Self::Many(bytes)
            }
        };
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}

#[cfg(test)]
mod tests;
