//! Nothing that a configuration shows holds a secret.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::PathBuf;

use config::load::Loaded;
use config::load::Sources;
use config::load::load;
use config::problem::Problem;

const CANARY: &str = "c4n4ry";

fn say(name: &str, toml: &str) -> Result<Loaded, Vec<Problem>> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let secret = folder.join(format!("{name}.secret"));
    fs::write(&secret, format!("http://h:4/{CANARY}\n")).unwrap();
    let toml = toml.replace("SECRET_FILE", secret.to_str().unwrap());
    let file = folder.join(format!("{name}.toml"));
    fs::write(&file, toml).unwrap();
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    load(&Sources {
        fallback: None,
        file: Some(file),
        environment: vec![
            variable("KEY", CANARY),
            variable("URL", &format!("http://{CANARY}:{CANARY}@h:3/{CANARY}")),
            variable(
                "HEADWAY_BACKENDS__e__URL",
                &format!("http://h:5/?key={CANARY}"),
            ),
            variable("HEADWAY_BACKENDS__e__POOL", "read"),
        ],
        command_line: vec![variable("backends.e.weight", "2")],
    })
}

#[test]
fn what_loads_shows_none() {
    let loaded = say(
        "loads",
        "[[backends]]
         id = 'a'
         url = 'http://h:1/v3/${KEY}?k=${KEY}'
         pool = 'read'
         [[backends]]
         id = 'b'
         url = { env = 'URL' }
         pool = 'write'
         [[backends]]
         id = 'c'
         url = { file = 'SECRET_FILE' }
         pool = 'heavy'",
    )
    .unwrap();
    let urls: Vec<&str> = loaded
        .config
        .backends
        .iter()
        .map(|b| &*b.url.path)
        .collect();
    let hidden = ["/v3/c4n4ry?k=c4n4ry", "/c4n4ry", "/c4n4ry", "/?key=c4n4ry"];
    assert_eq!(urls, hidden, "the secrets did arrive");
    let shown = format!("{loaded:?} {loaded:#?}");
    assert!(!shown.contains(CANARY), "{shown}");
    let shown = loaded
        .values
        .iter()
        .find(|value| value.key == "backends.b.url")
        .unwrap();
    assert_eq!(shown.value, "\"http://***@h:3/***\"");
}

#[test]
fn what_does_not_load_shows_none() {
    let stories = [
        "[[backends]]\nid = 'a'\nurl = 'ftp://h/${KEY}'\npool = 'read'",
        "[[backends]]\nid = 'a'\nurl = 'c4n4ry'\npool = 'read'",
        "[[backends]]\nid = 'a'\nurl = 'https://user:c4n4ry@a..b/'\npool = 'read'",
        "[[backends]]\nid = 'http://h/c4n4ry'\nurl = 'http://h/'\npool = 'read'",
        "[[backends]]\nid = 'a'\nurl = 'http://h/'\npool = 'http://h/c4n4ry'",
        "[[backends]]\nid = 'a'\nurl = ['http://h/c4n4ry']\npool = 'read'",
        "[[backends]]\nid = 'a'\nurl = { envy = 'c4n4ry' }\npool = 'read'",
        "[[backends]]\nid = 'a'\nurl = { env = 'http://h/c4n4ry' }\npool = 'read'",
        "[[backends]]\nid = 'a'\nurl = { env = 'GONE' }\npool = 'read'",
        "[[backends]]\nid = 'a'\nurl = { file = '/nowhere/at/all' }\npool = 'read'",
        "[[backends]]\nid = 'a'\nurl = { file = 'SECRET_FILE', env = 'URL' }\npool = 'read'",
        "[[backends]]\nid = 'a'\nurl = 'http://h'\npool = 'read'\npassword = 'c4n4ry'",
        "[server]\nlisten = 'http://h/c4n4ry'",
        "[server]\nlisten = ['user:c4n4ry@h']",
        "[health]\nmax_lag = '${KEY}'",
        "[methods]\nread = ['${KEY}!']",
        "[logs]\nlevel = '${KEY}'",
        "[admin]\ntoken = 'c4n4ry'",
        "[store]\nurl = 'redis://:c4n4ry@h'",
        "'http://h/c4n4ry' = 1",
        "[health]\n'http://h/c4n4ry' = 1",
        "url = 'http://h/c4n4ry",
        "url = c4n4ry",
        "[[backends]]\nurl = \"http://h/c4n4ry\\q\"",
        "url = http://h/c4n4ry",
    ];
    for (index, story) in stories.into_iter().enumerate() {
        let problems = say(&format!("refused-{index}"), story).unwrap_err();
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let shown = format!("{lines:#?} {problems:?}");
        assert!(!shown.contains(CANARY), "{story}\n{shown}");
        assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
    }
}
