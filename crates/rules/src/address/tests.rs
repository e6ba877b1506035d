//! Clients, proxies, and those who pretend to be somebody else.

use proptest::prelude::*;

use super::*;

/// The load balancer's nodes and a reverse proxy behind it.
const AWS: [&str; 4] = ["10.0.0.0/8", "100.64.0.0/10", "fc00::/7", "127.0.0.0/8"];
/// Google's front ends, and the address of the load balancer itself.
const GOOGLE: [&str; 4] = [
    "35.191.0.0/16",
    "130.211.0.0/22",
    "2600:2d00:1:1::/64",
    "34.120.9.9",
];

fn trust(networks: &[&str]) -> Trust {
    let networks = networks.iter().map(|text| Network::parse(text).unwrap());
    Trust::new(networks.collect())
}

/// Checks rows of peer, list, and the client that must come out; where the list is cut is where that
/// client stands in it.
fn check(networks: &[&str], rows: &[(&str, &str, &str)]) {
    assert!(rows.len() >= 20, "{} rows", rows.len());
    let trust = trust(networks);
    for (peer, list, wanted) in rows {
        let peer: IpAddr = peer.parse().unwrap();
        let verified = client(peer, list.as_bytes(), &trust);
        let wanted: IpAddr = wanted.parse().unwrap();
        assert_eq!(verified.address, wanted, "{peer} says {list:?}");
        match list[verified.from..].split(',').next().unwrap() {
            "" => assert_eq!((verified.from, wanted), (list.len(), peer), "{list:?}"),
            first => assert_eq!(address(first.as_bytes()), Some(wanted), "{list:?}"),
        }
    }
}

#[test]
fn nobody_is_believed_where_nobody_is_trusted() {
    let lists = [
        "",
        "203.0.113.9",
        "203.0.113.9:1",
        "10.0.0.1",
        "127.0.0.1",
        "192.0.2.7",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        "2001:db8::1",
        "203.0.113.9, 10.0.0.1",
        "10.0.0.1, 203.0.113.9",
        ",",
        ", 203.0.113.9",
        "203.0.113.9,",
        "unknown",
        "_hidden, 203.0.113.9",
        "\"203.0.113.9\"",
        "for=203.0.113.9",
        "::1",
        "0.0.0.0",
        "::ffff:203.0.113.9",
    ];
    for peer in ["192.0.2.7", "10.0.0.1", "127.0.0.1", "2001:db8::7"] {
        check(&[], &lists.map(|list| (peer, list, peer)));
    }
}

#[test]
fn behind_an_application_load_balancer() {
    let many = ["203.0.113.9"; 30].join(",");
    let too_many = ["203.0.113.9"; 31].join(",");
    check(
        &AWS,
        &[
            // What the load balancer appends is the client.
            ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "203.0.113.9:51234", "203.0.113.9"),
            ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
            ("10.0.0.1", "[2001:db8::1]:51234", "2001:db8::1"),
            ("fd00::1", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", " \t203.0.113.9 ", "203.0.113.9"),
            // What the client wrote itself stands before that and is nobody's business.
            ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "10.0.0.2, 203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "127.0.0.1, 203.0.113.9:1", "203.0.113.9"),
            ("10.0.0.1", "1.1.1.1,,203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "\x7f\"; drop, 203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "unknown, 203.0.113.9", "203.0.113.9"),
            // A second proxy of ours between the load balancer and Headway.
            ("127.0.0.1", "203.0.113.9, 10.0.0.1", "203.0.113.9"),
            ("127.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
            ("127.0.0.1", "1.1.1.1, 10.0.0.9:1, [fd00::1]:1", "1.1.1.1"),
            // A caller within the house has nobody before it.
            ("10.0.0.1", "10.0.0.9", "10.0.0.9"),
            ("10.0.0.1", "", "10.0.0.1"),
            // What is no address ends the walk at whoever passed it on.
            ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.9, ", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.9, _x, 10.0.0.9", "10.0.0.9"),
            ("10.0.0.1", "203.0.113.9:65536", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.9:+1", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.9:", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.09", "10.0.0.1"),
            ("10.0.0.1", "[203.0.113.9]", "10.0.0.1"),
            ("10.0.0.1", "[2001:db8::1", "10.0.0.1"),
            ("10.0.0.1", "[2001:db8::1]443", "10.0.0.1"),
            ("10.0.0.1", "[fe80::1%eth0]", "10.0.0.1"),
            ("10.0.0.1", "for=203.0.113.9", "10.0.0.1"),
            // Who comes past the load balancer is who it is.
            ("192.0.2.7", "203.0.113.9", "192.0.2.7"),
            ("192.0.2.7", "203.0.113.9, 10.0.0.1", "192.0.2.7"),
            ("192.0.2.7", "10.0.0.1", "192.0.2.7"),
            ("2001:db8::7", "203.0.113.9", "2001:db8::7"),
            // Nobody goes through so many hands.
            ("10.0.0.1", &many, "203.0.113.9"),
            ("10.0.0.1", &too_many, "10.0.0.1"),
        ],
    );
}

#[test]
fn behind_a_load_balancer_of_google() {
    let padded = ["203.0.113.9"; 29].join(",") + ",34.120.9.9";
    let overfull = ["203.0.113.9"; 30].join(",") + ",34.120.9.9";
    check(
        &GOOGLE,
        &[
            // The client is the second from the right: the last one is the load balancer itself.
            ("35.191.0.1", "203.0.113.9, 34.120.9.9", "203.0.113.9"),
            ("35.191.0.1", "203.0.113.9,34.120.9.9", "203.0.113.9"),
            ("130.211.3.255", "203.0.113.9, 34.120.9.9", "203.0.113.9"),
            ("2600:2d00:1:1::5", "203.0.113.9,34.120.9.9", "203.0.113.9"),
            ("35.191.0.1", "2001:db8::1, 34.120.9.9", "2001:db8::1"),
            ("35.191.0.1", "[2001:db8::1]:9, 34.120.9.9", "2001:db8::1"),
            // Whatever the client put there first does not help it.
            (
                "35.191.0.1",
                "1.1.1.1, 203.0.113.9, 34.120.9.9",
                "203.0.113.9",
            ),
            (
                "35.191.0.1",
                "34.120.9.9, 203.0.113.9, 34.120.9.9",
                "203.0.113.9",
            ),
            (
                "35.191.0.1",
                "1.1.1.1, 34.120.9.9, 203.0.113.9, 34.120.9.9",
                "203.0.113.9",
            ),
            (
                "35.191.0.1",
                "35.191.0.1, 203.0.113.9, 34.120.9.9",
                "203.0.113.9",
            ),
            (
                "35.191.0.1",
                "10.0.0.1, 203.0.113.9, 34.120.9.9",
                "203.0.113.9",
            ),
            ("35.191.0.1", ",,, 203.0.113.9, 34.120.9.9", "203.0.113.9"),
            (
                "35.191.0.1",
                "unknown, 203.0.113.9, 34.120.9.9",
                "203.0.113.9",
            ),
            // Health probes have no list.
            ("35.191.0.1", "", "35.191.0.1"),
            // Another load balancer's address is not trusted, so everybody there is one client.
            ("35.191.0.1", "203.0.113.9, 34.120.9.8", "34.120.9.8"),
            ("35.191.0.1", "203.0.113.9, unknown", "35.191.0.1"),
            ("35.191.0.1", "unknown, 34.120.9.9", "34.120.9.9"),
            ("35.191.0.1", "34.120.9.9", "34.120.9.9"),
            // Just beside Google's networks.
            ("35.192.0.1", "203.0.113.9, 34.120.9.9", "35.192.0.1"),
            ("130.211.4.0", "203.0.113.9, 34.120.9.9", "130.211.4.0"),
            (
                "2600:2d00:1:2::5",
                "203.0.113.9,34.120.9.9",
                "2600:2d00:1:2::5",
            ),
            ("192.0.2.7", "203.0.113.9, 34.120.9.9", "192.0.2.7"),
            ("35.191.0.1", &padded, "203.0.113.9"),
            ("35.191.0.1", &overfull, "35.191.0.1"),
        ],
    );
}

#[test]
fn networks_are_read_strictly() {
    for (text, inside, outside) in [
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
        ("10.1.2.3/8", "10.0.0.0", "9.255.255.255"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
        ("192.0.2.7/32", "192.0.2.7", "192.0.2.8"),
        ("0.0.0.0/0", "255.255.255.255", "::1"),
        ("::/0", "2001:db8::1", "192.0.2.7"),
        ("2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"),
        ("::1", "::1", "::2"),
        ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"),
    ] {
        let network = Network::parse(text).expect(text);
        assert!(network.contains(inside.parse().unwrap()), "{text} {inside}");
        assert!(
            !network.contains(outside.parse().unwrap()),
            "{text} {outside}"
        );
    }
    for text in [
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0/8",
        "::/129",
        "::ffff:10.0.0.0/8",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "10.0.0.0/-1",
        "[::1]",
        "10.0.0.1:80",
        "private",
        "10.0.0.0/99999",
    ] {
        assert_eq!(Network::parse(text), None, "{text}");
    }
}

#[test]
fn a_household_is_one_client() {
    let of = |text: &str| household(text.parse().unwrap());
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
}

proptest! {
    #[test]
    fn whoever_is_not_trusted_cannot_choose_its_address(
        peer in any::<IpAddr>(),
        list in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let trust = trust(&AWS);
        let verified = client(peer, &list, &trust);
        if !trust.covers(peer) {
            prop_assert_eq!(verified, Verified { address: peer, from: list.len() });
        }
    }

    #[test]
    fn nothing_a_client_writes_moves_what_the_load_balancer_appends(
        mut list in "[0-9a-f.:\\[\\], \t]{0,120}",
        real in any::<IpAddr>(),
        port in proptest::option::of(any::<u16>()),
    ) {
        let trust = trust(&AWS);
        let real = real.to_canonical();
        prop_assume!(!trust.covers(real));
        let entry = match (port, real) {
            (None, _) => real.to_string(),
            (Some(port), _) => std::net::SocketAddr::new(real, port).to_string(),
        };
        prop_assume!(list.split(',').count() < ENTRIES_MAX);
        list.push(',');
        let from = list.len();
        list.push_str(&entry);
        let verified = client(IpAddr::from([10, 0, 0, 1]), list.as_bytes(), &trust);
        prop_assert_eq!(verified, Verified { address: real, from });
    }

    #[test]
    fn any_bytes_come_out_as_somebody_on_the_way(
        list in "[0-9a-f.:\\[\\], \t]{0,120}",
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let peer = IpAddr::from([10, 0, 0, 1]);
        for list in [list.as_bytes(), &bytes] {
            let verified = client(peer, list, &trust(&AWS));
            let rest = list.get(verified.from..).expect("a place within the list");
            let first = rest.split(|byte| *byte == b',').next().and_then(address);
            prop_assert_eq!(first.unwrap_or(peer), verified.address);
        }
    }
}
