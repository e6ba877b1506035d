//! What a list of backends becomes, and what is wrong with it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use config::checked::Backend;
use config::load::Sources;
use config::load::load;

const ORIGINAL: [(&str, &str); 1] = [("HEADWAY_PROFILE", "evm")];

/// Loads `backends.` flags written as `id.key=value id.key=value`; the problems a line each.
fn loaded(flags: &str) -> Result<Vec<Backend>, Vec<String>> {
    let pairs = flags
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='));
    let sources = Sources {
        fallback: None,
        file: None,
        environment: ORIGINAL
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect(),
        command_line: pairs
            .map(|(n, v)| (format!("backends.{n}"), v.to_owned()))
            .collect(),
    };
    let loaded = load(&sources);
    let lines = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect();
    loaded.map(|loaded| loaded.config.backends).map_err(lines)
}

fn wrong(flags: &str, expected: &[&str]) {
    assert_eq!(loaded(flags).unwrap_err(), expected, "{flags}");
}

#[test]
fn what_nobody_says_follows_from_pool_and_leader() {
    for (flags, external, seconds) in [
        ("a.url=http://h a.pool=read", false, 15),
        (
            "a.url=http://h a.pool=write b.url=http://h b.pool=read",
            false,
            4,
        ),
        (
            "a.url=http://h a.pool=write a.keep_alive=30s b.url=http://h b.pool=read",
            false,
            30,
        ),
        ("a.url=http://h a.leader=true", true, 15),
        ("a.url=http://h a.leader=true a.pool=read", false, 15),
        ("a.url=http://h a.leader=true a.external=false", false, 15),
        ("a.url=http://h a.pool=read a.external=true", true, 15),
    ] {
        let backends = loaded(flags).unwrap();
        let first = &backends[0];
        assert_eq!(first.external, external, "{flags}");
        assert_eq!(first.keep_alive, Duration::from_secs(seconds), "{flags}");
        assert_eq!(first.weight, 1);
    }
}

#[test]
fn what_cannot_be_a_backend() {
    let no_read = "backends: no backend has the read pool; READ_ENDPOINT or a [[backends]] entry with \
                   pool = \"read\" is right";
    wrong(
        "a.pool=read",
        &["backends.a.url: it has none; a URL such as \"http://10.0.1.5:8545\" is right"],
    );
    wrong(
        "a.url=http://h",
        &[
            "backends.a.pool: it has none; pool = \"read\" or another one, or leader = true, is right",
            no_read,
        ],
    );
    wrong("a.url=http://h a.pool=write", &[no_read]);
    wrong(
        "a.url=http://h a.leader=true b.url=http://h b.leader=true",
        &["backends: a and b are leaders; at most one is right"],
    );
    wrong(
        "a.url=http://h a.pool=read a.weight=0 a.weigth=1",
        &[
            "backends.a.weigth (command line): there is no such key; backends.weight is the nearest \
             known key",
            "backends.a.weight = \"0\" (command line): too small; a whole number from 1 to 1000 is right",
        ],
    );
    wrong(
        "a/b.url=http://h c.url=http://h c.pool=read",
        &[
            "backends.a/b.url (command line): not an id; a name of letters, digits, dots, dashes and \
             underscores is right",
        ],
    );
    wrong(
        "a.url=http://h a.pool=read a.ws_url=ws://h",
        &[
            "backends.a.ws_url (command line): this version does not have it yet; leaving it out is right",
        ],
    );
}

#[test]
fn hosts_that_must_not_be_dialled() {
    wrong(
        "a.url=https://a..b/key a.pool=read",
        &[
            "backends.a.url = \"***\" (command line): the host is not a name that a certificate can have; \
             a URL such as \"http://10.0.1.5:8545\" is right",
        ],
    );
    for host in [
        "169.254.169.254",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[::ffff:169.254.1.1]",
    ] {
        let flags = format!("a.url=http://{host}/latest a.pool=read");
        wrong(
            &flags,
            &[
                "backends.a.url (command line): a link-local or metadata address; another address, or \
               allow_link_local = true, is right",
            ],
        );
        let allowed = loaded(&format!("{flags} a.allow_link_local=true")).unwrap();
        assert!(allowed[0].allow_link_local);
    }
}

#[test]
fn a_thousand_backends_are_enough() {
    let some = |count: usize| -> String {
        (0..count)
            .map(|n| format!("b{n}.url=http://h b{n}.pool=read "))
            .collect()
    };
    assert_eq!(loaded(&some(1000)).unwrap().len(), 1000);
    wrong(
        &some(1001),
        &["backends: 1001 are too many; at most 1000 is right"],
    );
}
