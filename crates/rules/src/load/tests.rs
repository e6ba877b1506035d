//! Stories about `load`.
