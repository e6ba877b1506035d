//! A scripted node: reads requests from pipes as raw bytes and does what its script says.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::DuplexStream;
use tokio::sync::watch;

use crate::dial::tests::Pipes;
use crate::harness::words::answers;
use crate::harness::words::echo;
use crate::harness::words::long_begin;
use crate::harness::words::with_id;
use crate::tasks;

/// What a node does with one request. In texts `$ID` stands for the id the call came with.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers every call with its own name and the method's.
    Echo,
    /// Status and body.
    Say(u16, &'static str),
    /// Status, further header lines, and body.
    Headed(u16, &'static str, &'static str),
    /// Answers a batch with what this makes of the answers to its calls.
    Parts(fn(Vec<String>) -> String),
    /// Exactly these bytes; the connection stays open.
    Raw(&'static str),
    /// Exactly these bytes; then the connection is closed.
    Cut(&'static str),
    /// A result of so many letters, sent in pieces of unknown number.
    Long(usize),
    /// The same, with its length said before.
    LongCounted(usize),
    /// A long result that breaks off after so many letters.
    Broken(usize),
    /// A long result that stalls after so many letters, and goes on so many times after so long
    /// with so many more; then it says no more. Its length is said before, or not.
    Stalled(usize, (u32, Duration), bool),
    /// Waits before the act.
    After(Duration, Box<Act>),
    /// Never answers.
    Hang,
    /// Closes the connection once it has read the request.
    Reset,
    /// Closes the connection at the first byte of the request.
    Slam,
    /// Switches protocols with these further header lines, sends the text, and then sends back
    /// whatever comes until a line that says `bye`.
    Tunnel(&'static str, &'static str),
    /// Answers and closes the connection when idle for so long.
    EchoThenClose(Duration),
}

/// A request that reached a node.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    /// The connection it came on, counted from 0.
    pub(crate) connection: usize,
    /// The request line.
    pub(crate) line: String,
    /// Header names in lower case and values, sorted.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn header(&self, wanted: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct State {
    acts: Vec<Act>,
    got: Vec<Got>,
    connections: usize,
    left: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    id: &'static str,
    state: Arc<Mutex<State>>,
    dead: Arc<watch::Sender<bool>>,
}

impl Node {
    /// Lets a node answer at its own name.
    pub(crate) fn start(id: &'static str, acts: Vec<Act>, pipes: &Pipes) -> Self {
        let mut queue = pipes.host(id);
        let node = Self {
            id,
            state: Arc::new(Mutex::new(State {
                acts,
                ..State::default()
            })),
            dead: Arc::new(watch::channel(false).0),
        };
        let started = node.clone();
        tasks::background(async move {
            while let Some(pipe) = queue.recv().await {
                let node = node.clone();
                tasks::background(async move {
                    let mut killed = node.dead.subscribe();
                    let mut connection = Connection::new(node, pipe);
                    tokio::select! {
                        () = connection.serve() => {}
                        _dead = killed.wait_for(|dead| *dead) => {}
                    }
                });
            }
        });
        started
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.state().got.clone()
    }

    pub(crate) fn left(&self) -> usize {
        self.state().left
    }

    pub(crate) fn script(&self, acts: Vec<Act>) {
        self.state().acts = acts;
    }

    pub(crate) fn kill(&self) {
        self.dead.send_replace(true);
    }

    fn next(&self) -> Act {
        let mut state = self.state();
        if state.acts.len() > 1 {
            state.acts.remove(0)
        } else {
            state.acts[0].clone()
        }
    }
}

/// Whether a connection goes on after an act.
#[derive(PartialEq, Eq)]
enum After {
    Open,
    Closed,
}

struct Connection {
    node: Node,
    pipe: DuplexStream,
    number: usize,
    read: Vec<u8>,
}

impl Connection {
    fn new(node: Node, pipe: DuplexStream) -> Self {
        let number = node.state().connections;
        node.state().connections += 1;
        Self {
            node,
            pipe,
            number,
            read: Vec::new(),
        }
    }

    async fn serve(&mut self) {
        while self.read.is_empty() {
            if self.pipe.read_buf(&mut self.read).await.unwrap_or(0) == 0 {
                return;
            }
            let act = self.node.next();
            if matches!(act, Act::Slam) {
                let body = String::from_utf8_lossy(&self.read).into_owned();
                self.note(String::new(), Vec::new(), body);
                return;
            }
            let Some(body) = self.request().await else {
                return;
            };
            if self.perform(act, &body).await == After::Closed {
                return;
            }
        }
    }

    fn note(&self, line: String, headers: Vec<(String, String)>, body: String) {
        let connection = self.number;
        self.node.state().got.push(Got {
            connection,
            line,
            headers,
            body,
        });
    }

    /// Reads one request to its end and writes it down; gives its body.
    async fn request(&mut self) -> Option<String> {
        let end = loop {
            let found = self.read.windows(4).position(|four| four == b"\r\n\r\n");
            match found {
                Some(end) => break end,
                None => self.more().await?,
            }
        };
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let mut headers: Vec<_> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        headers.sort();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, length)| length.parse().unwrap());
        while self.read.len() < length {
            self.more().await?;
        }
        let body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        self.note(line, headers, body.clone());
        Some(body)
    }

    async fn more(&mut self) -> Option<()> {
        let read = self.pipe.read_buf(&mut self.read).await.unwrap_or(0);
        (read > 0).then_some(())
    }

    async fn perform(&mut self, act: Act, body: &str) -> After {
        match act {
            Act::Echo => self.say(200, "", &echo(self.node.id, body)).await,
            Act::Say(status, text) => self.say(status, "", &with_id(text, body)).await,
            Act::Headed(status, head, text) => {
                self.say(status, head, &with_id(text, body)).await;
            }
            Act::Parts(arrange) => {
                let text = arrange(answers(self.node.id, body));
                self.say(200, "", &text).await;
            }
            Act::Raw(text) => self.write(&with_id(text, body)).await,
            Act::Cut(text) => {
                self.write(&with_id(text, body)).await;
                return After::Closed;
            }
            Act::Long(letters) => self.long(letters, body).await,
            Act::LongCounted(letters) => {
                self.say(200, "", &(long_begin(body) + &"a".repeat(letters) + "\"}"))
                    .await;
            }
            Act::Broken(letters) => {
                self.long_begin(body).await;
                self.letters(letters).await;
                return After::Closed;
            }
            Act::Stalled(letters, (times, pause), counted) => {
                self.stalled(letters, (times, pause), (counted, body)).await;
                return After::Closed;
            }
            Act::After(wait, act) => {
                tokio::time::sleep(wait).await;
                return Box::pin(self.perform(*act, body)).await;
            }
            Act::Hang => {
                self.hang().await;
                return After::Closed;
            }
            Act::Reset | Act::Slam => return After::Closed,
            Act::Tunnel(head, text) => {
                self.tunnel(head, text).await;
                return After::Closed;
            }
            Act::EchoThenClose(wait) => {
                self.say(200, "", &echo(self.node.id, body)).await;
                // Whatever comes from now on is not read.
                tokio::time::sleep(wait).await;
                return After::Closed;
            }
        }
        After::Open
    }

    /// Says nothing more; notes when the proxy leaves.
    async fn hang(&mut self) {
        while self.more().await.is_some() {}
        self.node.state().left += 1;
    }

    async fn stalled(
        &mut self,
        letters: usize,
        (times, pause): (u32, Duration),
        (counted, body): (bool, &str),
    ) {
        if counted {
            self.write("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n")
                .await;
            self.write(&long_begin(body)).await;
            self.write(&"a".repeat(letters)).await;
        } else {
            self.long_begin(body).await;
            self.letters(letters).await;
        }
        for _ in 0..times {
            tokio::time::sleep(pause).await;
            match counted {
                true => self.write("aaa").await,
                false => self.piece("aaa").await,
            }
        }
        self.hang().await;
    }

    async fn tunnel(&mut self, head: &str, text: &str) {
        self.write(&format!(
            "HTTP/1.1 101 Switching Protocols\r\n{head}\r\n{text}"
        ))
        .await;
        while self.read != b"bye" {
            let back = std::mem::take(&mut self.read);
            self.write(std::str::from_utf8(&back).unwrap()).await;
            if self.more().await.is_none() {
                self.node.state().left += 1;
                return;
            }
        }
    }

    async fn say(&mut self, status: u16, head: &str, body: &str) {
        let length = body.len();
        self.write(&format!(
            "HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n{head}\r\n{body}"
        ))
        .await;
    }

    async fn write(&mut self, text: &str) {
        // The proxy may have left; that is noticed when the next request does not come.
        let _left = self.pipe.write_all(text.as_bytes()).await;
    }

    async fn piece(&mut self, text: &str) {
        self.write(&format!("{:x}\r\n{text}\r\n", text.len())).await;
    }

    async fn long_begin(&mut self, body: &str) {
        self.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        self.piece(&long_begin(body)).await;
    }

    async fn letters(&mut self, letters: usize) {
        let text = "a".repeat(letters);
        for piece in text.as_bytes().chunks(10_000) {
            self.piece(std::str::from_utf8(piece).unwrap()).await;
        }
    }

    async fn long(&mut self, letters: usize, body: &str) {
        self.long_begin(body).await;
        self.letters(letters).await;
        self.piece("\"}").await;
        self.write("0\r\n\r\n").await;
    }
}
