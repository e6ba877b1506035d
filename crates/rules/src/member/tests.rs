//! Stories about `member`.
