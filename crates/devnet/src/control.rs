//! The control port: HTTP orders that set faults, make blocks and replace them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::Request;
use http::Response;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::Limited;
use hyper::body::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::answer::Asked;
use crate::answer::Reply;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::node::Node;
use crate::tasks::Spawner;

/// Bytes of one order's body.
const BODY_BYTES_MAX: usize = 64 << 10;
/// Blocks one order may add or replace.
const BLOCKS_MAX: u64 = 100_000;
/// How long to wait when a connection cannot be accepted (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const ORDERS: &str = "GET /, POST /nodes/NAME/faults (body: `lag 12`, one fault a line, or JSON), \
    DELETE /nodes/NAME/faults, POST /reorg/BLOCKS, POST /mine/BLOCKS";

/// What orders act upon.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) nodes: Vec<Node>,
}

/// Status and sentence of an order that was not understood.
type Refused = (u16, String);

pub(crate) async fn run(desk: Arc<Desk>, listener: TcpListener, spawner: Spawner) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => spawner.spawn(connection(Arc::clone(&desk), stream)),
            Err(error) => {
                tracing::debug!(%error, "the control port cannot accept");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(desk: Arc<Desk>, stream: TcpStream) {
    let service = service_fn(|request| exchange(Arc::clone(&desk), request));
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::trace!(%error, "control connection ended");
    }
}

async fn exchange(
    desk: Arc<Desk>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let reply = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => desk.answer(&Asked {
            method: head.method,
            path: head.uri.path().to_owned(),
            body: body.to_bytes(),
        }),
        Err(_) => Reply::text(
            413,
            format!("An order has at most {BODY_BYTES_MAX} bytes.\n"),
        ),
    };
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    Ok(response)
}

impl Desk {
    fn answer(&self, asked: &Asked) -> Reply {
        match self.obey(asked) {
            Ok(shown) => Reply::json(200, &shown),
            Err((status, sentence)) => Reply::text(status, format!("{sentence}\n")),
        }
    }

    fn obey(&self, asked: &Asked) -> Result<Value, Refused> {
        let parts: Vec<&str> = asked
            .path
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        let post = asked.method == Method::POST;
        match parts.as_slice() {
            [] if asked.method == Method::GET => Ok(self.shown()),
            ["nodes", name, "faults"] => self.faults(name, asked),
            ["reorg", blocks] if post => {
                self.ledger.reorg(count(blocks)?);
                Ok(self.shown())
            }
            ["mine", blocks] if post => {
                self.ledger.mine(count(blocks)?);
                Ok(self.shown())
            }
            [] | ["reorg" | "mine", _] => Err((405, format!("There are: {ORDERS}."))),
            _ => Err((404, format!("There are: {ORDERS}."))),
        }
    }

    fn faults(&self, name: &str, asked: &Asked) -> Result<Value, Refused> {
        let Some(node) = self.nodes.iter().find(|node| node.name() == name) else {
            let names: Vec<&str> = self.nodes.iter().map(Node::name).collect();
            let names = names.join(", ");
            return Err((
                404,
                format!("No node is called `{name}`; there are: {names}."),
            ));
        };
        match asked.method {
            Method::GET => {}
            Method::POST => read_faults(&asked.body)?
                .into_iter()
                .for_each(|fault| node.set(fault)),
            Method::DELETE => node.clear(),
            _ => return Err((405, "Faults take GET, POST and DELETE.".to_owned())),
        }
        Ok(shown(node))
    }

    fn shown(&self) -> Value {
        json!({
            "chain_id": self.ledger.genesis().origin.chain_id,
            "head": self.ledger.tip().number,
            "nodes": self.nodes.iter().map(shown).collect::<Vec<_>>(),
        })
    }
}

fn shown(node: &Node) -> Value {
    let faults = node.faults();
    json!({
        "name": node.name(),
        "kind": node.kind().to_string(),
        "url": node.url(),
        "head": node.head(),
        "faults": faults.iter().map(Fault::to_string).collect::<Vec<_>>(),
        "received": node.received(),
    })
}

/// Text with a fault a line, a JSON string, or a JSON list of strings. All are read before any is set.
fn read_faults(body: &[u8]) -> Result<Vec<Fault>, Refused> {
    let text = str::from_utf8(body).map_err(|_| (400, "A fault is text.".to_owned()))?;
    let lines: Vec<String> = match serde_json::from_str(text) {
        Ok(Value::String(one)) => vec![one],
        Ok(list @ Value::Array(_)) => serde_json::from_value(list)
            .map_err(|_| (400, "A JSON list of faults holds strings.".to_owned()))?,
        Ok(_) => {
            return Err((
                400,
                "JSON here is a string or a list of strings.".to_owned(),
            ));
        }
        Err(_) => text.lines().map(str::to_owned).collect(),
    };
    let lines = lines.iter().filter(|line| !line.trim().is_empty());
    let faults: Result<Vec<Fault>, _> = lines.map(|line| line.parse()).collect();
    match faults {
        Ok(faults) if faults.is_empty() => Err((400, "The body names no fault.".to_owned())),
        Ok(faults) => Ok(faults),
        Err(error) => Err((400, format!("{error}."))),
    }
}

fn count(text: &str) -> Result<u64, Refused> {
    let blocks = text.parse().ok().filter(|blocks| *blocks <= BLOCKS_MAX);
    let sentence = || format!("`{text}` should be a number of blocks up to {BLOCKS_MAX}.");
    blocks.ok_or_else(|| (400, sentence()))
}
