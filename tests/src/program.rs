//! The real `headway` program: built once, started with an environment of its own, and killed when
//! the test ends.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Between two questions whether it is ready, and how often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(20);
const ASKS_MAX: usize = 500;
/// Looks at what it says until what is waited for must have come.
const LOOKS_MAX: usize = 1_500;
/// Looks at what a program said that has ended.
const GONE_MAX: usize = 50;
/// Lines of its log that are kept for a test that fails.
const LINES_MAX: usize = 10_000;

type Lines = Arc<Mutex<Vec<String>>>;

/// A running program. Dropping it kills it; a test that fails then shows what it had to say.
#[derive(Debug)]
pub struct Program {
    child: Child,
    address: SocketAddr,
    log: Lines,
    output: Lines,
}

impl Program {
    /// Starts `headway` with these arguments and nothing but this environment, and waits until it
    /// is ready for calls. Its data port should be 0: the port that was chosen is read from its log.
    pub async fn start(environment: &[(&str, String)], arguments: &[&str]) -> Self {
        let mut program = Self::spawn(environment, arguments);
        program.serve().await;
        program.ready().await;
        program
    }

    /// Starts `headway` in the same way and waits for nothing.
    #[must_use]
    pub fn spawn(environment: &[(&str, String)], arguments: &[&str]) -> Self {
        let mut child = Command::new(built())
            .args(arguments)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("headway can be started");
        let stdout = child.stdout.take().expect("its standard output is piped");
        let stderr = child.stderr.take().expect("its standard error is piped");
        Self {
            log: keep(stderr),
            output: keep(stdout),
            child,
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
        }
    }

    /// Waits until it says where it serves calls.
    pub async fn serve(&mut self) {
        let line = self.logged(&["serving address="]).await;
        self.address = told(&line).expect("an address follows");
    }

    /// Where it serves calls.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it serves operators, once its log has said so.
    pub async fn admin(&mut self) -> SocketAddr {
        let line = self.logged(&["listening listener=\"admin\""]).await;
        told(&line).expect("an address follows")
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// What it has printed so far.
    #[must_use]
    pub fn output(&self) -> Vec<String> {
        self.output.lock().unwrap().clone()
    }

    /// Waits for a line of its log that holds all these words.
    pub async fn logged(&mut self, words: &[&str]) -> String {
        let lines = Arc::clone(&self.log);
        self.line(&lines, words).await
    }

    /// Waits for a printed line that holds all these words.
    pub async fn printed(&mut self, words: &[&str]) -> String {
        let lines = Arc::clone(&self.output);
        self.line(&lines, words).await
    }

    async fn line(&mut self, lines: &Lines, words: &[&str]) -> String {
        let mut every = tokio::time::interval(ASK_EVERY);
        let mut gone = 0;
        let found = || {
            let lines = lines.lock().unwrap();
            let wanted = |line: &&String| words.iter().all(|word| line.contains(word));
            lines.iter().find(wanted).cloned()
        };
        for _ in 0..LOOKS_MAX {
            every.tick().await;
            if let Some(line) = found() {
                return line;
            }
            // Its last lines may still be on their way.
            let ended = self.child.try_wait().expect("it is our child").is_some();
            gone += usize::from(ended);
            assert!(gone < GONE_MAX, "headway ended and had not said {words:?}");
        }
        panic!("headway did not say {words:?}");
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let order = format!("kill -{name} {}", self.pid());
        let status = Command::new("sh").args(["-c", &order]).status();
        assert!(status.is_ok_and(|status| status.success()), "{order}");
    }

    /// Waits for its end; the exit code, or none when a signal killed it.
    pub async fn ended(&mut self) -> Option<i32> {
        let mut every = tokio::time::interval(ASK_EVERY);
        for _ in 0..LOOKS_MAX {
            every.tick().await;
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status.code();
            }
        }
        panic!("headway did not end");
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

/// Whether the program at an address says that it should get traffic; nothing when it does not answer.
pub async fn says_ready(address: SocketAddr) -> Option<bool> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let question = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer.starts_with("HTTP/1.1 200 "))
}

/// Keeps what the program says.
fn keep(source: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    std::thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            let mut kept = kept.lock().unwrap();
            if kept.len() < LINES_MAX {
                kept.push(line);
            }
        }
    });
    lines
}

/// The address in a line of the log.
#[must_use]
pub fn told(line: &str) -> Option<SocketAddr> {
    let (_, after) = line.split_once("address=")?;
    after.split_whitespace().next()?.parse().ok()
}

/// The program, built with the profile and in the target directory of the running test.
#[must_use]
pub fn built() -> &'static Path {
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
