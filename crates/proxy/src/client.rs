//! Who sent a request, and what backends are told about it.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use rules::address;
use rules::address::Trust;

use crate::trail::Trail;

/// For whom a call was made, hop by hop.
pub const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Bytes of `X-Forwarded-For` that are passed on.
const FORWARDED_BYTES_MAX: usize = 2 * 1024;

/// An address and its text, made once for all who write it.
#[derive(Clone, Debug)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The same as backends are told it.
    pub text: Arc<str>,
}

impl Address {
    fn new(ip: IpAddr) -> Self {
        Self {
            ip,
            text: ip.to_string().into(),
        }
    }
}

/// How requests come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One by one, each with an answer.
    Http,
    /// As messages, of which some want no answer.
    WebSocket,
}

/// Who sent a request.
#[derive(Clone, Debug)]
pub struct Client {
    /// The other end of the connection.
    pub peer: Address,
    /// Who asked, as far as a trusted proxy says so; else the peer.
    pub address: Address,
    /// `X-Forwarded-For` as internal backends get it, with the peer still to be appended.
    forwarded: Option<HeaderValue>,
    /// What traces the request, if anything does.
    pub trail: Option<Arc<Trail>>,
    /// How it came in.
    pub way: Way,
}

impl Client {
    /// Whoever is at the other end of a connection; made once for all its requests.
    #[must_use]
    pub fn at(peer: IpAddr) -> Self {
        // On an IPv6 listener clients of IPv4 would otherwise all seem to come from one network.
        let peer = Address::new(peer.to_canonical());
        Self {
            address: peer.clone(),
            peer,
            forwarded: None,
            trail: None,
            way: Way::Http,
        }
    }

    /// The client of one request on that connection.
    #[must_use]
    pub fn of(mut self, headers: &HeaderMap, trust: &Trust) -> Self {
        let Some(list) = list(headers) else {
            return self;
        };
        if trust.is_empty() {
            // Nobody was named who could be believed, so the list goes on as it came.
            self.forwarded = Some(list);
            return self;
        }
        let verified = address::client(self.peer.ip, list.as_bytes(), trust);
        if verified.address != self.address.ip {
            self.address = Address::new(verified.address);
        }
        // What the client may have made up ends here: a backend may well take the first entry.
        self.forwarded = match list.as_bytes().get(verified.from..) {
            Some(_) if verified.from == 0 => Some(list),
            Some(rest) => HeaderValue::from_bytes(rest.trim_ascii()).ok(),
            None => None,
        };
        self
    }

    /// `X-Forwarded-For` as it may be passed on.
    #[must_use]
    pub fn forwarded(&self) -> Option<&str> {
        let list = self.forwarded.as_ref()?.to_str().ok()?;
        (!list.is_empty() && list.len() <= FORWARDED_BYTES_MAX).then_some(list)
    }

    /// Tells an internal backend who asks.
    pub fn introduce(&self, headers: &mut HeaderMap) {
        let peer = &self.peer.text;
        let list = match self.forwarded() {
            Some(list) => HeaderValue::from_str(&format!("{list}, {peer}")),
            None => HeaderValue::from_str(peer),
        };
        let address = HeaderValue::from_str(&self.address.text);
        for (name, value) in [(X_FORWARDED_FOR, list), (X_REAL_IP, address)] {
            // An address has only digits, letters, dots and colons, so both are there.
            if let Ok(value) = value {
                headers.insert(name, value);
            }
        }
        for (name, value) in self.trail.iter().flat_map(|trail| trail.headers()) {
            headers.append(name, value.clone());
        }
    }

    /// Whether it has a socket, and hears nothing where it wants no answer.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.way == Way::WebSocket
    }

    /// The same number for the same client on every replica.
    #[must_use]
    pub fn hash(&self) -> u64 {
        address::household(self.address.ip).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// The lines of a list field mean the same as one line with all of them (RFC 9110, section 5.3).
fn list(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(X_FORWARDED_FOR).iter();
    let first = lines.next()?;
    let Some(second) = lines.next() else {
        return Some(first.clone());
    };
    let mut all = first.as_bytes().to_vec();
    for line in std::iter::once(second).chain(lines) {
        all.extend_from_slice(b", ");
        all.extend_from_slice(line.as_bytes());
    }
    HeaderValue::from_bytes(&all).ok()
}

#[cfg(test)]
mod tests;
