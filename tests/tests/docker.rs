//! The files of the containers, read as text: what they name exists, and they agree with each other.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says what it left out"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use config::keys;
use config::load::Sources;
use config::load::load;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// A file without its comments.
fn spoken(name: &str) -> String {
    let text = read(name);
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

/// The instructions of the Dockerfile, each on one line.
fn instructions() -> Vec<String> {
    let text = spoken("docker/Dockerfile").replace("\\\n", " ");
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}

/// The instructions of a stage and of those it stands on.
fn stage(name: &str) -> Vec<String> {
    let all = instructions();
    let wanted = format!(" AS {name}");
    let start = all.iter().position(|line| line.ends_with(&wanted)).unwrap();
    let own = all
        .iter()
        .skip(start + 1)
        .take_while(|line| !line.starts_with("FROM "));
    let base = all[start].split(' ').nth(1).unwrap();
    let below = match all
        .iter()
        .any(|line| line.ends_with(&format!(" AS {base}")))
    {
        true => stage(base),
        false => Vec::new(),
    };
    below.into_iter().chain(own.cloned()).collect()
}

/// The environment of a stage, in its order.
fn environment(name: &str) -> Vec<(String, String)> {
    let lines = stage(name);
    let lines = lines.iter().filter_map(|line| line.strip_prefix("ENV "));
    let pairs = lines.flat_map(|line| line.split(' ').map(|pair| pair.split_once('=').unwrap()));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Words of a text that look like a variable of Headway's.
fn variables(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words
        .filter(|word| word.starts_with("HEADWAY_"))
        .map(str::to_owned)
        .collect()
}

fn exposed(name: &str) -> Vec<String> {
    let lines = stage(name);
    let lines = lines.iter().filter_map(|line| line.strip_prefix("EXPOSE "));
    lines
        .flat_map(|line| line.split(' ').map(str::to_owned))
        .collect()
}

#[test]
fn every_variable_is_a_key() {
    for name in ["docker/Dockerfile", "docker/compose.yaml"] {
        for variable in variables(&spoken(name)) {
            let key = variable
                .trim_start_matches("HEADWAY_")
                .to_lowercase()
                .replace("__", ".");
            assert!(keys::named(&key).is_some(), "{name}: {variable}");
        }
    }
}

#[test]
fn the_drop_in_takes_what_the_original_takes() {
    let lines = stage("drop-in");
    let mut given = environment("drop-in");
    for name in [
        "WRITE_ENDPOINT",
        "READ_ENDPOINT",
        "TEST_ENDPOINT",
        "WS_ENDPOINT",
    ] {
        assert!(lines.contains(&format!("ARG {name}")), "{name}");
        let pair = given.iter_mut().find(|(known, _)| known == name).unwrap();
        assert_eq!(pair.1, format!("${{{name}}}"));
        pair.1 = "host.docker.internal:8881".to_owned();
    }
    // What was not given as an argument is an empty variable.
    given
        .iter_mut()
        .filter(|(_, value)| value.starts_with('$'))
        .for_each(|(_, value)| value.clear());
    let loaded = load(&Sources {
        environment: given,
        ..Sources::default()
    })
    .unwrap();
    assert_eq!(loaded.warnings, []);
    let config = loaded.config;
    assert_eq!(config.backends.len(), 4);
    assert_eq!(config.server.listen, ["0.0.0.0:80".parse().unwrap()]);
    assert_eq!(config.logs.directory, Some("/var/log/nginx".into()));
    assert!(
        !lines.iter().any(|line| line.starts_with("USER ")),
        "its logs belong to root"
    );
    let ports = [
        config.server.listen.first(),
        config.server.health_listen.as_ref(),
        config.admin.listen.as_ref(),
    ];
    let ports = ports.map(|address| address.unwrap().port().to_string());
    assert_eq!(
        exposed("drop-in"),
        [&*ports[0], "443", &*ports[1], &*ports[2]]
    );
}

#[test]
fn the_default_image_is_the_last_and_has_no_privileges() {
    let last = instructions()
        .into_iter()
        .rfind(|line| line.starts_with("FROM "))
        .unwrap();
    assert_eq!(last, "FROM program AS headway");
    let lines = stage("headway");
    assert!(lines.contains(&"USER 65532:65532".to_owned()));
    let mut given = environment("headway");
    given.push(("READ_ENDPOINT".to_owned(), "h:1".to_owned()));
    given.push(("WRITE_ENDPOINT".to_owned(), "h:2".to_owned()));
    let config = load(&Sources {
        environment: given,
        ..Sources::default()
    })
    .unwrap()
    .config;
    let ports = [
        config.server.listen.first(),
        config.server.health_listen.as_ref(),
        config.admin.listen.as_ref(),
    ];
    let ports = ports.map(|address| address.unwrap().port().to_string());
    assert_eq!(exposed("headway"), ports);
    for line in ["ENTRYPOINT [\"/headway\"]", "CMD [\"run\"]"] {
        assert!(lines.contains(&line.to_owned()), "{line}");
    }
    let check = lines
        .iter()
        .find(|line| line.starts_with("HEALTHCHECK "))
        .unwrap();
    assert!(
        check.ends_with("CMD [\"/headway\", \"healthcheck\"]"),
        "{check}"
    );
}

#[test]
fn it_is_built_by_our_toolchain_from_what_is_not_ignored() {
    let toolchain = read("rust-toolchain.toml");
    let channel = toolchain.split('"').nth(1).unwrap();
    let base = format!("FROM docker.io/library/rust:{channel}-bookworm AS build");
    assert!(instructions().contains(&base), "{base}");
    let ignored = spoken(".dockerignore");
    assert!(ignored.lines().any(|line| line == "*"));
    let workspace = read("Cargo.toml");
    let members = workspace
        .split("members = [")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    let members = members
        .split('"')
        .skip(1)
        .step_by(2)
        .map(|member| member.trim_end_matches("/*"));
    for name in members.chain(["Cargo.toml", "Cargo.lock"]) {
        assert!(
            ignored.lines().any(|line| line == format!("!{name}")),
            "{name}"
        );
        assert!(root().join(name).exists(), "{name}");
    }
}

/// The lines of one service of the compose file.
fn service(name: &str) -> Vec<String> {
    let text = spoken("docker/compose.yaml");
    let lines = text
        .lines()
        .skip_while(|line| *line != format!("  {name}:"))
        .skip(1);
    lines
        .take_while(|line| line.starts_with("    ") || line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_compose_file_agrees_with_what_it_starts() {
    let text = spoken("docker/compose.yaml");
    let services = text
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    let services: Vec<&str> = services.filter(|name| !name.starts_with(' ')).collect();
    assert_eq!(services, ["devnet", "headway", "prometheus"]);
    let networks = service("devnet").join(" ");
    assert!(networks.contains("\"--port\", \"18000\""), "{networks}");
    // Read nodes, miners, a nodeos, the leader: in the order in which a network takes its ports.
    let nodes = |kind: &str| {
        let line = service("headway")
            .into_iter()
            .find(|line| line.contains(kind))
            .unwrap();
        let list = line.split(": ").nth(1).unwrap().to_owned();
        list.split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        nodes("READ_ENDPOINT"),
        ["devnet:18000", "devnet:18001", "devnet:18002"]
    );
    assert_eq!(nodes("WRITE_ENDPOINT"), ["devnet:18003", "devnet:18004"]);
    assert_eq!(nodes("LEADER_ENDPOINT"), ["devnet:18006"]);
    for name in ["devnet", "headway"] {
        assert!(
            service(name).contains(&"    image: headway".to_owned()),
            "{name}"
        );
    }
    let published = service("headway").into_iter().filter_map(|line| {
        Some(
            line.trim()
                .strip_prefix("- \"127.0.0.1:")?
                .trim_end_matches('"')
                .to_owned(),
        )
    });
    for pair in published {
        let (_, inside) = pair.split_once(':').unwrap();
        assert!(exposed("headway").contains(&inside.to_owned()), "{pair}");
    }
    let scraped = spoken("docker/prometheus.yml");
    let admin = exposed("headway").last().unwrap().clone();
    assert!(
        scraped.contains(&format!("\"headway:{admin}\"")),
        "{scraped}"
    );
    let mounted = service("prometheus").join("\n");
    assert!(mounted.contains("./prometheus.yml:/etc/prometheus/prometheus.yml:ro"));
}

#[test]
fn prometheus_reads_its_configuration() {
    let file = root().join("docker/prometheus.yml");
    match Command::new("promtool")
        .args(["check", "config"])
        .arg(file)
        .output()
    {
        Ok(checked) => assert!(checked.status.success(), "{checked:?}"),
        Err(_) => eprintln!("LEFT OUT: docker/prometheus.yml, because promtool is not here"),
    }
}
