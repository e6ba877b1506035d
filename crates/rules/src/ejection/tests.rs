//! Stories about `ejection`.
