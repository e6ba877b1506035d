//! Stories about answer.
