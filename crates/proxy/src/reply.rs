//! Every failure a client can see, and how it is said on the wire, CORS included.

use std::borrow::Cow;
use std::time::Duration;

use config::checked::Config;
use config::checked::HttpStatus;
use config::checked::Profile;
use frame::id::Id;
use frame::write::RefusalBody;
use http::HeaderMap;
use http::HeaderValue;
use http::Response;
use http::StatusCode;
use http::header;

use crate::body::AnswerBody;

pub use crate::reply::submitted::Refused;
pub use crate::reply::submitted::Submitted;
pub use crate::reply::web::written;

mod submitted;
mod web;

/// An answer to an HTTP request.
pub type Reply = Response<AnswerBody>;

/// Why Headway answers instead of a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not JSON, or something after it.
    ParseError,
    /// JSON, but no request object.
    InvalidRequest(&'static str),
    /// The lists do not let the method through.
    MethodNotAllowed,
    /// Sends are not allowed inside a batch here.
    BatchSend,
    /// The body or its nesting is too large.
    TooLarge,
    /// The client took too long to ask.
    RequestTimeout,
    /// The batch holds too many calls.
    TooManyCalls,
    /// Too many bytes are in memory already.
    Overloaded,
    /// The client asks for more than its rate allows, and has enough again after this long.
    OverRate(Duration),
    /// More than so many blocks of logs at once.
    LogRange(u64),
    /// Every backend that was asked is too busy; the first of them wants to be asked again after this
    /// long.
    RateLimited(Duration),
    /// Nobody can serve it.
    NoBackend,
    /// Backends are broken and no try is left.
    UpstreamFailed,
    /// The deadline has passed.
    UpstreamTimeout,
    /// A transaction may or may not have arrived.
    OutcomeUnknown,
}

/// A row of the table that clients rely on: word, code, sentence, statuses.
struct Row {
    reason: &'static str,
    code: i32,
    message: &'static str,
    tx_proxy: StatusCode,
    json_rpc: StatusCode,
}

const fn row(
    reason: &'static str,
    code: i32,
    message: &'static str,
    tx_proxy: StatusCode,
    json_rpc: StatusCode,
) -> Row {
    Row {
        reason,
        code,
        message,
        tx_proxy,
        json_rpc,
    }
}

impl Refusal {
    /// The stable words, for metrics.
    pub const REASONS: [&'static str; 13] = [
        "parse_error",
        "invalid_request",
        "method_not_allowed",
        "batch_send",
        "too_large",
        "request_timeout",
        "overloaded",
        "rate_limited",
        "log_range",
        "no_backend",
        "upstream_failed",
        "upstream_timeout",
        "outcome_unknown",
    ];

    const fn row(self) -> Row {
        const METHOD: &str = "this method is not available here";
        const BATCH_SEND: &str = "transactions cannot be sent inside a batch here";
        const UNKNOWN: &str = "the transaction may or may not have been submitted; \
            look for its hash before signing again";
        const OK: StatusCode = StatusCode::OK;
        const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const LARGE: StatusCode = StatusCode::PAYLOAD_TOO_LARGE;
        const SLOW: StatusCode = StatusCode::REQUEST_TIMEOUT;
        const LATE: &str = "the request did not come in time";
        const RANGE: &str = "too many blocks at once";
        const OFTEN: &str = "too many calls, try again later";
        const BUSY: StatusCode = StatusCode::TOO_MANY_REQUESTS;
        const AWAY: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        const BROKEN: StatusCode = StatusCode::BAD_GATEWAY;
        match self {
            Self::ParseError => row("parse_error", -32700, "not valid JSON", BAD, BAD),
            Self::InvalidRequest(why) => row("invalid_request", -32600, why, BAD, OK),
            Self::MethodNotAllowed => row("method_not_allowed", -32601, METHOD, FORBIDDEN, OK),
            Self::BatchSend => row("batch_send", -32600, BATCH_SEND, BAD, OK),
            Self::TooLarge => row(
                "too_large",
                -32600,
                "the request is too large",
                LARGE,
                LARGE,
            ),
            Self::TooManyCalls => row(
                "too_large",
                -32600,
                "the batch holds too many calls",
                OK,
                OK,
            ),
            Self::RequestTimeout => row("request_timeout", -32600, LATE, SLOW, SLOW),
            Self::Overloaded => row("overloaded", -32603, "too busy, try again", AWAY, AWAY),
            Self::OverRate(_) => row("rate_limited", -32005, OFTEN, BUSY, BUSY),
            Self::LogRange(_) => row("log_range", -32602, RANGE, BAD, OK),
            Self::RateLimited(_) => row(
                "rate_limited",
                -32005,
                "every node is busy, try again",
                BUSY,
                BUSY,
            ),
            Self::NoBackend => row("no_backend", -32603, "no node can serve this", AWAY, AWAY),
            Self::UpstreamFailed => row("upstream_failed", -32603, "the node failed", BROKEN, OK),
            Self::UpstreamTimeout => row(
                "upstream_timeout",
                -32603,
                "no answer from a node in time",
                StatusCode::GATEWAY_TIMEOUT,
                OK,
            ),
            Self::OutcomeUnknown => row("outcome_unknown", -32603, UNKNOWN, BROKEN, OK),
        }
    }

    /// The stable word.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        self.row().reason
    }
}

/// How this process speaks to clients.
#[derive(Debug)]
pub struct Voice {
    statuses: HttpStatus,
    /// Headers of every answer.
    common: HeaderMap,
    /// The same with the content type of JSON.
    json: HeaderMap,
    max_age: HeaderValue,
    root_status: StatusCode,
    page: &'static str,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
const ANY: HeaderValue = HeaderValue::from_static("*");

const TX_PROXY_PAGE: &str = "<!DOCTYPE html><title>EOS EVM JSON-RPC</title>\
<p>This address speaks JSON-RPC: send it a POST. \
About EOS EVM: <a href=\"https://docs.eosnetwork.com/docs/latest/eos-evm/\">\
docs.eosnetwork.com/docs/latest/eos-evm</a>.\n";
const EVM_PAGE: &str = "<!DOCTYPE html><title>Ethereum JSON-RPC</title>\
<p>This address speaks Ethereum JSON-RPC: send it a POST.\n";

impl Voice {
    /// The voice a configuration asks for.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut common = HeaderMap::new();
        if config.cors.enabled {
            common.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
            if config.cors.credentials {
                let yes = HeaderValue::from_static("true");
                common.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
            }
            common.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            common.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ANY);
        }
        let mut json = common.clone();
        json.insert(header::CONTENT_TYPE, JSON);
        Self {
            statuses: config.errors.http_status,
            common,
            json,
            max_age: HeaderValue::from(config.cors.max_age.as_secs()),
            root_status: StatusCode::from_u16(config.compat.root_status).unwrap_or(StatusCode::OK),
            page: match config.profile {
                Profile::TxProxy => TX_PROXY_PAGE,
                Profile::Evm => EVM_PAGE,
            },
        }
    }

    fn say(&self, status: StatusCode, kind: Option<HeaderValue>, body: AnswerBody) -> Reply {
        let mut reply = Response::new(body);
        *reply.status_mut() = status;
        // The usual kind is in a map of its own, which need not grow for it.
        *reply.headers_mut() = match &kind {
            Some(kind) if *kind == JSON => self.json.clone(),
            Some(_) | None => self.common.clone(),
        };
        if let Some(kind) = kind {
            reply.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        reply
    }

    /// A backend's answer, or several put together. The drop-in passes a backend's status on;
    /// otherwise whatever was understood and answered is 200.
    #[must_use]
    pub fn answer(&self, backend_status: StatusCode, body: AnswerBody) -> Reply {
        let status = match self.statuses {
            HttpStatus::TxProxy => backend_status,
            HttpStatus::JsonRpc => StatusCode::OK,
        };
        self.say(status, Some(JSON), body)
    }

    /// Nothing to say: what came wanted no answer (JSON-RPC 2.0, section 4.1).
    #[must_use]
    pub fn nothing(&self) -> Reply {
        self.say(StatusCode::NO_CONTENT, None, AnswerBody::from(""))
    }

    /// A notification that was refused. Nobody reads a body; the drop-in's status still tells.
    #[must_use]
    pub fn refused_notification(&self, refusal: Refusal) -> Reply {
        match self.statuses {
            HttpStatus::TxProxy => self.refuse(Id::NULL, refusal, &[]),
            HttpStatus::JsonRpc => self.nothing(),
        }
    }

    /// A refusal as the whole answer.
    #[must_use]
    pub fn refuse(&self, id: Id<'_>, refusal: Refusal, facts: &[(&str, &str)]) -> Reply {
        let row = refusal.row();
        let status = match self.statuses {
            HttpStatus::TxProxy => row.tx_proxy,
            HttpStatus::JsonRpc => row.json_rpc,
        };
        let mut bytes = Vec::with_capacity(160);
        self.refuse_element(&mut bytes, id, refusal, facts);
        let mut reply = self.say(status, Some(JSON), bytes.into());
        let again = |wait| {
            let seconds = retry_after(wait, fastrand::u64(..));
            Some((header::RETRY_AFTER, HeaderValue::from(seconds)))
        };
        let said = match refusal {
            Refusal::Overloaded | Refusal::NoBackend => again(Duration::ZERO),
            // What still comes of the request must not be taken for the next one.
            Refusal::RequestTimeout => {
                Some((header::CONNECTION, HeaderValue::from_static("close")))
            }
            Refusal::OverRate(wait) | Refusal::RateLimited(wait) => again(wait),
            Refusal::ParseError
            | Refusal::InvalidRequest(_)
            | Refusal::MethodNotAllowed
            | Refusal::BatchSend
            | Refusal::TooLarge
            | Refusal::TooManyCalls
            | Refusal::LogRange(_)
            | Refusal::UpstreamFailed
            | Refusal::UpstreamTimeout
            | Refusal::OutcomeUnknown => None,
        };
        if let Some((name, value)) = said {
            reply.headers_mut().insert(name, value);
        }
        reply
    }

    /// A refusal as one element of a batch's answer.
    pub fn refuse_element(
        &self,
        out: &mut Vec<u8>,
        id: Id<'_>,
        refusal: Refusal,
        facts: &[(&str, &str)],
    ) {
        let Row {
            reason,
            code,
            message,
            ..
        } = refusal.row();
        let message = if let Refusal::LogRange(blocks_max) = refusal {
            Cow::from(format!("{message}: at most {blocks_max} are allowed here"))
        } else {
            Cow::from(message)
        };
        frame::write::refusal(
            out,
            id,
            &RefusalBody {
                code,
                message: &message,
                reason,
                facts,
            },
        );
    }
}

/// The seconds of a `Retry-After` (RFC 9110, section 10.2.3) for who should not come back before
/// `wait` is over: at least one, and by these `dice` up to half as many more, so that a crowd that is
/// refused at once does not come back at once.
fn retry_after(wait: Duration, dice: u64) -> u64 {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
    seconds.saturating_add(dice % (seconds.div_ceil(2) + 1))
}

#[cfg(test)]
mod tests;
