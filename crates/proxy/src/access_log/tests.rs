//! Stories about `access_log`.
