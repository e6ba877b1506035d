//! Networks as a list names them: by address, by prefix, or by a word for many.

use rules::address::Network;

/// Addresses that the internet does not route: RFC 1918, RFC 6598, loopback, RFC 4193.
const PRIVATE: &[&str] = &[
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "::1",
    "fc00::/7",
];

/// Front ends of Google's load balancers, from its documentation of firewall rules.
const GOOGLE: &[&str] = &[
    "35.191.0.0/16",
    "130.211.0.0/22",
    "2600:2d00:1:b029::/64",
    "2600:2d00:1:1::/64",
];

/// The networks an item of a list stands for.
pub(crate) fn networks(item: &str) -> Option<Vec<Network>> {
    let written = match item {
        "private" => PRIVATE,
        "google" => GOOGLE,
        one => &[one],
    };
    written.iter().map(|text| Network::parse(text)).collect()
}
