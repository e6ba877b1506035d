//! A line for every request: nginx's `main` format, or JSON with where the request went.

use std::fmt::Display;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

use config::checked::AccessFormat;
use http::HeaderMap;
use http::HeaderName;
use http::header::REFERER;
use http::header::USER_AGENT;
use http::request::Parts;
use rules::moment::Moment;

use crate::clock;
use crate::clock::Clock;
use crate::escape;
use crate::log_writer::LogWriter;
use crate::trail::Trail;

/// Bytes of one field of a client that are shown.
const FIELD_BYTES_MAX: usize = 2_048;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What traces a request, as JSON calls it, and the header that says it.
const TRACES: [(&str, &str); 4] = [
    ("request_id", "x-request-id"),
    ("traceparent", "traceparent"),
    ("amzn_trace_id", "x-amzn-trace-id"),
    ("cloud_trace_context", "x-cloud-trace-context"),
];

/// Where requests are written down, if anywhere; a copy writes to the same place.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    lines: Option<LogWriter>,
    format: AccessFormat,
}

/// What of a request goes into its line, escaped as the format wants it.
#[derive(Debug)]
pub struct Entry {
    peer: IpAddr,
    request: String,
    referer: Option<String>,
    agent: Option<String>,
    forwarded: Option<String>,
    trail: Option<Arc<Trail>>,
    /// When the request began, if its line tells how long it took.
    began: Option<(Clock, Moment)>,
}

impl Journal {
    /// Has lines of this format written there.
    #[must_use]
    pub const fn new(lines: Option<LogWriter>, format: AccessFormat) -> Self {
        Self { lines, format }
    }

    /// Whether a request's id and where it went are wanted.
    #[must_use]
    pub fn notes(&self) -> bool {
        self.lines.is_some() && self.format == AccessFormat::Json
    }

    /// What will be needed of a request, before it is taken apart; nothing when there is no log.
    #[must_use]
    pub fn entry(
        &self,
        head: &Parts,
        (peer, trail): (IpAddr, Option<Arc<Trail>>),
        clock: Clock,
    ) -> Option<Entry> {
        self.lines.as_ref()?;
        let target = head
            .uri
            .path_and_query()
            .map_or("*", |target| target.as_str());
        let mut request = String::with_capacity(64);
        self.escape(&mut request, head.method.as_str().as_bytes());
        request.push(' ');
        self.escape(&mut request, target.as_bytes());
        let _never = write!(request, " {:?}", head.version);
        Some(Entry {
            peer,
            request,
            referer: self.field(&head.headers, &REFERER),
            agent: self.field(&head.headers, &USER_AGENT),
            forwarded: self.field(&head.headers, &X_FORWARDED_FOR),
            trail,
            began: self.notes().then(|| (clock, clock.now())),
        })
    }

    fn field(&self, headers: &HeaderMap, name: &HeaderName) -> Option<String> {
        let value = headers.get(name)?;
        let mut text = String::new();
        self.escape(&mut text, value.as_bytes());
        Some(text)
    }

    fn escape(&self, text: &mut String, bytes: &[u8]) {
        let shown = bytes.get(..FIELD_BYTES_MAX).unwrap_or(bytes);
        match self.format {
            AccessFormat::Main => escape::nginx(text, shown),
            AccessFormat::Json => escape::json(text, shown),
        }
    }

    /// Writes the line of a request that ended with this status and so many body bytes. Never
    /// waits: a line too many is dropped and counted, because calls matter more than lines.
    pub fn write(&self, entry: &Entry, status: u16, bytes: u64) {
        if let Some(lines) = &self.lines {
            lines.write(match self.format {
                AccessFormat::Main => main(entry, status, bytes),
                AccessFormat::Json => json(entry, status, bytes),
            });
        }
    }
}

fn main(entry: &Entry, status: u16, bytes: u64) -> String {
    let time = clock::local_time();
    let Entry { peer, request, .. } = entry;
    let [referer, agent, forwarded] = [&entry.referer, &entry.agent, &entry.forwarded]
        .map(|field| field.as_deref().unwrap_or("-"));
    // The two spaces after the time are in the original's format.
    format!(
        "{peer} - - [{time}]  {status} \"{request}\" {bytes} \"{referer}\" \"{agent}\" \"{forwarded}\"\n"
    )
}

/// One object; what is not known is left out.
fn json(entry: &Entry, status: u16, bytes: u64) -> String {
    let mut line = String::with_capacity(512);
    line.push('{');
    text(&mut line, "time", clock::timestamp());
    text(&mut line, "client", entry.peer);
    text(&mut line, "request", &entry.request);
    let _never = write!(line, "\"status\":{status},\"bytes\":{bytes},");
    if let Some((clock, began)) = entry.began {
        let took = clock.now().since(began).as_secs_f64();
        let _never = write!(line, "\"seconds\":{took:.6},");
    }
    if let Some(trail) = &entry.trail {
        traced(&mut line, trail);
    }
    for (name, field) in [
        ("referer", &entry.referer),
        ("user_agent", &entry.agent),
        ("forwarded_for", &entry.forwarded),
    ] {
        if let Some(field) = field {
            text(&mut line, name, field);
        }
    }
    line.pop();
    line.push_str("}\n");
    line
}

fn traced(line: &mut String, trail: &Trail) {
    for (name, header) in TRACES {
        let mut found = trail.headers().iter();
        if let Some((_, value)) = found.find(|(name, _)| name.as_str() == header) {
            let mut value_shown = String::new();
            escape::json(&mut value_shown, value.as_bytes());
            text(line, name, value_shown);
        }
    }
    let notes = trail.notes();
    if let Some(method) = notes.method {
        let mut shown = String::new();
        escape::json(&mut shown, method.as_bytes());
        text(line, "method", shown);
    }
    if notes.calls > 0 {
        let _never = write!(line, "\"calls\":{},", notes.calls);
    }
    if let Some((pool, backend)) = notes.asked {
        text(line, "pool", pool);
        text(line, "backend", backend);
    }
}

/// A member whose value is text that needs no more escaping.
fn text(line: &mut String, name: &str, value: impl Display) {
    let _never = write!(line, "\"{name}\":\"{value}\",");
}

#[cfg(test)]
mod tests;
