//! Stories about `round`.
