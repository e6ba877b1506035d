//! Stories about `reply`.
