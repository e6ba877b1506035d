//! How a process is stopped, as far as its configuration says, and what another one changes.
#![expect(clippy::unwrap_used, reason = "tests")]

use config::change;
use config::load::Loaded;
use config::load::Sources;
use config::load::load;

/// `timeouts.lame_duck` with one variable in the environment, as it holds and as it is shown.
fn lame_duck((name, value): (&str, &str), given: Option<&str>) -> (u64, String) {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut command_line = vec![owned(("backends.a.url", "http://h:1"))];
    command_line.push(owned(("backends.a.pool", "read")));
    command_line.extend(given.map(|given| owned(("timeouts.lame_duck", given))));
    let loaded = load(&Sources {
        environment: vec![owned((name, value))],
        command_line,
        ..Sources::default()
    });
    let loaded = loaded.unwrap();
    let mut shown = loaded.values.iter();
    let shown = shown.find(|value| value.key == "timeouts.lame_duck");
    let seconds = loaded.config.timeouts.lame_duck.as_secs();
    (seconds, shown.unwrap().value.clone())
}

#[test]
fn who_is_stopped_by_an_orchestrator_goes_on_accepting_for_a_while() {
    let kubernetes = ("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    for (environment, given, seconds) in [
        (("HOME", "/"), None, 0),
        (("KUBERNETES_SERVICE_HOST", ""), None, 0),
        (kubernetes, None, 5),
        (("ECS_CONTAINER_METADATA_URI_V4", "http://h"), None, 5),
        (kubernetes, Some("0s"), 0),
        (("HOME", "/"), Some("30s"), 30),
    ] {
        let found = lame_duck(environment, given);
        assert_eq!(
            found,
            (seconds, format!("\"{seconds}s\"")),
            "{environment:?}"
        );
    }
}

/// What these keys say, beside a backend in the read pool.
fn said(pairs: &[(&str, &str)]) -> Loaded {
    let base = [
        ("backends.a.url", "http://h:1/key-one"),
        ("backends.a.pool", "read"),
    ];
    let pairs = base.iter().chain(pairs);
    let command_line = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(&Sources {
        command_line: command_line.collect(),
        ..Sources::default()
    })
    .unwrap()
}

#[test]
fn differences_are_told_by_key_and_show_no_secret() {
    let b = [
        ("backends.b.url", "http://h:2/key-b"),
        ("backends.b.pool", "heavy"),
    ];
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Pairs<'_>, Pairs<'_>, &[&str]); 8] = [
        (&[], &[], &[]),
        (&[("health.max_lag", "10")], &[], &[]),
        (
            &[],
            &[("health.max_lag", "20")],
            &["health.max_lag: 10 -> 20"],
        ),
        (
            &[],
            &[("server.listen", "0.0.0.0:1"), ("health.max_lag", "40")],
            &[
                "server.listen: \"0.0.0.0:8545\" -> \"0.0.0.0:1\"; needs a restart",
                "health.max_lag: 10 -> 40",
                // Never less than max_lag.
                "health.max_lag_at_once: 30 -> 40",
            ],
        ),
        (
            &[],
            &[("backends.a.url", "http://h:1/key-two")],
            &["backends.a.url: changed, not shown"],
        ),
        (
            &[],
            &[("backends.a.weight", "5")],
            &["backends.a.weight: 1 -> 5"],
        ),
        (&[], &b, &["backends.b: added, http://h:2/***"]),
        (&b, &[], &["backends.b: removed, http://h:2/***"]),
    ];
    for (before, after, told) in cases {
        let (before, after) = (said(before), said(after));
        let found = change::differences(&before, &after);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, told);
        assert!(!found.concat().contains("key-") && !format!("{after:?}").contains("key-"));
    }
}

#[test]
fn what_needs_a_restart_stays_as_it_was_until_there_is_one() {
    let started = said(&[]);
    let keys: Vec<_> = config::keys::KEYS
        .iter()
        .filter(|key| key.at_start)
        .collect();
    let wanted = [
        ("server.listen", "0.0.0.0:1"),
        ("server.health_listen", "0.0.0.0:2"),
        ("server.workers", "3"),
        ("admin.listen", "off"),
        ("limits.buffered_bytes", "5MiB"),
        ("retry.budget_percent", "1"),
        ("retry.budget_tokens", "1"),
        ("logs.access", "stdout"),
        ("logs.access_format", "json"),
        ("logs.directory", "/tmp"),
        ("logs.raw_transactions", "true"),
        ("logs.level", "debug"),
        ("logs.format", "json"),
        ("logs.rotate_bytes", "1MiB"),
        ("logs.rotate_keep", "7"),
    ];
    let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
    assert_eq!(names, wanted.map(|(name, _)| name));
    let again = || said(&[&wanted[..], &[("health.fall", "9")]].concat());
    let held = change::as_started(&started, again());
    assert_eq!(held.config.health.fall, 9);
    // Had any of them slipped through, the configuration would not look the same.
    let same = |loaded: &Loaded| {
        let config = &loaded.config;
        format!(
            "{:?} {:?} {:?} {:?} {:?}",
            config.server, config.admin, config.limits, config.retry, config.logs
        )
    };
    assert_eq!(same(&held), same(&started));
    let differences = change::differences(&held, &again());
    let told: Vec<&str> = differences.iter().map(|found| found.key.as_str()).collect();
    assert_eq!(told, names, "told again at every reload");
    assert!(differences.iter().all(|difference| difference.restart));
}

fn authority() -> String {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

#[test]
fn files_of_secrets_and_authorities_are_known() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (secret, file) = (folder.join("life.secret"), folder.join("life.toml"));
    std::fs::write(&secret, "http://h:1\n").unwrap();
    let text = format!("[[backends]]\nid = 'a'\npool = 'read'\nurl = {{ file = {secret:?} }}\n");
    std::fs::write(&file, text).unwrap();
    let sources = Sources {
        file: Some(file.clone()),
        ..Sources::default()
    };
    assert_eq!(load(&sources).unwrap().files, [secret]);
    assert_eq!(sources.path(), Some(file));
    let (authority, other) = (authority(), authority());
    let file_of_authorities = folder.join("life.pem");
    let trusts = |pem: &str| {
        std::fs::write(&file_of_authorities, pem).unwrap();
        load(&Sources {
            command_line: vec![(
                "tls.ca_file".to_owned(),
                file_of_authorities.display().to_string(),
            )],
            ..sources.clone()
        })
        .unwrap()
    };
    let (before, after) = (trusts(&authority), trusts(&other));
    assert!(before.files.contains(&file_of_authorities));
    let differences = change::differences(&before, &after);
    let told: Vec<&str> = differences.iter().map(|found| found.key.as_str()).collect();
    assert_eq!(told, ["tls.ca_file"], "other authorities at the same path");
    assert_ne!(before.config.tls.authorities, after.config.tls.authorities);
    let fallback = Sources {
        fallback: Some("not-there.toml".into()),
        ..Sources::default()
    };
    assert_eq!(fallback.path(), Some("not-there.toml".into()));
}
