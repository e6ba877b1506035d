//! Stories about `admin`.
