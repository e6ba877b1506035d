//! Whom the configuration takes for a client, and what it lets one have.

use config::checked::Profile;
use config::checked::RateMode;
use config::load::Loaded;
use config::load::Sources;
use config::load::load;
use config::problem::Problem;
use rules::rate::Rate;

/// Loads keys and values as a command line would give them, beside one backend.
fn loaded(keys: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let backend = [
        ("backends.a.url", "http://h:1"),
        ("backends.a.pool", "read"),
    ];
    load(&Sources {
        command_line: backend.iter().chain(keys).map(owned).collect(),
        ..Sources::default()
    })
}

#[test]
fn proxies_are_trusted_by_network_address_or_word() {
    let trusts = |list: &str, address: &str| {
        let loaded = loaded(&[("server.trusted_proxies", list)]).unwrap();
        let trust = loaded.config.server.trusted_proxies;
        trust.covers(address.parse().unwrap())
    };
    for (list, inside, outside) in [
        ("", None, "127.0.0.1"),
        ("10.0.0.0/8, 192.0.2.7", Some("192.0.2.7"), "192.0.2.8"),
        ("private", Some("100.64.0.1"), "100.128.0.1"),
        ("private", Some("fd00::1"), "2001:db8::1"),
        ("private, google", Some("130.211.3.1"), "130.211.4.1"),
        ("google, 2001:db8::1", Some("2001:db8::1"), "10.0.0.1"),
    ] {
        assert!(inside.is_none_or(|inside| trusts(list, inside)), "{list}");
        assert!(!trusts(list, outside), "{list}");
    }
    let wrong = loaded(&[("server.trusted_proxies", "private, 10.0.0.0/33")]).unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0].wrong, "item 2 is not an address or a network");
}

#[test]
fn the_profiles_count_clients_differently() {
    for (profile, mode, heavy_weight) in [
        (Profile::TxProxy, RateMode::DryRun, 1),
        (Profile::Evm, RateMode::Off, 10),
    ] {
        let name = match profile {
            Profile::TxProxy => "tx_proxy",
            Profile::Evm => "evm",
        };
        let more = [
            ("profile", name),
            ("backends.b.url", "http://h:2"),
            ("backends.b.pool", "write"),
        ];
        let limit = loaded(&more).unwrap().config.rate_limit;
        assert_eq!((limit.mode, limit.heavy_weight), (mode, heavy_weight));
        assert_eq!(limit.rate, Rate::new(5, 25));
    }
}

#[test]
fn who_limits_clients_is_reminded_of_load_balancers() {
    let (mode, connections) = ("rate_limit.mode", "limits.connections_per_client");
    for (key, value, proxies, warned) in [
        (mode, "enforce", "", true),
        (mode, "enforce", "private", false),
        (mode, "dry-run", "", false),
        (mode, "off", "", false),
        (connections, "50", "", true),
        (connections, "50", "private", false),
        (connections, "off", "", false),
    ] {
        let keys = [(key, value), ("server.trusted_proxies", proxies)];
        let warnings = loaded(&keys).unwrap().warnings;
        let about = warnings.iter().any(|warning| warning.key == key);
        assert_eq!(about, warned, "{key} {value} {proxies}");
    }
}
