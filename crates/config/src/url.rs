//! A backend's URL: where to dial, what to ask for, and what of it nobody may see.

use std::fmt;

/// A checked `http://` or `https://` URL. Its path, query and user part often hold a key, so neither
/// `Debug` nor `Display` shows them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BackendUrl {
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// Name or address to dial, without brackets.
    pub host: String,
    /// Port to dial.
    pub port: u16,
    /// Path and query of every request; starts with `/`.
    pub path: String,
    /// `user:password` as written in the URL, for `Authorization: Basic`.
    pub user: Option<String>,
}

impl BackendUrl {
    /// The value of the `Host` header: the port is left out when it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.tls, self.port) {
            (false, 80) | (true, 443) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for BackendUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        let user = if self.user.is_some() { "***@" } else { "" };
        let path = if self.path == "/" { "" } else { "/***" };
        write!(f, "{scheme}://{user}{}{path}", self.authority())
    }
}

impl fmt::Debug for BackendUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
