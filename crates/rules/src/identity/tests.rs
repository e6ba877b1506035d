//! Stories about `identity`.
