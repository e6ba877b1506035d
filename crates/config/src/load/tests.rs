//! Stories about `load`: what the sources say, and what comes out.

use rules::ids::Pool;

use super::*;
use crate::checked::AccessLog;
use crate::checked::HttpStatus;
use crate::checked::Profile;
use crate::checked::VersionRule;

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn owned(pairs: Pairs<'_>) -> Vec<(String, String)> {
    let owned = pairs
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    owned.collect()
}

/// Loads a file's text, an environment and flags.
fn say(toml: &str, environment: Pairs<'_>, flags: Pairs<'_>) -> Result<Loaded, Vec<Problem>> {
    let sources = Sources {
        fallback: None,
        file: None,
        environment: owned(environment),
        command_line: owned(flags),
    };
    let file = FileText {
        origin: "proxy.toml".to_owned(),
        text: toml.to_owned(),
    };
    checked(Some(file), &sources)
}

/// The value and the origin that hold for a key.
fn holds<'a>(loaded: &'a Loaded, key: &str) -> (&'a str, &'a str) {
    let found = loaded.values.iter().find(|value| value.key == key);
    let found = found.unwrap_or_else(|| panic!("{key} is not among the values"));
    (&found.value, &found.origin)
}

/// The problems, a line each.
fn problems(toml: &str, environment: Pairs<'_>, flags: Pairs<'_>) -> Vec<String> {
    let problems = say(toml, environment, flags).expect_err("no problem found");
    problems.iter().map(ToString::to_string).collect()
}

const ONE: &str = "[[backends]]\nid = \"a\"\nurl = \"http://h:1\"\npool = \"read\"\n";
const ORIGINAL: Pairs<'static> = &[
    ("WRITE_ENDPOINT", "host.docker.internal:18888"),
    ("READ_ENDPOINT", "host.docker.internal:8881"),
    ("TEST_ENDPOINT", "host.docker.internal:8882"),
    ("WS_ENDPOINT", "host.docker.internal:3333"),
];

#[test]
fn the_environment_of_the_original_container_is_enough() {
    let loaded = say("", ORIGINAL, &[]).unwrap();
    let config = &loaded.config;
    assert_eq!(config.profile, Profile::TxProxy);
    assert_eq!(
        holds(&loaded, "profile"),
        ("\"tx_proxy\"", "environment WRITE_ENDPOINT")
    );
    let backends = config
        .backends
        .iter()
        .map(|b| (b.id.as_str(), b.pool, b.url.port));
    let expected = [
        ("write-1", Some(Pool::Write), 18888),
        ("read-1", Some(Pool::Read), 8881),
        ("test-1", Some(Pool::Heavy), 8882),
        ("ws-1", Some(Pool::Ws), 3333),
    ];
    assert_eq!(backends.collect::<Vec<_>>(), expected);
    assert_eq!(config.compat.version, VersionRule::Strict);
    assert_eq!(config.errors.http_status, HttpStatus::TxProxy);
    assert_eq!(config.logs.access, AccessLog::Stdout);
    assert_eq!(config.batch.calls, 1000);
    assert!(config.cors.credentials);
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_directory_of_the_logs_is_where_the_access_log_goes_by_itself() {
    let directory = [("HEADWAY_LOGS__DIRECTORY", "/var/log/nginx")];
    let loaded = say(ONE, &directory, &[]).unwrap();
    let file = AccessLog::File("/var/log/nginx/access.log".into());
    assert_eq!(loaded.config.logs.access, file);
    assert_eq!(
        holds(&loaded, "logs.access"),
        ("\"/var/log/nginx/access.log\"", "default")
    );
    let loaded = say(ONE, &directory, &[("logs.access", "stdout")]).unwrap();
    assert_eq!(loaded.config.logs.access, AccessLog::Stdout);
    let loaded = say(ONE, &[], &[("logs.directory", "off")]).unwrap();
    assert_eq!(loaded.config.logs.directory, None);
    assert_eq!(loaded.config.logs.access, AccessLog::Off);
}

#[test]
fn each_source_has_the_word_over_those_before_it() {
    let file = format!("{ONE}[health]\nmax_lag = 5\nfall = 5\nrise = 5\n");
    let environment = [("HEADWAY_HEALTH__FALL", "6"), ("HEADWAY_HEALTH__RISE", "6")];
    let loaded = say(&file, &environment, &[("health.rise", "7")]).unwrap();
    for (key, value, origin) in [
        ("health.interval", "\"1s\"", "default"),
        ("health.block_time", "\"12s\"", "profile evm"),
        ("health.max_lag", "5", "proxy.toml"),
        ("health.fall", "6", "environment HEADWAY_HEALTH__FALL"),
        ("health.rise", "7", "command line"),
        ("health.max_lag_at_once", "30", "default"),
        ("backends.a.url", "\"http://h:1\"", "proxy.toml"),
        ("backends.a.keep_alive", "\"15s\"", "default"),
    ] {
        assert_eq!(holds(&loaded, key), (value, origin), "{key}");
    }
    let health = &loaded.config.health;
    assert_eq!((health.max_lag, health.fall, health.rise), (5, 6, 7));
}

#[test]
fn the_profile_comes_from_the_highest_source_that_names_one() {
    let of = |toml: &str, environment: Pairs<'_>, flags: Pairs<'_>| {
        let mut environment = environment.to_vec();
        environment.push(("HEADWAY_BACKENDS__r__URL", "http://r"));
        environment.push(("HEADWAY_BACKENDS__r__POOL", "read"));
        environment.push(("HEADWAY_BACKENDS__w__URL", "http://w"));
        environment.push(("HEADWAY_BACKENDS__w__POOL", "write"));
        say(toml, &environment, flags).unwrap().config.profile
    };
    let tx_proxy = ("HEADWAY_PROFILE", "tx_proxy");
    let evm = ("HEADWAY_PROFILE", "evm");
    let endpoint = ("READ_ENDPOINT", "h:1");
    assert_eq!(of("", &[], &[]), Profile::Evm);
    assert_eq!(of("", &[("LEADER_ENDPOINT", "h:1")], &[]), Profile::Evm);
    assert_eq!(of("", &[endpoint], &[]), Profile::TxProxy);
    assert_eq!(of("", &[endpoint, evm], &[]), Profile::Evm);
    assert_eq!(
        of("", &[("HEADWAY_PROFILE", ""), endpoint], &[]),
        Profile::TxProxy
    );
    assert_eq!(of("profile = 'evm'", &[endpoint], &[]), Profile::Evm);
    assert_eq!(of("profile = 'evm'", &[tx_proxy], &[]), Profile::TxProxy);
    assert_eq!(of("", &[tx_proxy], &[("profile", "evm")]), Profile::Evm);
    assert_eq!(
        of("profile = '${P}'", &[("P", "tx_proxy")], &[]),
        Profile::TxProxy
    );
}

#[test]
fn every_problem_is_told_at_once_in_a_steady_order() {
    let file = r#"
        [helth]
        x = 1
        [health]
        max_lag = "ten"
        max_leg = 3
        interval = 5
        [limits]
        nesting = 100000
        [admin]
        token = "canary"
        [[backends]]
        id = "a"
        url = "http://h:1"
        pool = "reed"
        [[backends]]
        id = "a"
        url = "gopher://canary"
        pool = "read"
    "#;
    let expected = [
        "backends.#2.id = \"a\" (proxy.toml): another backend has this id; 1 to 64 letters, digits, \
         dots, dashes and underscores is right, each but once",
        "admin.token (proxy.toml): this version does not have it yet; leaving it out is right",
        "health.max_leg (proxy.toml): there is no such key; health.max_lag is the nearest known key",
        "helth (proxy.toml): there is no such key; health is the nearest known key",
        "health.max_lag = \"ten\" (proxy.toml): not a whole number; a whole number from 0 to 1000000 \
         is right",
        "health.interval = 5 (proxy.toml): no unit; a time with its unit (ms, s, m, h) from \"100ms\" \
         to \"1m\" is right",
        "limits.nesting = 100000 (proxy.toml): too large; a whole number from 4 to 512 is right",
        "backends.a.pool = \"reed\" (proxy.toml): not one of the words known here; \"read\", \
         \"write\", \"heavy\", \"antelope\" or \"ws\" is right",
        "backends.#2.url = \"***\" (proxy.toml): it does not start with http:// or https://; a URL \
         such as \"http://10.0.1.5:8545\" is right",
    ];
    for _ in 0..3 {
        assert_eq!(problems(file, &[], &[]), expected);
    }
}

/// A file, an environment, and how the only problem with them begins.
const MISTAKES: &[(&str, Pairs<'static>, &str)] = &[
    (
        "health = 5",
        &[("READ_ENDPOINT", "h"), ("HEADWAY_PROFILE", "evm")],
        "health (proxy.toml): not a section; a section with keys such as health.interval is right",
    ),
    ("[health", &[], "proxy.toml: line 1, column 8: "),
    (
        "a = 1\na = 2",
        &[],
        "proxy.toml: line 2, column 1: duplicate key",
    ),
    (
        "backends = 5",
        &[("READ_ENDPOINT", "h"), ("HEADWAY_PROFILE", "evm")],
        "backends (proxy.toml): not a list; a [[backends]] entry for each backend is right",
    ),
    (
        "",
        &[],
        "backends: no backend has the read pool; READ_ENDPOINT or a [[backends]] entry",
    ),
    (
        "",
        &[("WRITE_ENDPOINT", "h")],
        "backends: no backend has the read pool; READ_ENDPOINT",
    ),
    (
        "",
        &[("READ_ENDPOINT", "h")],
        "backends: no backend has the write pool; WRITE_ENDPOINT",
    ),
    (
        ONE,
        &[("HEADWAY_PROFILE", "tx-proxy")],
        "profile = \"tx-proxy\" (environment HEADWAY_PROFILE): not one of the words known here; \
          \"tx_proxy\" or \"evm\" is right",
    ),
    (
        ONE,
        &[("HEADWAY_HEALTH__MAX_LAGG", "1")],
        "health.max_lagg (environment HEADWAY_HEALTH__MAX_LAGG): there is no such key; \
          health.max_lag is the nearest",
    ),
    // A name may hold a line end, a problem stays one line.
    (
        ONE,
        &[("HEADWAY_HEALTH__MAX\n: forged", "1")],
        "health.max\\n: forged (environment HEADWAY_HEALTH__MAX\\n: forged): there is no such key",
    ),
    (
        ONE,
        &[
            ("HEADWAY_BACKENDS__A__WEIGHT", "2"),
            ("HEADWAY_BACKENDS__A__POOL", "read"),
            ("HEADWAY_BACKENDS__A__URL", "http://b"),
        ],
        "backends.A: it differs from a only in capitals",
    ),
    (
        ONE,
        &[("HEADWAY_BACKENDS__b", "http://b")],
        "backends.b (environment HEADWAY_BACKENDS__b): not a backend; keys such as",
    ),
    (
        ONE,
        &[("HEADWAY_SERVER__LISTEN", "8545")],
        "server.listen = \"8545\" (environment HEADWAY_SERVER__LISTEN): item 1 is not an address",
    ),
    (
        ONE,
        &[("HEADWAY_ADMIN__LISTEN", "0.0.0.0:8545")],
        "admin.listen: another listener has 0.0.0.0:8545",
    ),
    (
        ONE,
        &[("HEADWAY_HEALTH__MAX_LAG_AT_ONCE", "9")],
        "health.max_lag_at_once = 9: less than health.max_lag; 10 or more is right",
    ),
    (
        ONE,
        &[("HEADWAY_BACKENDS__a__URL", "http://${GONE}/")],
        "backends.a.url = \"***\" (environment HEADWAY_BACKENDS__a__URL): the environment has no \
          GONE; ${NAME}",
    ),
    (
        ONE,
        &[("HEADWAY_TLS__CA_FILE", "/nowhere/at/all")],
        "tls.ca_file = \"/nowhere/at/all\" (environment HEADWAY_TLS__CA_FILE): entity not found; \
          \"off\" or the path of a file of PEM certificates is right",
    ),
    (
        ONE,
        &[
            ("HEADWAY_METHODS__READ", "eth_x,eth_y"),
            ("HEADWAY_METHODS__FORBID", "eth_y"),
        ],
        "methods.forbid: \"eth_y\" stands in another list too",
    ),
];

#[test]
fn one_mistake_is_one_problem() {
    for (toml, environment, expected) in MISTAKES {
        let told = problems(toml, environment, &[]);
        assert_eq!(told.len(), 1, "{toml} {environment:?}: {told:#?}");
        assert!(
            told[0].starts_with(expected),
            "{}\nis not\n{expected}",
            told[0]
        );
    }
}

#[test]
fn names_of_the_environment() {
    let loaded = say(
        ONE,
        &[
            ("HEADWAY_SERVICE_HOST", "10.0.0.1"),
            ("HEADWAY_ADMIN_TOKEN", "x"),
            ("HEADWAY__ODD", "x"),
            ("HEADWAY_CONFIG", ""),
            ("HEADWAY_SERVER__LISTEN", "127.0.0.1:1, [::1]:2"),
            ("HEADWAY_CORS__ENABLED", "false"),
            ("HEADWAY_LIMITS__BODY_BYTES", "1MiB"),
            ("HEADWAY_METHODS__FORBID", "eth_call,trace_*"),
            ("HEADWAY_BACKENDS__a__WEIGHT", "9"),
            ("HEADWAY_BACKENDS__B.2_x__URL", "http://b:2"),
            ("HEADWAY_BACKENDS__B.2_x__POOL", "heavy"),
        ],
        &[
            ("backends.c.d.url", "http://c"),
            ("backends.c.d.leader", "true"),
        ],
    )
    .unwrap();
    let config = &loaded.config;
    assert_eq!(config.server.listen.len(), 2);
    assert!(!config.cors.enabled);
    assert_eq!(config.limits.body_bytes, 1 << 20);
    assert_eq!(config.methods.classify("eth_call"), None);
    assert_eq!(config.methods.classify("trace_new"), None);
    let seen = config
        .backends
        .iter()
        .map(|b| (b.id.as_str(), b.weight, b.leader));
    let seen: Vec<_> = seen.collect();
    assert_eq!(
        seen,
        [("a", 9, false), ("B.2_x", 1, false), ("c.d", 1, true)]
    );
}

#[test]
fn what_is_off_is_off() {
    let loaded = say(
        ONE,
        &[
            ("HEADWAY_ADMIN__LISTEN", "off"),
            ("HEADWAY_SERVER__HEALTH_LISTEN", "0.0.0.0:8000"),
            ("HEADWAY_HEALTH__CHAIN_ID", "17777"),
            ("HEADWAY_HEALTH__MAX_LAG", "40"),
            ("HEADWAY_LOGS__ACCESS", "/var/log/access.log"),
            ("HEADWAY_LOGS__DIRECTORY", "/var/log/nginx"),
            ("HEADWAY_LIMITS__BUFFERED_BYTES", "1GiB"),
        ],
        &[],
    )
    .unwrap();
    let config = &loaded.config;
    assert_eq!(config.admin.listen, None);
    assert_eq!(config.server.health_listen, "0.0.0.0:8000".parse().ok());
    assert_eq!(config.health.max_head_age, None);
    assert_eq!(config.health.chain_id, Some(17777));
    assert_eq!(config.health.max_lag_at_once, 40);
    assert_eq!(
        config.logs.access,
        AccessLog::File("/var/log/access.log".into())
    );
    assert_eq!(config.logs.directory, Some("/var/log/nginx".into()));
    assert_eq!(config.limits.buffered_bytes, 1 << 30);
    assert!(say(ONE, &[], &[]).unwrap().config.limits.buffered_bytes >= 4 << 20);
}

#[test]
fn values_stand_in_the_order_of_the_key_list() {
    let loaded = say("", ORIGINAL, &[]).unwrap();
    let shown: Vec<&str> = loaded.values.iter().map(|value| &*value.key).collect();
    let known = KEYS
        .iter()
        .map(|key| key.name)
        .filter(|name| !name.starts_with("backends."));
    let known: Vec<&str> = known.collect();
    let (sections, backends) = shown.split_at(known.len());
    assert_eq!(sections, known);
    assert!(
        backends.iter().all(|key| key.starts_with("backends.")),
        "{backends:?}"
    );
}
