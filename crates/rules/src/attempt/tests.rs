//! Stories about `attempt`.
