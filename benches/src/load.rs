//! The load generator: keep-alive connections, one call at a time on each, every answer checked.

use std::fmt::Write;
use std::io;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use bytes::BytesMut;
use serde::Deserialize;
use serde::Serialize;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::arguments::Load;
use crate::say;
use crate::wire;
use crate::wire::Message;

/// The last answers may come this long after the end, or the load has failed.
const LAST_ANSWER_WAIT: Duration = Duration::from_secs(10);

/// What a load has seen.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Seen {
    /// Calls that were answered, rightly or not.
    pub(crate) calls: u64,
    /// Answers that were not what the upstream says to that call.
    pub(crate) wrong: u64,
    /// The first of them.
    pub(crate) first_wrong: Option<String>,
    /// From the first call to the last answer.
    pub(crate) seconds: f64,
    /// Half of the answers took less.
    pub(crate) p50_micros: u32,
    /// One answer of a hundred took longer.
    pub(crate) p99_micros: u32,
}

/// The calls of one connection.
struct Series {
    /// The number of the next call, which is its id and the balance to come back.
    next: u64,
    /// How many connections share the numbers.
    step: u64,
    /// Another one in each load, so that no address is ever asked twice.
    salt: u64,
    end: Instant,
}

#[derive(Default)]
struct Tally {
    micros: Vec<u32>,
    wrong: u64,
    first_wrong: Option<String>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    id: u64,
    result: &'a str,
}

/// Calls for the time given, then says what was seen, as one line of JSON.
pub(crate) async fn run(wanted: &Load) -> io::Result<()> {
    let mut streams = Vec::new();
    for _ in 0..wanted.connections {
        let stream = TcpStream::connect(wanted.address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let begun = Instant::now();
    let end = begun + Duration::from_millis(wanted.millis);
    let salt = SystemTime::now().duration_since(UNIX_EPOCH);
    // Nanoseconds since 1970 fit until the year 2554; cut off, they still differ.
    let salt = salt.map_or(0, |since| since.as_nanos() as u64);
    let mut connections = JoinSet::new();
    for (next, stream) in (0..).zip(streams) {
        let step = u64::from(wanted.connections);
        connections.spawn(call(
            stream,
            Series {
                next,
                step,
                salt,
                end,
            },
        ));
    }
    let mut all = Tally::default();
    let gathered = async {
        while let Some(tally) = connections.join_next().await {
            all.add(tally.map_err(io::Error::other)??);
        }
        Ok::<_, io::Error>(())
    };
    tokio::time::timeout_at((end + LAST_ANSWER_WAIT).into(), gathered).await??;
    let seen = all.seen(begun.elapsed());
    say::line(&serde_json::to_string(&seen)?);
    Ok(())
}

async fn call(mut stream: TcpStream, mut series: Series) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut read = BytesMut::with_capacity(4096);
    let (mut body, mut request) = (String::new(), String::new());
    loop {
        series.write(&mut body, &mut request)?;
        let begun = Instant::now();
        if begun >= series.end {
            return Ok(tally);
        }
        stream.write_all(request.as_bytes()).await?;
        let message = loop {
            if stream.read_buf(&mut read).await? == 0 {
                let early = "a connection was closed under a call";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, early));
            }
            if let Some(message) = wire::first(&read)? {
                break message;
            }
        };
        tally.answered(begun.elapsed(), series.next, &message);
        read.clear();
        series.next += series.step;
    }
}

impl Series {
    fn write(&self, body: &mut String, request: &mut String) -> io::Result<()> {
        let Self { next, salt, .. } = self;
        body.clear();
        request.clear();
        let written = write!(
            body,
            r#"{{"jsonrpc":"2.0","id":{next},"method":"eth_getBalance","params":["0x{salt:024x}{next:016x}","latest"]}}"#
        );
        let length = body.len();
        written
            .and_then(|()| {
                write!(
                    request,
                    "POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
                )
            })
            .map_err(io::Error::other)
    }
}

impl Tally {
    fn answered(&mut self, took: Duration, number: u64, message: &Message<'_>) {
        self.micros
            .push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        let status = message.head.starts_with("HTTP/1.1 200 ");
        let answer = serde_json::from_slice::<Answer<'_>>(message.body);
        let right = answer
            .is_ok_and(|answer| answer.id == number && answer.result == format!("0x{number:016x}"));
        if !(status && right) {
            self.wrong += 1;
            let body = String::from_utf8_lossy(message.body);
            self.first_wrong
                .get_or_insert_with(|| format!("{}\n\n{body}", message.head));
        }
    }

    fn add(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.wrong += other.wrong;
        self.first_wrong = self.first_wrong.take().or(other.first_wrong);
    }

    fn seen(mut self, took: Duration) -> Seen {
        self.micros.sort_unstable();
        let at = |percent: usize| {
            let index = self.micros.len() * percent / 100;
            self.micros.get(index).copied().unwrap_or_default()
        };
        Seen {
            calls: self.micros.len() as u64,
            wrong: self.wrong,
            seconds: took.as_secs_f64(),
            p50_micros: at(50),
            p99_micros: at(99),
            first_wrong: self.first_wrong,
        }
    }
}

#[cfg(test)]
mod tests;
