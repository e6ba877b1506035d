//! Stories about `seating`.
