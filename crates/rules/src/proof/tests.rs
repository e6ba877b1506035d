//! Stories about `proof`.
