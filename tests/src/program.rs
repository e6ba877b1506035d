//! The real `headway` program: built once, started with an environment of its own, and killed when
//! the test ends.

use std::io::BufRead;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStderr;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// How long the program may take until it says where it serves.
const START: Duration = Duration::from_secs(30);
/// Between two questions whether it is ready, and how often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(20);
const ASKS_MAX: usize = 500;
/// Lines of its log that are kept for a test that fails.
const LINES_MAX: usize = 10_000;

/// A running program. Dropping it kills it; a test that fails then shows what it had to say.
#[derive(Debug)]
pub struct Program {
    child: Child,
    address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Starts `headway` with these arguments and nothing but this environment, and waits until it
    /// is ready for calls. Its data port should be 0: the port that was chosen is read from its log.
    pub async fn start(environment: &[(&str, String)], arguments: &[&str]) -> Self {
        let mut child = Command::new(built())
            .args(arguments)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("headway can be started");
        let stderr = child.stderr.take().expect("its standard error is piped");
        let lines = Arc::default();
        let (found, serving) = oneshot::channel();
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || listen(stderr, &kept, found));
        let mut program = Self {
            child,
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            lines,
        };
        match tokio::time::timeout(START, serving).await {
            Ok(Ok(address)) => program.address = address,
            Ok(Err(_)) => panic!("headway ended before it served"),
            Err(_) => panic!("headway did not serve within {START:?}"),
        }
        program.ready().await;
        program
    }

    /// Where it serves calls.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id, for signals.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Asks until the data port says that it should get traffic.
    async fn ready(&self) {
        let mut every = tokio::time::interval(ASK_EVERY);
        for _ in 0..ASKS_MAX {
            every.tick().await;
            if says_ready(self.address).await == Some(true) {
                return;
            }
        }
        panic!("headway did not get ready");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, which is the test's to judge.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- headway said:\n{}\n---", self.log().join("\n"));
        }
    }
}

async fn says_ready(address: SocketAddr) -> Option<bool> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let question = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer.starts_with("HTTP/1.1 200 "))
}

/// Keeps what the program logs, and tells the address it serves on as soon as it says so.
fn listen(stderr: ChildStderr, kept: &Mutex<Vec<String>>, found: oneshot::Sender<SocketAddr>) {
    let mut found = Some(found);
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some(address) = serving(&line)
            && let Some(found) = found.take()
        {
            let _nobody_waits = found.send(address);
        }
        let mut kept = kept.lock().unwrap();
        if kept.len() < LINES_MAX {
            kept.push(line);
        }
    }
}

fn serving(line: &str) -> Option<SocketAddr> {
    let (_, after) = line.split_once("serving address=")?;
    after.split_whitespace().next()?.parse().ok()
}

/// The program, built with the profile and in the target directory of the running test.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().expect("a test knows its own file");
        let output = test
            .ancestors()
            .find(|folder| folder.ends_with("deps"))
            .and_then(Path::parent)
            .expect("tests are built into <target>/<profile>/deps");
        let profile = match output.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(profile) => profile,
        };
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--package",
                "headway",
                "--profile",
                profile,
            ])
            .arg("--target-dir")
            .arg(
                output
                    .parent()
                    .expect("a profile has a folder in the target directory"),
            )
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo can be started");
        assert!(status.success(), "headway does not build");
        output.join("headway")
    })
}
