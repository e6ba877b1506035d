//! Stories about `method`.
