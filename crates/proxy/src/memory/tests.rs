//! Stories about `memory`.
