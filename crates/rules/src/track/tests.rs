//! Stories about `track`.
