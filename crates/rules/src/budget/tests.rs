//! Stories about `budget`.
