//! The command line from outside: what each command says, and its exit code.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use headway_tests::program::Program;
use headway_tests::program::built;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;

/// How a command ended and what it said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

/// A folder of its own for a test, with nothing in it.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _was_not_there = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a command in a folder, with nothing but this environment.
fn headway(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Said {
    let output = Command::new(built())
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

const ONE: &str = "[[backends]]\nid = \"a\"\nurl = \"http://127.0.0.1:1\"\npool = \"read\"\n";

#[test]
fn a_good_file_passes() {
    let folder = folder("good");
    fs::write(folder.join("mine.toml"), ONE).unwrap();
    fs::write(folder.join("proxy.toml"), ONE).unwrap();
    let stories: [&[&str]; 4] = [
        &["check", "--config", "mine.toml"],
        &["check", "-c", "mine.toml", "--set", "health.max_lag=20"],
        // The file of the folder is found by itself.
        &["check"],
        &["config"],
    ];
    for arguments in stories {
        let said = headway(&folder, &[], arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.err);
        assert!(!said.out.is_empty());
    }
    let said = headway(&folder, &[("HEADWAY_CONFIG", "mine.toml")], &["config"]);
    assert!(said.out.contains("# mine.toml"), "{}", said.out);
}

#[test]
fn the_example_file_passes() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proxy.toml.example");
    let said = headway(
        &folder("example"),
        &[],
        &["check", "--config", &example.display().to_string()],
    );
    assert_eq!(
        (said.code, said.err.as_str()),
        (Some(0), ""),
        "{}",
        said.out
    );
}

const BAD: &str = r#"
    [health]
    max_lagg = 5
    interval = "soon"
    [limits]
    nesting = 100000
    [[backends]]
    id = "read-1"
    url = "ftp://user:cAnArY@host/cAnArY?key=cAnArY"
    pool = "reed"
    [[backends]]
    id = "read-2"
    url = "http://127.0.0.1:1"
    pool = "read"
"#;

#[test]
fn every_mistake_is_told_in_a_line_of_its_own() {
    let folder = folder("bad");
    fs::write(folder.join("bad.toml"), BAD).unwrap();
    let environment = [("HEADWAY_HEALTH__FALL", "none")];
    let arguments = ["--config", "bad.toml", "--set", "health.rise=0"];
    // Key, value where it may be shown, origin, and a word of what would be right.
    let mistakes = [
        ["health.max_lagg", "", "(bad.toml)", "health.max_lag"],
        ["health.interval", "\"soon\"", "(bad.toml)", "is right"],
        ["limits.nesting", "100000", "(bad.toml)", "512"],
        ["backends.read-1.url", "***", "(bad.toml)", "http://"],
        ["backends.read-1.pool", "\"reed\"", "(bad.toml)", "heavy"],
        [
            "health.fall",
            "\"none\"",
            "(environment HEADWAY_HEALTH__FALL)",
            "100",
        ],
        ["health.rise", "0", "(command line)", "100"],
    ];
    for command in ["check", "config", "run", "healthcheck"] {
        let arguments = [&[command], &arguments[..]].concat();
        let said = headway(&folder, &environment, &arguments);
        assert_eq!(said.code, Some(1), "{command}: {}", said.err);
        assert_eq!(said.out, "", "{command}");
        assert_eq!(
            said.err.lines().count(),
            mistakes.len(),
            "{command}: {}",
            said.err
        );
        for words in mistakes {
            let line = said
                .err
                .lines()
                .find(|line| line.starts_with(&format!("error: {}", words[0])));
            let line = line.unwrap_or_default();
            assert!(
                words.iter().all(|word| line.contains(word)),
                "{command}: {words:?} in {line:?} of\n{}",
                said.err
            );
            assert!(
                line.contains("; "),
                "what is wrong; what would be right: {line}"
            );
        }
        assert!(!said.err.contains("cAnArY"), "{}", said.err);
    }
}

#[test]
fn wrong_usage_is_2() {
    let folder = folder("usage");
    let stories: [&[&str]; 9] = [
        &["--nonsense"],
        &["nonsense"],
        &["check", "--nonsense"],
        &["check", "--config"],
        &["run", "--set", "no-equals-sign"],
        &["demo", "--nodes", "0"],
        &["healthcheck", "--timeout-ms", "0"],
        &["healthcheck", "--admin", "nonsense"],
        &[
            "healthcheck",
            "--set",
            "admin.listen=off",
            "-c",
            "proxy.toml",
        ],
    ];
    fs::write(folder.join("proxy.toml"), ONE).unwrap();
    for arguments in stories {
        let said = headway(&folder, &[], arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.err);
        assert!(said.out.is_empty() && !said.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let said = headway(&folder("none"), &[], &["check", "--config", "none.toml"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("none.toml"), "{}", said.err);
}

#[test]
fn every_command_has_help_with_an_example() {
    let folder = folder("help");
    let all = headway(&folder, &[], &["--help"]).out;
    for command in ["run", "check", "config", "demo", "devnet", "healthcheck"] {
        assert!(all.contains(&format!("\n  {command} ")), "{all}");
        let said = headway(&folder, &[], &[command, "--help"]);
        assert_eq!(said.code, Some(0), "{command}");
        let example = format!("headway {command}");
        let shown = said
            .out
            .lines()
            .filter(|line| line.starts_with("Example: "));
        assert!(
            shown.clone().any(|line| line.contains(&example)),
            "{}",
            said.out
        );
    }
}

const SECRETIVE: &str = r#"
    profile = "evm"
    [health]
    max_lag = 5
    [[backends]]
    id = "a"
    url = "http://cAnArY:cAnArY@127.0.0.1:81/cAnArY?key=${KEY}"
    pool = "read"
    leader = true
"#;
/// Key, value and origin.
const IN_FORCE: [(&str, &str, &str); 8] = [
    ("health.max_lag", "5", "proxy.toml"),
    ("health.fall", "4", "environment HEADWAY_HEALTH__FALL"),
    ("health.rise", "3", "command line"),
    ("health.block_time", "12s", "profile evm"),
    ("retry.tries", "2", "default"),
    (
        "backends.a.url",
        "http://***@127.0.0.1:81/***",
        "proxy.toml",
    ),
    (
        "backends.b.url",
        "http://h.example/***",
        "environment HEADWAY_BACKENDS__b__URL",
    ),
    (
        "backends.write-1.url",
        "http://***@127.0.0.1:82/***",
        "environment WRITE_ENDPOINT",
    ),
];

#[test]
fn config_shows_where_every_value_comes_from_and_no_secret() {
    let folder = folder("origins");
    fs::write(folder.join("proxy.toml"), SECRETIVE).unwrap();
    let environment = [
        ("KEY", "cAnArY"),
        ("HEADWAY_HEALTH__FALL", "4"),
        ("HEADWAY_BACKENDS__b__URL", "http://h.example/v3/cAnArY"),
        ("WRITE_ENDPOINT", "http://cAnArY@127.0.0.1:82/cAnArY"),
        ("HEADWAY_BACKENDS__b__POOL", "read"),
    ];
    let set = ["--set", "health.rise=3"];
    let text = headway(&folder, &environment, &[&["config"], &set[..]].concat());
    let json = headway(
        &folder,
        &environment,
        &[&["config", "--json"], &set[..]].concat(),
    );
    let check = headway(&folder, &environment, &[&["check"], &set[..]].concat());
    assert_eq!(
        (text.code, json.code, check.code),
        (Some(0), Some(0), Some(0)),
        "{}",
        text.err
    );
    let values: Vec<Value> = serde_json::from_str(&json.out).unwrap();
    for (key, value, origin) in IN_FORCE {
        let line = text
            .out
            .lines()
            .find(|line| line.starts_with(&format!("{key} ")));
        let line = line.unwrap_or_default();
        assert!(
            line.contains(value) && line.ends_with(&format!("# {origin}")),
            "{key}: {line}"
        );
        let shown = values.iter().find(|shown| shown["key"] == key).unwrap();
        assert!(shown["value"].to_string().contains(value), "{shown}");
        assert_eq!(shown["origin"], origin);
    }
    for said in [text, json, check] {
        assert!(!format!("{}{}", said.out, said.err).contains("cAnArY"));
    }
}

/// An address where nobody listens, and which nobody else gets meanwhile.
fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// What `healthcheck` says about an address.
fn health(folder: &Path, address: SocketAddr, more: &[&str]) -> Said {
    let admin = address.to_string();
    let arguments = [&["healthcheck", "--admin", &admin], more].concat();
    headway(folder, &[], &arguments)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healthcheck_tells_a_program_that_works_from_one_that_is_ready() {
    let folder = folder("health");
    let (_kept, dead) = nobody();
    let environment = [
        ("READ_ENDPOINT", dead.to_string()),
        ("WRITE_ENDPOINT", dead.to_string()),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
    ];
    let mut program = Program::spawn(&environment, &["run"]);
    program.serve().await;
    let admin = program.admin().await;
    let works = health(&folder, admin, &[]);
    assert_eq!(
        (works.code, works.out, works.err),
        (Some(0), String::new(), String::new())
    );
    let ready = health(&folder, admin, &["--ready"]);
    assert_eq!(ready.code, Some(1), "no backend has ever answered");
    assert!(
        ready.err.contains("/readyz") && ready.err.contains("503"),
        "{}",
        ready.err
    );
    // The configured address is asked when none is given; every address means this machine's own.
    let everywhere = format!("0.0.0.0:{}", admin.port());
    for listen in [admin.to_string(), everywhere] {
        let environment = [("HEADWAY_ADMIN__LISTEN", listen.as_str())];
        fs::write(folder.join("proxy.toml"), ONE).unwrap();
        let said = headway(&folder, &environment, &["healthcheck"]);
        assert_eq!(said.code, Some(0), "{listen}: {}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healthcheck_is_1_when_nobody_answers_or_not_in_http() {
    let folder = folder("unwell");
    let (_kept, refusing) = nobody();
    // The kernel takes the connection, and nobody reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let strange = other.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _peer)) = other.accept().await {
            let mut question = [0; 512];
            let _read = stream.read(&mut question).await;
            let _sent = stream.write_all(b"220 mail.example ready\r\n").await;
        }
    });
    for address in [refusing, silent.local_addr().unwrap(), strange] {
        for more in [
            &["--timeout-ms", "100"][..],
            &["--ready", "--timeout-ms", "100"],
        ] {
            let said = health(&folder, address, more);
            assert_eq!(said.code, Some(1), "{}", said.err);
            assert!(said.err.contains(&address.to_string()), "{}", said.err);
        }
    }
}
