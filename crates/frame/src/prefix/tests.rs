//! Stories about prefix.
