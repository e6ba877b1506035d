//! Stories about depth.
