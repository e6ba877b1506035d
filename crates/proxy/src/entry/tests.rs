//! Stories about `entry`.
