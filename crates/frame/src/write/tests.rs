//! Stories about write.
