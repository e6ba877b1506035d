//! The real program and backends behind TLS: who is trusted, why others are not, and that the keys in
//! their URLs are seen nowhere.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use headway_tests::echo::FRAME;
use headway_tests::http::http;
use headway_tests::program::Program;
use headway_tests::program::built;
use headway_tests::secure::Authority;
use headway_tests::secure::Door;
use headway_tests::secure::Manner;
use headway_tests::secure::Secure;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

fn call(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#)
}

async fn ask(address: SocketAddr) -> Value {
    let (_, answer) = http(address, "POST", "/", &call("eth_getBalance", "[]")).await;
    serde_json::from_str(&answer).unwrap()
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// An environment with these backends, each an id, a pool and a URL.
fn environment(backends: &[(&str, &str, String)], authority: &str) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut environment = vec![
        pair("HEADWAY_PROFILE", "evm"),
        pair("HEADWAY_SERVER__LISTEN", "127.0.0.1:0"),
        pair("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0"),
        pair("HEADWAY_TLS__CA_FILE", authority),
    ];
    for (id, pool, url) in backends {
        environment.push((format!("HEADWAY_BACKENDS__{id}__URL"), url.clone()));
        environment.push((format!("HEADWAY_BACKENDS__{id}__POOL"), (*pool).to_owned()));
    }
    environment
}

fn borrowed(environment: &[(String, String)]) -> Vec<(&str, String)> {
    let pairs = environment.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect()
}

const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

const HERE: &str = "127.0.0.1";

/// A backend, and why it should not be reached.
struct Cast {
    id: &'static str,
    door: Door,
    host: &'static str,
    why: Option<&'static str>,
}

const fn cast(id: &'static str, door: Door, host: &'static str, why: Option<&'static str>) -> Cast {
    Cast {
        id,
        door,
        host,
        why,
    }
}

/// The one called stranger has a certificate from an authority that is not in the file.
const CAST: [Cast; 8] = [
    cast("good", Door::Tls(HERE, 4000), HERE, None),
    cast("named", Door::Tls("localhost", 4000), "localhost", None),
    cast("old", Door::OldTls(HERE), HERE, None),
    cast(
        "expired",
        Door::Tls(HERE, 2021),
        HERE,
        Some("its certificate has expired"),
    ),
    cast(
        "other",
        Door::Tls("other.test", 4000),
        HERE,
        Some("its certificate is for another name"),
    ),
    cast(
        "stranger",
        Door::Tls(HERE, 4000),
        HERE,
        Some("its certificate is from an unknown issuer"),
    ),
    cast("plain", Door::Plain, HERE, Some("it does not speak TLS")),
    cast("mute", Door::Mute, HERE, Some("no connection in time")),
];

/// Waits until everybody who cannot be reached was told about, and found down.
async fn found_down(program: &mut Program) {
    for Cast { id, why, .. } in CAST {
        let Some(why) = why else { continue };
        let backend = format!("backend={id}");
        let words = ["WARN", "cannot be connected to", &backend, why];
        program.logged(&words).await;
        let down = format!("backend=\"{id}\"");
        program.logged(&[&down, "to=\"down\""]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_proves_to_be_who_they_should_be_serves_and_nobody_else() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let authority = file("who-proves.pem");
    ours.write(&authority);
    let mut backends = Vec::new();
    let mut running = Vec::new();
    for Cast { id, door, host, .. } in CAST {
        let authority = if id == "stranger" { &theirs } else { &ours };
        let secure = Secure::start(authority, door, Manner::Node).await;
        let port = secure.address().port();
        backends.push((id, "read", format!("https://{host}:{port}/v3/key")));
        running.push(secure);
    }
    let environment = environment(&backends, authority.to_str().unwrap());
    let mut program = Program::start(&borrowed(&environment), &["run"]).await;
    let admin = program.admin().await;
    found_down(&mut program).await;
    for _ in 0..50 {
        assert_eq!(ask(program.address()).await["result"], "0x1");
    }
    let metrics = http(admin, "GET", "/metrics", "").await.1;
    for Cast { id, why, .. } in CAST {
        let up = u8::from(why.is_none());
        let line = format!("headway_backend_up{{backend=\"{id}\"}} {up}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
        let Some(why) = why else { continue };
        let words = ["cannot be connected", id, why];
        let told = program.log().into_iter();
        let told = told.filter(|line| words.iter().all(|word| line.contains(word)));
        assert_eq!(told.count(), 1, "{id} is told once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_socket_is_tunnelled_into_tls() {
    let ours = Authority::new();
    let authority = file("web-socket.pem");
    ours.write(&authority);
    let node = Secure::start(&ours, Door::Tls("127.0.0.1", 4000), Manner::Node).await;
    let url = format!("https://{}/ws/key", node.address());
    let backends = [("r", "read", url.clone()), ("w", "ws", url)];
    let environment = environment(&backends, authority.to_str().unwrap());
    let program = Program::start(&borrowed(&environment), &["run"]).await;
    let mut stream = TcpStream::connect(program.address()).await.unwrap();
    stream.write_all(UPGRADE.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(FRAME) {
        assert!(stream.read_buf(&mut heard).await.unwrap() > 0, "{heard:?}");
    }
    assert!(heard.starts_with(b"HTTP/1.1 101 "));
}

/// What must be seen nowhere: in any case, and as it goes into `Authorization`.
const SECRETS: [&str; 2] = ["canary", "y2fuyxj5"];

fn no_secret(texts: &[String]) {
    for text in texts {
        let lower = text.to_ascii_lowercase();
        let seen = SECRETS.iter().any(|secret| lower.contains(secret));
        assert!(!seen, "{text}");
    }
}

/// Backends of every kind whose URLs are full of keys.
async fn careless(
    ours: &Authority,
    theirs: &Authority,
) -> (Vec<Secure>, Vec<(&'static str, String)>) {
    let here = "127.0.0.1";
    let elsewhere = "Location: https://canary.test/canary\r\n".to_owned();
    let mut running = Vec::new();
    let mut urls = Vec::new();
    for (id, authority, door, manner) in [
        ("good", ours, Door::Tls(here, 4000), Manner::Node),
        ("plain", ours, Door::Plain, Manner::Node),
        ("stranger", theirs, Door::Tls(here, 4000), Manner::Node),
        (
            "unasked",
            ours,
            Door::Tls(here, 4000),
            Manner::Page(401, String::new()),
        ),
        (
            "moved",
            ours,
            Door::Tls(here, 4000),
            Manner::Page(302, elsewhere.clone()),
        ),
        (
            "movedplain",
            ours,
            Door::Plain,
            Manner::Page(308, elsewhere),
        ),
    ] {
        let secure = Secure::start(authority, door, manner).await;
        let scheme = if matches!(door, Door::Plain) {
            "http"
        } else {
            "https"
        };
        let address = secure.address();
        urls.push((
            id,
            format!("{scheme}://canary:canary@{address}/v3/canary?key=canary"),
        ));
        running.push(secure);
    }
    let refused =
        |scheme: &str| format!("{scheme}://canary:canary@127.0.0.1:1/v3/canary?key=canary");
    urls.push(("refused", refused("http")));
    urls.push(("refusedtls", refused("https")));
    urls.push((
        "nobody",
        "https://canary:canary@nobody.invalid/canary?key=canary".to_owned(),
    ));
    (running, urls)
}

/// What the commands say that only look.
fn looked_at(environment: &[(String, String)]) -> Vec<String> {
    let mut heard = Vec::new();
    for arguments in [&["config"][..], &["config", "--json"], &["check"]] {
        let mut command = Command::new(built());
        let command = command.args(arguments).env_clear();
        let output = command.envs(environment.iter().cloned()).output().unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        heard.push(String::from_utf8([output.stdout, output.stderr].concat()).unwrap());
    }
    heard
}

/// What a client hears first who wants a WebSocket.
async fn knocked(data: SocketAddr) -> String {
    let mut stream = TcpStream::connect(data).await.unwrap();
    stream.write_all(UPGRADE.as_bytes()).await.unwrap();
    let mut answer = vec![0; 2_000];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

/// Everything that a program with these backends can be made to say.
async fn everything(
    backends: &[(&str, &str, String)],
    authority: &str,
    format: &str,
) -> Vec<String> {
    let mut environment = environment(backends, authority);
    let folder = file(&format!("keys-in-urls-{format}"));
    let _made_by_an_earlier_run = std::fs::remove_dir_all(&folder);
    for (name, value) in [
        ("HEADWAY_PROFILE", "tx_proxy"),
        ("HEADWAY_LOGS__DIRECTORY", folder.to_str().unwrap()),
        ("HEADWAY_LOGS__LEVEL", "debug"),
        ("HEADWAY_LOGS__FORMAT", format),
        ("HEADWAY_LOGS__ACCESS", "stdout"),
        ("HEADWAY_HEALTH__INTERVAL", "200ms"),
    ] {
        environment.push((name.to_owned(), value.to_owned()));
    }
    let mut heard = looked_at(&environment);
    let mut program = Program::spawn(&borrowed(&environment), &["run"]);
    let listening = match format {
        "json" => ["\"listener\":\"admin\"", "\"address\":\""],
        _ => ["listener=\"admin\"", "address="],
    };
    let admin = told(&program.logged(&listening).await, listening[1]);
    let serving = [listening[1], "serving"];
    let data = told(&program.logged(&serving).await, listening[1]);
    for body in [
        call("eth_blockNumber", "[]"),
        call("eth_sendRawTransaction", "[\"0x00\"]"),
    ] {
        heard.push(http(data, "POST", "/", &body).await.1);
        heard.push(http(data, "POST", "/", &format!("[{body},{body}]")).await.1);
    }
    heard.push(knocked(data).await);
    for (id, _, _) in backends {
        if !["good", "plain", "ws"].contains(id) {
            program.logged(&[id, "down"]).await;
        }
    }
    for (address, path) in [
        (data, "/"),
        (data, "/readyz"),
        (admin, "/readyz"),
        (admin, "/metrics"),
        (admin, "/"),
    ] {
        heard.push(http(address, "GET", path, "").await.1);
    }
    program.signal("TERM");
    assert_eq!(program.ended().await, Some(0));
    assert!(!program.output().is_empty(), "the access log");
    heard.extend(program.log());
    heard.extend(program.output());
    let files = files(&folder);
    let mut names = files.iter().map(|(name, _)| name.as_str());
    assert!(
        names.any(|name| name.ends_with("post-data.log")),
        "{files:?}"
    );
    heard.extend(files.into_iter().map(|(_, text)| text));
    heard
}

/// The names and texts of all files in a folder and in those inside.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

fn told(line: &str, before: &str) -> SocketAddr {
    let (_, after) = line.split_once(before).unwrap();
    let end = |c: char| !(c.is_ascii_digit() || c == '.' || c == ':');
    after.split(end).next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_in_urls_are_seen_nowhere() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let authority = file("keys-in-urls.pem");
    ours.write(&authority);
    let (_running, urls) = careless(&ours, &theirs).await;
    for (format, left_out) in [("text", &[][..]), ("json", &["good", "plain"])] {
        let mut backends: Vec<_> = urls
            .iter()
            .filter(|(id, _)| !left_out.contains(id))
            .zip(["read", "write", "heavy"].into_iter().cycle())
            .map(|((id, url), pool)| (*id, pool, url.clone()))
            .collect();
        let moved = urls.iter().find(|(id, _)| *id == "moved").unwrap();
        backends.push(("ws", "ws", moved.1.clone()));
        let heard = everything(&backends, authority.to_str().unwrap(), format).await;
        no_secret(&heard);
    }
}

#[test]
fn problems_with_urls_show_no_keys() {
    for url in [
        "https://canary:canary@a..b/v3/canary?key=canary",
        "https://canary:canary@169.254.169.254/canary",
        "https://canary:canary@h:99999/canary",
        "https://canary canary@h/canary",
        "canary://canary:canary@h/canary",
        "canary",
    ] {
        let environment = [
            ("HEADWAY_BACKENDS__a__URL", url),
            ("HEADWAY_BACKENDS__a__POOL", "read"),
        ];
        for command in ["check", "config", "run"] {
            let mut program = Command::new(built());
            let program = program.arg(command).env_clear().envs(environment);
            let output = program.output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{command} {url}");
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains("backends.a.url"), "{text}");
            no_secret(&[text]);
        }
    }
}
