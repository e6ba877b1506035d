//! Stories about members.
