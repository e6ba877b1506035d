//! Stories about `reference`.
