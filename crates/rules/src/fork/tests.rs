//! Stories about `fork`.
