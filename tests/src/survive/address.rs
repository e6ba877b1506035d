//! Whom a client's `X-Forwarded-For` makes it: one byte chooses the peer, then the list follows.

use std::net::IpAddr;

use rules::address;
use rules::address::Network;
use rules::address::Trust;

pub(super) fn address(bytes: &[u8]) {
    let Some((peer, list)) = bytes.split_first() else {
        return;
    };
    let networks = ["10.0.0.0/8", "fd00::/8", "127.0.0.1"];
    let networks = networks.map(|text| Network::parse(text).unwrap());
    let trust = Trust::new(networks.to_vec());
    let peers = ["10.0.0.1", "fd00::1", "203.0.113.9", "2001:db8::1"];
    let peer: IpAddr = peers[usize::from(*peer) % peers.len()].parse().unwrap();
    let verified = address::client(peer, list, &trust);
    assert!(verified.from <= list.len());
    if !trust.covers(peer) {
        assert_eq!((verified.address, verified.from), (peer, list.len()));
    }
    // Whatever a client writes before what a trusted proxy appends changes nothing.
    let appended = [list, b",203.0.113.7"].concat();
    let verified = address::client(IpAddr::from([10, 0, 0, 1]), &appended, &trust);
    if appended.split(|byte| *byte == b',').count() <= address::ENTRIES_MAX {
        assert_eq!(verified.address, IpAddr::from([203, 0, 113, 7]));
    }
    if let Ok(text) = std::str::from_utf8(list) {
        let _network = Network::parse(text);
    }
}
