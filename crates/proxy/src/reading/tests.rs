//! Stories about `reading`.
