//! Who is the client? `X-Forwarded-For` read from the right, as far as somebody trusted wrote it.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

/// Entries of a list that is believed; a load balancer of AWS refuses more as well.
pub const ENTRIES_MAX: usize = 30;

/// Addresses that begin with the same bits (RFC 4632).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or one address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(number(bits)?)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().ok()?;
        let first = written.to_canonical();
        let whole = if first.is_ipv4() { 32 } else { 128 };
        // An IPv4 network written as IPv6 has the 96 bits in front that all of IPv4 has.
        let shorter = if written == first { 0 } else { 96 };
        let bits = match bits {
            Some(bits) => u32::from(bits).checked_sub(shorter)?,
            None => whole,
        };
        (bits <= whole).then_some(Self { first, bits })
    }

    /// Whether an address is one of these. IPv4 written as IPv6 is IPv6 here.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let alike = match (self.first, address) {
            (IpAddr::V4(one), IpAddr::V4(two)) => (one.to_bits() ^ two.to_bits()).leading_zeros(),
            (IpAddr::V6(one), IpAddr::V6(two)) => (one.to_bits() ^ two.to_bits()).leading_zeros(),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        alike >= self.bits
    }
}

/// Whose word about a client is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    networks: Vec<Network>,
}

impl Trust {
    /// Trusts everybody in these networks.
    #[must_use]
    pub const fn new(networks: Vec<Network>) -> Self {
        Self { networks }
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// Whether this address is trusted.
    #[must_use]
    pub fn covers(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(address))
    }
}

/// A client's address, and how much of the list stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Who asked.
    pub address: IpAddr,
    /// Where the entries begin that somebody trusted wrote; the length of the list if there are
    /// none. Whatever stands before, the client may have made up.
    pub from: usize,
}

/// The farthest address that somebody trusted vouches for. `peer` is the other end of the
/// connection, `list` the value of `X-Forwarded-For`, to which every proxy appends whom it heard.
///
/// The walk begins at the peer and goes on to the left for as long as it stands on somebody trusted,
/// so an entry counts only if who appended it is trusted. It stops before what is no address. A list
/// of more than [`ENTRIES_MAX`] entries is not believed at all.
#[must_use]
pub fn client(peer: IpAddr, list: &[u8], trust: &Trust) -> Verified {
    let mut verified = Verified {
        address: peer,
        from: list.len(),
    };
    if !trust.covers(peer) || list.split(|byte| *byte == b',').count() > ENTRIES_MAX {
        return verified;
    }
    let mut end = list.len();
    for entry in list.rsplit(|byte| *byte == b',') {
        let from = end.saturating_sub(entry.len());
        match address(entry) {
            Some(address) if trust.covers(verified.address) => {
                verified = Verified { address, from };
            }
            Some(_) | None => break,
        }
        end = from.saturating_sub(1);
    }
    verified
}

/// Reads an entry: `ip`, `ip:port`, `[v6]` or `[v6]:port`. A load balancer of AWS appends ports on
/// request, and writes IPv6 bare when it does not.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let address = match text.strip_prefix('[') {
        Some(rest) => {
            let (inside, behind) = rest.split_once(']')?;
            let address: Ipv6Addr = inside.parse().ok()?;
            if !behind.is_empty() {
                number(behind.strip_prefix(':')?)?;
            }
            IpAddr::V6(address)
        }
        None => match text.parse() {
            Ok(address) => address,
            Err(_) => {
                let (address, port) = text.split_once(':')?;
                number(port)?;
                IpAddr::V4(address.parse::<Ipv4Addr>().ok()?)
            }
        },
    };
    Some(address.to_canonical())
}

/// Digits alone; the standard reader takes a sign as well.
fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// What one client is known by: an IPv4 address, or the /64 of an IPv6 address, within which privacy
/// addresses change and which is what one client is given.
#[must_use]
pub const fn household(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => address.to_bits() as u64,
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests;
