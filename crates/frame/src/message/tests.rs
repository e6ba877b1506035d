//! Stories about message.
