//! Stories about `pick`.
