//! A backend's URL: where to dial, what to ask for, and what of it nobody may see.

use std::fmt;
use std::net::IpAddr;
use std::net::Ipv6Addr;

use http::Uri;
use rustls_pki_types::ServerName;

/// Bytes of a URL.
const URL_BYTES_MAX: usize = 2048;

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
    /// Reads `http://host`, `https://user:password@host:port/path?query` and what lies between.
    ///
    /// # Errors
    /// What is wrong with the text, in words that repeat nothing of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > URL_BYTES_MAX {
            return Err("longer than 2048 bytes");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a space or an odd character in it");
        }
        if text.contains('#') {
            return Err("a fragment (#) means nothing to a backend");
        }
        let uri: Uri = text.parse().map_err(|_| "not a URL")?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err("it does not start with http:// or https://"),
        };
        let authority = uri.authority().ok_or("no host")?.as_str();
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user.to_owned()), address),
            None => (None, authority),
        };
        let (host, port) = split_port(address)?;
        let host = checked_host(host)?;
        if tls && ServerName::try_from(host.as_str()).is_err() {
            return Err("the host is not a name that a certificate can have");
        }
        let asked = uri.path_and_query().map_or("/", |path| path.as_str());
        let slash = if asked.starts_with('/') { "" } else { "/" };
        Ok(Self {
            tls,
            host,
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            path: format!("{slash}{asked}"),
            user,
        })
    }

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

/// The only fixed address outside of the ranges where a cloud (AWS) answers with credentials.
const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Whether an address is one that only this machine's own network serves (RFC 3927, RFC 4291 section
/// 2.5.6), where clouds answer anybody who asks with the machine's credentials.
#[must_use]
pub fn is_link_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address == METADATA,
    }
}

fn split_port(address: &str) -> Result<(&str, Option<u16>), &'static str> {
    // The last colon of an address in brackets may belong to the address itself.
    let Some((host, port)) = address.rsplit_once(':').filter(|_| !address.ends_with(']')) else {
        return Ok((address, None));
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| digits && *port > 0);
    Ok((
        host,
        Some(port.ok_or("the port is not a number from 1 to 65535")?),
    ))
}

fn checked_host(host: &str) -> Result<String, &'static str> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address
            .strip_suffix(']')
            .and_then(|a| a.parse::<Ipv6Addr>().ok());
        return address
            .map(|a| a.to_string())
            .ok_or("the host is not an IPv6 address");
    }
    let name = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_');
    if host.is_empty() {
        return Err("no host");
    }
    if !host.bytes().all(name) {
        return Err("the host is not a name or an address");
    }
    Ok(host.to_owned())
}

#[cfg(test)]
mod tests;
