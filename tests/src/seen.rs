//! Sends a case to a proxy and says what was seen, in the words of the recorded cases.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::timeout;

use crate::case::Aspects;
use crate::case::Case;
use crate::case::Piece;
use crate::echo;
use crate::echo::Received;
use crate::order::Mode;
use crate::order::Order;
use crate::upstreams::Upstreams;
use crate::wire::Head;
use crate::wire::Incoming;

/// No case that is replayed takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(15);
/// What the proxy adds to an answer and what frames a message: not a word from a backend.
const OWN_FIELDS: [&str; 5] = [
    "connection",
    "content-length",
    "content-type",
    "date",
    "transfer-encoding",
];
/// What a proxy must tell its backend; everything else is the client's.
const TOLD_FIELDS: [&str; 4] = ["accept", "content-type", "x-forwarded-for", "x-real-ip"];

/// Sends the case to `proxy`, which stands in front of `upstreams`.
pub async fn replay(case: &Case, proxy: SocketAddr, upstreams: &Upstreams) -> Aspects {
    upstreams.clear();
    for (name, order) in &case.orders {
        upstreams.get(name).order(order.clone());
    }
    for name in &case.down {
        upstreams.get(name).down().await;
    }
    let exchanged = timeout(PATIENCE, exchange(case, proxy, upstreams)).await;
    for name in &case.down {
        upstreams.get(name).up();
    }
    let mut seen = exchanged.unwrap_or_else(|_| panic!("{}: no end within {PATIENCE:?}", case.id));
    let received = upstreams.received();
    seen.extend(requests(&received, case, upstreams));
    seen.retain(|_, value| !value.is_empty());
    seen
}

async fn exchange(case: &Case, proxy: SocketAddr, upstreams: &Upstreams) -> Aspects {
    let stream = TcpStream::connect(proxy)
        .await
        .expect("the proxy accepts connections");
    let (half, mut outgoing) = stream.into_split();
    let mut incoming = Incoming::new(half);
    if let Some(name) = &case.stale {
        upstreams.get(name).order(Order::mode(Mode::SecondClose));
        prime(&mut incoming, &mut outgoing).await;
        upstreams.received();
    }
    send(case, &mut incoming, &mut outgoing).await;
    let mut answer = Answer::default();
    let mut statuses = Vec::new();
    for _ in 0..case.answers() {
        let Some(head) = incoming.head().await else {
            break;
        };
        answer = Answer::read(head, case.is_head(), &mut incoming).await;
        statuses.push(answer.status());
    }
    let status = match statuses.as_slice() {
        [] => "none".to_owned(),
        statuses => statuses.join(" "),
    };
    let mut seen = answer.aspects();
    seen.insert("status".to_owned(), status);
    let open = is_open(&answer, &mut incoming, &mut outgoing).await;
    seen.insert(
        "connection".to_owned(),
        if open { "open" } else { "closed" }.to_owned(),
    );
    seen
}

/// One call that leaves a kept connection behind the proxy.
async fn prime(incoming: &mut Incoming, outgoing: &mut OwnedWriteHalf) {
    let body = r#"{"jsonrpc":"2.0","method":"eth_blockNumber","params":[],"id":1}"#;
    let head = format!(
        "POST / HTTP/1.1\r\nHost: e\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    outgoing
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let head = incoming.head().await.expect("an answer");
    incoming.body(&head).await.expect("a whole answer");
}

/// A server may answer and close before it has everything, so a failed write is no failure.
async fn send(case: &Case, incoming: &mut Incoming, outgoing: &mut OwnedWriteHalf) {
    for piece in &case.send {
        match piece {
            Piece::Bytes(bytes) if outgoing.write_all(bytes).await.is_err() => return,
            Piece::Bytes(_) => {}
            Piece::WaitForContinue => {
                let head = incoming.head().await.unwrap_or_default();
                assert_eq!(head.line, "HTTP/1.1 100 Continue", "{}", case.id);
            }
        }
    }
    if case.half_close {
        let _closed_by_server = outgoing.shutdown().await;
    }
}

/// An answer as the client got it.
#[derive(Debug, Default)]
struct Answer {
    head: Head,
    /// `None` when it broke off.
    body: Option<Vec<u8>>,
}

impl Answer {
    async fn read(head: Head, head_only: bool, incoming: &mut Incoming) -> Self {
        let status = head.line.split(' ').nth(1).unwrap_or_default();
        let body = match status {
            "101" => Some(incoming.some().await),
            "204" | "304" => Some(Vec::new()),
            _ if head_only => Some(Vec::new()),
            _ => incoming.body(&head).await,
        };
        Self { head, body }
    }

    fn status(&self) -> String {
        self.head
            .line
            .split(' ')
            .nth(1)
            .unwrap_or_default()
            .to_owned()
    }

    fn aspects(&self) -> Aspects {
        let fields = || {
            self.head
                .fields
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
        };
        let kinds = fields().filter(|(name, _)| name == "content-type");
        let mut cors: Vec<_> = fields()
            .filter_map(|(name, value)| {
                Some(format!("{}={value}", name.strip_prefix("access-control-")?))
            })
            .collect();
        cors.sort();
        let mut passed: Vec<_> = fields().map(|(name, _)| name).collect();
        passed.retain(|name| {
            !OWN_FIELDS.contains(&name.as_str()) && !name.starts_with("access-control-")
        });
        passed.sort();
        let answer = match &self.body {
            None => "broken off".to_owned(),
            Some(body) => says(body),
        };
        let kinds: Vec<_> = kinds.map(|(_, value)| value.clone()).collect();
        Aspects::from([
            ("answer".to_owned(), answer),
            ("type".to_owned(), kinds.join(", ")),
            ("cors".to_owned(), cors.join("; ")),
            ("passed".to_owned(), passed.join(" ")),
        ])
    }
}

/// What a body says, in a few words.
fn says(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if body == echo::FRAME {
        return "mock frame".to_owned();
    }
    if text.starts_with("<!DOCTYPE html>") {
        return "page".to_owned();
    }
    if let Ok(elements) = serde_json::from_str::<Vec<Box<RawValue>>>(&text) {
        return many(&elements);
    }
    match element(&text) {
        Some((said, id)) => format!("{said} {id}"),
        None => text.into_owned(),
    }
}

/// Elements that say the same are told once, with their ids.
fn many(elements: &[Box<RawValue>]) -> String {
    let each = elements
        .iter()
        .map(|raw| element(raw.get()).unwrap_or_default());
    let mut runs: Vec<(String, Vec<String>)> = Vec::new();
    for (said, id) in each {
        match runs.last_mut() {
            Some((before, ids)) if *before == said => ids.push(id),
            _ => runs.push((said, vec![id])),
        }
    }
    let runs = runs.iter().map(|(said, ids)| {
        let first = ids.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        match ids.len() {
            0..=4 => format!("{said} [{first}]"),
            all => format!("{said} [{first}, … {all} in all]"),
        }
    });
    runs.collect::<Vec<_>>().join("; ")
}

/// What one JSON-RPC answer says and its id as written: the echo's `mock`, or the reason of a refusal.
fn element(text: &str) -> Option<(String, String)> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).ok()?;
    let value = |name: &str| {
        members
            .get(name)
            .and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok())
    };
    let said = match (value("result"), value("error")) {
        (Some(result), None) => result.as_str()?.to_owned(),
        (None, Some(error)) => error.pointer("/data/reason")?.as_str()?.to_owned(),
        _ => return None,
    };
    (value("jsonrpc")? == "2.0").then_some((said, members.get("id")?.get().to_owned()))
}

/// Whether the connection can carry more: through a tunnel bytes come back, otherwise one more
/// request is answered.
async fn is_open(answer: &Answer, incoming: &mut Incoming, outgoing: &mut OwnedWriteHalf) -> bool {
    if answer.status() == "101" {
        return outgoing.write_all(b"there and back").await.is_ok()
            && incoming.exactly(14).await.as_deref() == Some(b"there and back");
    }
    let next = b"GET / HTTP/1.1\r\nHost: e\r\n\r\n";
    outgoing.write_all(next).await.is_ok() && incoming.head().await.is_some()
}

/// What the backends received. Legs of a batch run side by side, so their order means nothing.
fn requests(received: &[Received], case: &Case, upstreams: &Upstreams) -> Aspects {
    let mut names: Vec<_> = received.iter().map(|one| one.upstream).collect();
    names.sort_unstable();
    let names = if names.is_empty() {
        "nobody".to_owned()
    } else {
        names.join(" ")
    };
    let line = |one: &Received| one.head.line.trim_end_matches(" HTTP/1.1").to_owned();
    let host = |one: &Received| match one.head.get("host").unwrap_or_default() {
        host if host == upstreams.get(one.upstream).address().to_string() => "its own".to_owned(),
        host => host.to_owned(),
    };
    let told = |one: &Received| {
        let told = TOLD_FIELDS.iter();
        let told = told.filter_map(|name| Some(format!("{name}={}", one.head.get(name)?)));
        told.collect::<Vec<_>>().join("; ")
    };
    let extra = |one: &Received| {
        let fields = one.head.fields.iter();
        let mut names: Vec<_> = fields.map(|(name, _)| name.to_ascii_lowercase()).collect();
        let usual = ["connection", "content-length", "host"];
        names.retain(|name| !TOLD_FIELDS.iter().chain(&usual).any(|known| known == name));
        names.sort();
        names.join(" ")
    };
    Aspects::from([
        ("backends".to_owned(), names),
        ("line".to_owned(), distinct(received, &line)),
        ("host".to_owned(), distinct(received, &host)),
        ("headers".to_owned(), distinct(received, &told)),
        ("extra".to_owned(), distinct(received, &extra)),
        ("body".to_owned(), bodies(received, &case.body)),
    ])
}

/// What is said of the requests, each thing once.
fn distinct(received: &[Received], say: &dyn Fn(&Received) -> String) -> String {
    let said: BTreeSet<String> = received.iter().map(say).collect();
    said.into_iter().collect::<Vec<_>>().join(" | ")
}

/// The bodies the backends received, beside the client's own.
fn bodies(received: &[Received], own: &[u8]) -> String {
    let mut others = Vec::new();
    let mut said = BTreeSet::new();
    for one in received {
        match &one.body {
            None => _ = said.insert("unread".to_owned()),
            Some(body) if body == own => _ = said.insert("as sent".to_owned()),
            Some(body) => others.extend(calls(body)),
        }
    }
    if !others.is_empty() {
        let mut own = calls(own);
        let all = own.len();
        for other in &others {
            match own.iter().position(|call| call == other) {
                Some(place) => _ = own.swap_remove(place),
                None => _ = said.insert(format!("never sent: {other}")),
            }
        }
        said.insert(format!(
            "{} of {all} calls under other ids",
            all - own.len()
        ));
    }
    said.into_iter().collect::<Vec<_>>().join(" | ")
}

/// The calls of a body without their ids; a body that is not JSON is one text.
fn calls(body: &[u8]) -> Vec<String> {
    let calls = match serde_json::from_slice(body) {
        Ok(Value::Array(calls)) => calls,
        Ok(call) => vec![call],
        Err(_) => vec![Value::from(String::from_utf8_lossy(body))],
    };
    let without_id = |mut call: Value| {
        if let Some(members) = call.as_object_mut() {
            members.remove("id");
        }
        call.to_string()
    };
    calls.into_iter().map(without_id).collect()
}
