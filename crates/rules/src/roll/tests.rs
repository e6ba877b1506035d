//! Stories about `roll`.
