//! Stories about `live`.
