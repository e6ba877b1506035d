//! What a node says to a request that was read whole: its answer, or what its faults make of it.

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::header::RETRY_AFTER;
use serde_json::Value;

use crate::condition::Manner;
use crate::fault::Fault;
use crate::miner;
use crate::miner::Readiness;
use crate::node::Kind;
use crate::node::Node;
use crate::nodeos;
use crate::params::Params;
use crate::reads;
use crate::rpc::Call;
use crate::rpc::Message;
use crate::rpc::Outcome;
use crate::rpc::Refusal;

/// A page as a gateway in front of a node would show it.
const HTML: &str = "<!DOCTYPE html><html><head><title>Error</title></head>\
    <body><h1>Something went wrong</h1></body></html>\n";
const RUBBISH: &str = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":0x1, this is not JSON";

/// A request that was read whole.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Bytes,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    fn new(status: u16, kind: &'static str, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    pub(crate) fn text(status: u16, body: String) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    /// A status and nothing else.
    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }
}

/// Notes what was asked, before anything can go wrong with it.
pub(crate) fn count(node: &Node, asked: &Asked) {
    if node.kind() != Kind::Nodeos {
        let message = Message::read(&asked.body);
        message.calls().for_each(|call| node.count_call(call));
    }
}

/// Carries the request out, unless a fault answers in its place.
pub(crate) fn answer(node: &Node, asked: &Asked, manner: Manner) -> Reply {
    match manner {
        Manner::Status(status) => {
            let reason = StatusCode::from_u16(status).ok();
            let reason = reason.and_then(|status| status.canonical_reason());
            Reply::text(status, format!("{}\n", reason.unwrap_or("Error")))
        }
        Manner::Html(status) => Reply::new(status, "text/html", HTML),
        Manner::Rubbish => Reply::new(200, "application/json", RUBBISH),
        Manner::Right => right(node, asked),
    }
}

fn right(node: &Node, asked: &Asked) -> Reply {
    if node.kind() == Kind::Nodeos {
        let (status, value) = nodeos::answer(&node.view(), &asked.path);
        return Reply::json(status, &value);
    }
    // A load balancer's look at the root must find a node well, as geth sees to.
    if asked.method != Method::POST {
        return Reply::empty(StatusCode::OK);
    }
    let message = Message::read(&asked.body);
    let written = match node.kind() {
        Kind::Miner => message.answer(&|call| mine(node, call)),
        Kind::Read | Kind::Leader | Kind::Nodeos => {
            // One view for a whole batch: its answers agree with each other.
            let view = node.view();
            message
                .answer(&|call| reads::answer(&view, &call.method, Params(list(call)?)).map(Some))
        }
    };
    match written {
        Some(body) => Reply::new(200, "application/json", body),
        None => Reply::empty(StatusCode::NO_CONTENT),
    }
}

fn mine(node: &Node, call: &Call<'_>) -> Outcome {
    let readiness = match node.has(Fault::NotReady) {
        true => Readiness::NotReady,
        false => Readiness::Ready,
    };
    let params = Params(list(call)?);
    miner::answer(node.ledger(), readiness, &call.method, params)
}

fn list<'c>(call: &'c Call<'_>) -> Result<&'c [Value], Refusal> {
    match &call.params {
        Value::Null => Ok(&[]),
        Value::Array(list) => Ok(list),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(Refusal::params("non-array args"))
        }
    }
}
