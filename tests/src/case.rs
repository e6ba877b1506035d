//! A recorded case: the bytes a client sends, what the upstreams are told, and what the original
//! did with them, aspect by aspect.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::order::Order;

/// What was seen of one exchange, each aspect in one line of text; what is missing is empty.
pub type Aspects = BTreeMap<String, String>;

/// A part of what the client sends.
#[derive(Clone, Debug)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing more before the server has said 100 Continue.
    WaitForContinue,
}

/// One recorded case.
#[derive(Clone, Debug)]
pub struct Case {
    /// `group/name`.
    pub id: String,
    /// What the client sends.
    pub send: Vec<Piece>,
    /// The body as a backend should receive it.
    pub body: Vec<u8>,
    /// Whether the client closes its sending half afterwards.
    pub half_close: bool,
    /// What upstreams are told to do, by name.
    pub orders: Vec<(String, Order)>,
    /// Upstreams that refuse connections.
    pub down: Vec<String>,
    /// The upstream that closes a kept connection when this request comes.
    pub stale: Option<String>,
    /// The original is wrong here.
    pub bug: bool,
    /// How long the original took, where a timer had to run out.
    pub seconds: Option<u64>,
    /// What the original did.
    pub recorded: Aspects,
}

impl Case {
    /// How many answers there should be.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.recorded
            .get("status")
            .map_or(1, |statuses| statuses.split(' ').count())
    }

    /// Whether the answer to it has no body in any case.
    #[must_use]
    pub fn is_head(&self) -> bool {
        let start = self.send.first();
        start.is_some_and(
            |piece| matches!(piece, Piece::Bytes(bytes) if bytes.starts_with(b"HEAD ")),
        )
    }
}

/// All recorded cases of the original container.
#[must_use]
pub fn all() -> Vec<Case> {
    let rows = include_str!("../cases/tx_proxy.jsonl").lines();
    rows.map(|row| read(&serde_json::from_str(row).expect("a row of JSON")))
        .collect()
}

fn read(row: &Value) -> Case {
    let list = |name: &str| row[name].as_array().cloned().unwrap_or_default();
    let recorded = row["recorded"].as_object().into_iter().flatten();
    let send: Vec<Piece> = list("send").iter().map(piece).collect();
    let body = match row["body"].as_array() {
        None => after_head(&join(&send)),
        Some(pieces) => join(&pieces.iter().map(piece).collect::<Vec<_>>()),
    };
    Case {
        id: text(&row["id"]),
        send,
        body,
        half_close: row["then"] == "half-close",
        orders: list("orders")
            .iter()
            .map(|order| (text(&order["upstream"]), Order::read(order)))
            .collect(),
        down: list("down").iter().map(text).collect(),
        stale: row["stale"].as_str().map(str::to_owned),
        bug: row["bug"] == true,
        seconds: row["seconds"].as_u64(),
        recorded: recorded
            .map(|(aspect, value)| (aspect.clone(), text(value)))
            .collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// Text as it is, `[text, times]`, bytes as `{"hex": …}`, or `{"wait": 100}`.
fn piece(value: &Value) -> Piece {
    match value {
        Value::String(text) => Piece::Bytes(text.clone().into_bytes()),
        Value::Array(repeated) => match repeated.as_slice() {
            [Value::String(text), times] => {
                let times = times.as_u64().and_then(|times| usize::try_from(times).ok());
                Piece::Bytes(text.repeat(times.expect("a number")).into_bytes())
            }
            _ => panic!("not a piece: {value}"),
        },
        Value::Object(_) if value["wait"] == 100 => Piece::WaitForContinue,
        Value::Object(_) => Piece::Bytes(bytes(&text(&value["hex"]))),
        Value::Null | Value::Bool(_) | Value::Number(_) => panic!("not a piece: {value}"),
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|c| c.to_digit(16)?.try_into().ok())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect()
}

fn join(pieces: &[Piece]) -> Vec<u8> {
    let bytes = pieces.iter().filter_map(|piece| match piece {
        Piece::Bytes(bytes) => Some(bytes.as_slice()),
        Piece::WaitForContinue => None,
    });
    bytes.collect::<Vec<_>>().concat()
}

fn after_head(request: &[u8]) -> Vec<u8> {
    let end = request.windows(4).position(|piece| piece == b"\r\n\r\n");
    end.and_then(|end| request.get(end + 4..))
        .unwrap_or_default()
        .to_vec()
}
