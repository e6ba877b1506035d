//! Stories about `url`.

use super::*;

fn check(text: &str, expected: Result<(&str, u16, &str), &str>) {
    let parsed = BackendUrl::parse(text);
    let seen = parsed
        .as_ref()
        .map(|url| (&*url.host, url.port, &*url.path));
    assert_eq!(seen.map_err(|wrong| *wrong), expected, "{text}");
}

#[test]
fn urls_are_taken_apart() {
    check("http://10.0.1.5:8881", Ok(("10.0.1.5", 8881, "/")));
    check(
        "http://host.docker.internal",
        Ok(("host.docker.internal", 80, "/")),
    );
    check("https://h/v3/key?x=1", Ok(("h", 443, "/v3/key?x=1")));
    check("http://h?x=1", Ok(("h", 80, "/?x=1")));
    check("http://[::1]:8545/rpc", Ok(("::1", 8545, "/rpc")));
    check("http://[::1]", Ok(("::1", 80, "/")));
    check(
        "http://rpc_node-1.local:1/",
        Ok(("rpc_node-1.local", 1, "/")),
    );
    check("http://user:pass@h:81/", Ok(("h", 81, "/")));
    check("https://10.0.0.1/", Ok(("10.0.0.1", 443, "/")));
    check("https://[::1]:1/", Ok(("::1", 1, "/")));
}

#[test]
fn what_cannot_be_dialled_is_refused() {
    let port = "the port is not a number from 1 to 65535";
    let scheme = "it does not start with http:// or https://";
    check("ftp://h", Err(scheme));
    check("ws://h", Err(scheme));
    check("/path", Err(scheme));
    check("h", Err(scheme));
    check("h:80", Err(scheme));
    check("http://", Err("not a URL"));
    check("http://h:99999", Err(port));
    check("http://h:0", Err(port));
    check("http://h:", Err(port));
    check("http://h:+80", Err(port));
    check(
        "http://h/#x",
        Err("a fragment (#) means nothing to a backend"),
    );
    check("http://h /x", Err("a space or an odd character in it"));
    check("http://h\u{e9}/x", Err("a space or an odd character in it"));
    check("http://[zz]/", Err("the host is not an IPv6 address"));
    check(
        "https://a..b/",
        Err("the host is not a name that a certificate can have"),
    );
    check("http://a,b/", Err("the host is not a name or an address"));
    check(
        &format!("http://h/{}", "x".repeat(2048)),
        Err("longer than 2048 bytes"),
    );
}

#[test]
fn nothing_shows_the_path_or_the_user() {
    let url = BackendUrl::parse("http://canary:canary@h:81/v3/canary?k=canary").unwrap();
    assert_eq!(url.user.as_deref(), Some("canary:canary"));
    assert_eq!(url.to_string(), "http://***@h:81/***");
    assert_eq!(format!("{url:?}"), "http://***@h:81/***");
    assert_eq!(url.authority(), "h:81");
}

#[test]
fn the_host_header_leaves_out_the_usual_port() {
    for (text, authority) in [
        ("http://h:80", "h"),
        ("https://h:443", "h"),
        ("http://h:443", "h:443"),
        ("http://[::1]:80", "[::1]"),
        ("http://[::1]:81", "[::1]:81"),
    ] {
        assert_eq!(BackendUrl::parse(text).unwrap().authority(), authority);
    }
}

#[test]
fn addresses_that_only_this_machine_should_ask() {
    for (address, link_local) in [
        ("169.254.0.0", true),
        ("169.254.169.254", true),
        ("169.254.255.255", true),
        ("::ffff:169.254.169.254", true),
        ("fe80::1", true),
        ("febf::1", true),
        ("fd00:ec2::254", true),
        ("169.253.255.255", false),
        ("169.255.0.0", false),
        ("fec0::1", false),
        ("fd00:ec2::255", false),
        ("10.0.0.1", false),
        ("127.0.0.1", false),
        ("::1", false),
    ] {
        let parsed = address.parse().unwrap();
        assert_eq!(is_link_local(parsed), link_local, "{address}");
    }
}
