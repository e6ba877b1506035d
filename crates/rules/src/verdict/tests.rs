//! Stories about `verdict`.
