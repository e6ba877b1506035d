//! What an upstream is told to do with its next request.

use std::time::Duration;

use serde_json::Value;

/// How an upstream misbehaves, or answers in a less usual form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// An ordinary answer.
    Usual,
    /// Closes without an answer.
    Close,
    /// Resets the connection.
    Reset,
    /// Closes in the middle of a body of declared length.
    MidClose,
    /// Closes in the middle of a chunked body.
    MidCloseChunked,
    /// Closes in the middle of the head.
    HalfHeader,
    /// A head of more than 4 KiB.
    BigHeader,
    /// Something that is not HTTP.
    Garbage,
    /// Answers before it has read the body.
    Early,
    /// Rests in the middle of the body.
    SlowBody,
    /// A body without a length that ends with the connection.
    Eof,
    /// A chunked body.
    Chunked,
    /// HTTP/1.0.
    Http10,
    /// Closes the connection after the answer and says so.
    ConnectionClose,
    /// Says 100 Continue first.
    Hundred,
    /// Answers, and closes when the next request comes on the same connection.
    SecondClose,
    /// Switches to another protocol unasked.
    Upgrade101,
}

/// The names the recorded cases use.
const MODES: [(&str, Mode); 16] = [
    ("close", Mode::Close),
    ("rst", Mode::Reset),
    ("midclose", Mode::MidClose),
    ("midclose-chunked", Mode::MidCloseChunked),
    ("halfheader", Mode::HalfHeader),
    ("bigheader", Mode::BigHeader),
    ("garbage", Mode::Garbage),
    ("early", Mode::Early),
    ("slowbody", Mode::SlowBody),
    ("eof", Mode::Eof),
    ("chunked", Mode::Chunked),
    ("http10", Mode::Http10),
    ("connclose", Mode::ConnectionClose),
    ("hundred", Mode::Hundred),
    ("second-close", Mode::SecondClose),
    ("upgrade101", Mode::Upgrade101),
];

impl Mode {
    /// The mode of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let found = MODES.iter().find(|(known, _)| *known == name);
        found.map(|(_, mode)| *mode)
    }
}

/// What to do with one request.
#[derive(Clone, Debug)]
pub struct Order {
    /// How to answer.
    pub mode: Mode,
    /// Another status than 200.
    pub status: u16,
    /// Another body than the echo.
    pub body: Option<String>,
    /// More header fields.
    pub headers: Vec<(String, String)>,
    /// How long to wait before the answer.
    pub delay: Duration,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            mode: Mode::Usual,
            status: 200,
            body: None,
            headers: Vec::new(),
            delay: Duration::ZERO,
        }
    }
}

impl Order {
    /// An answer in this form.
    #[must_use]
    pub fn mode(mode: Mode) -> Self {
        Self {
            mode,
            ..Self::default()
        }
    }

    /// Reads an order of a recorded case.
    #[must_use]
    pub fn read(row: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mode = row["mode"]
            .as_str()
            .map(|name| Mode::named(name).expect("a known mode"));
        let status = row["status"]
            .as_u64()
            .map(|status| u16::try_from(status).unwrap());
        let headers = row["headers"].as_array().into_iter().flatten();
        Self {
            mode: mode.unwrap_or(Mode::Usual),
            status: status.unwrap_or(200),
            body: row["body"].as_str().map(str::to_owned),
            headers: headers
                .map(|field| (text(&field[0]), text(&field[1])))
                .collect(),
            delay: Duration::from_secs(row["delay"].as_u64().unwrap_or(0)),
        }
    }
}
