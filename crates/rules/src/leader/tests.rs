//! Stories about `leader`.
