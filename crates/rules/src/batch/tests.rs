//! Stories about `batch`.
