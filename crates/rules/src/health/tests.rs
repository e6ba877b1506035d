//! Stories about `health`.
