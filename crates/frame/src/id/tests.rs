//! Stories about id.
