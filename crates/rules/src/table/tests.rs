//! Stories about `table`.
