//! Stories about envelope.
