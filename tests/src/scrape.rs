//! What a running program shows of itself: its metrics, and its memory as the kernel sees it.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// One scrape of `/metrics`.
#[derive(Debug)]
pub struct Scrape(String);

impl Scrape {
    /// Asks an admin port.
    pub async fn of(admin: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(admin).await.expect("an admin port");
        let question =
            format!("GET /metrics HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n");
        let sent = stream.write_all(question.as_bytes()).await;
        sent.expect("a question can be sent");
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer).await;
        read.expect("metrics are shown");
        Self(String::from_utf8_lossy(&answer).into_owned())
    }

    /// The lines of all series with one of these words in their name, as long as they are not zero.
    #[must_use]
    pub fn lines_about(&self, words: &[&str]) -> String {
        let about = |line: &&str| {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            !line.starts_with('#') && words.iter().any(|word| name.contains(word))
        };
        let lines = self.0.lines().filter(about);
        let lines: Vec<&str> = lines.filter(|line| !line.ends_with(" 0")).collect();
        lines.join("\n")
    }

    /// The values of all series whose name and labels begin with these words.
    pub fn values(&self, start: &str) -> impl Iterator<Item = f64> {
        let lines = self.0.lines().filter(move |line| line.starts_with(start));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse().ok())
    }

    /// Their sum; there must be some.
    #[must_use]
    pub fn sum(&self, start: &str) -> f64 {
        assert!(
            self.values(start).next().is_some(),
            "no {start}: {}",
            self.0
        );
        self.values(start).sum()
    }
}

/// The memory a process has in use, in KiB.
#[must_use]
pub fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    let status = status.expect("the kernel tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|rest| rest.split_whitespace().next());
    figure
        .and_then(|figure| figure.parse().ok())
        .expect("a figure in kB")
}

/// The files and sockets a process has open.
#[must_use]
pub fn open_files(pid: u32) -> usize {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd"));
    files.expect("the kernel tells").count()
}
