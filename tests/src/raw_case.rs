//! The corpus of raw requests: a text that people can read, and the bytes it stands for.

/// The corpus.
const TEXT: &str = include_str!("../cases/raw_http.txt");

/// Bytes for a connection, and what must come of them.
#[derive(Clone, Debug)]
pub struct RawCase {
    /// Its name.
    pub name: String,
    /// What is sent.
    pub bytes: Vec<u8>,
    /// The statuses that come back, in turn.
    pub statuses: Vec<u16>,
    /// Whether another request may follow.
    pub open: bool,
    /// Calls that reach the backend.
    pub reached: usize,
}

impl RawCase {
    /// The call that stands in its bytes; its id is the case's name.
    #[must_use]
    pub fn call(&self) -> String {
        call(&self.name)
    }
}

fn call(name: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":"{name}","method":"eth_blockNumber","params":[]}}"#)
}

/// Every case, in the order of the file.
#[must_use]
pub fn all() -> Vec<RawCase> {
    let mut cases: Vec<RawCase> = Vec::new();
    for line in TEXT.lines() {
        if let Some((name, wanted)) = line.split_once(" -> ") {
            cases.push(begin(name, wanted));
            continue;
        }
        let Some(case) = cases.last_mut() else {
            continue;
        };
        if line == "--" {
            case.bytes.extend_from_slice(b"\r\n");
        } else if let Some(sent) = line.strip_prefix("    ") {
            let in_head = !case.bytes.ends_with(b"\r\n\r\n");
            let sent = filled(sent, &case.name);
            add(&mut case.bytes, &sent, in_head);
        }
    }
    cases
}

fn begin(name: &str, wanted: &str) -> RawCase {
    let mut case = RawCase {
        name: name.to_owned(),
        bytes: Vec::new(),
        statuses: Vec::new(),
        open: false,
        reached: 0,
    };
    for word in wanted.split(' ') {
        match word {
            "-" | "closed" => {}
            "open" => case.open = true,
            "reached" => case.reached = 1,
            number => {
                let number = number.parse().unwrap_or_else(|_| panic!("{name}: {word}"));
                match case.reached {
                    0 => case.statuses.push(number),
                    _ => case.reached = usize::from(number),
                }
            }
        }
    }
    case
}

/// A line with its words in braces replaced by what they stand for.
fn filled(line: &str, name: &str) -> String {
    let call = call(name);
    let hex = format!("{:x}", call.len());
    let rest = call.get(1..).unwrap_or_default();
    let mut text = line
        .replace("{chunks}", r"{hex}\r\n{call}\r\n0\r\n\r\n")
        .replace("{next}", r"GET /livez HTTP/1.1\r\nHost: proxy\r\n\r\n")
        .replace("{length}", &call.len().to_string())
        .replace("{hex}", &hex)
        .replace("{rest-hex}", &format!("{:x}", rest.len()))
        .replace("{rest}", rest)
        .replace("{call}", &call);
    for (mark, piece) in [("{a*", "a"), ("{fields*", r"X: 1\r\n")] {
        if let Some((before, after)) = text.split_once(mark) {
            let (count, after) = after.split_once('}').unwrap();
            text = [before, &piece.repeat(count.parse().unwrap()), after].concat();
        }
    }
    text
}

/// Adds a line's bytes, and the end of the line where it has one.
fn add(bytes: &mut Vec<u8>, line: &str, in_head: bool) {
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            bytes.extend_from_slice(letter.to_string().as_bytes());
            continue;
        }
        match letters.next() {
            Some('r') => bytes.push(b'\r'),
            Some('n') => bytes.push(b'\n'),
            Some('t') => bytes.push(b'\t'),
            Some('0') => bytes.push(0),
            Some('\\') => bytes.push(b'\\'),
            Some('x') => {
                let digits: String = letters.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            None => return,
            Some(other) => panic!("\\{other} in {line}"),
        }
    }
    if in_head {
        bytes.extend_from_slice(b"\r\n");
    }
}
