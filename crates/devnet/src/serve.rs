//! The HTTP side of a node: accepts connections, reads requests, and lets them fail as told.

use std::convert::Infallible;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header::CONNECTION;
use http_body_util::BodyExt;
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::answer;
use crate::answer::Asked;
use crate::answer::Reply;
use crate::body::Body;
use crate::body::Doing;
use crate::fault::Fault;
use crate::gate::Arrival;
use crate::node::Kind;
use crate::node::Node;
use crate::tasks::Spawner;

/// Bytes of one request body.
const BODY_BYTES_MAX: usize = 16 << 20;
/// How long a miner keeps a connection on which nothing happens, as Node.js does.
const MINER_IDLE: Duration = Duration::from_secs(5);
/// How long to wait when a connection cannot be accepted (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves a node for as long as the network lives.
pub(crate) async fn run(node: Node, spawner: Spawner) {
    loop {
        let arrival = match node.gate().accept().await {
            Ok(arrival) => arrival,
            Err(error) => {
                tracing::debug!(node = node.name(), %error, "cannot accept");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        node.count_connection();
        match node.has(Fault::ResetBefore) {
            true => reset(&arrival.stream),
            false => spawner.spawn(connection(node.clone(), arrival)),
        }
    }
}

/// With a lingering time of zero, dropping the stream sends a reset.
fn reset(stream: &tokio::net::TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "the connection is gone already");
    }
}

async fn connection(node: Node, arrival: Arrival) {
    let Arrival { stream, mut resets } = arrival;
    let _ = stream.set_nodelay(true);
    let doing = Arc::new(watch::Sender::new(Doing::Fresh));
    let service = service_fn(|request| exchange(node.clone(), Arc::clone(&doing), request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut told = doing.subscribe();
    let resetting = tokio::select! {
        biased;
        _ = resets.changed() => true,
        ended = ending(&mut told) => ended == Doing::Resetting,
        () = idle(node.kind(), doing.subscribe()) => false,
        served = &mut connection => {
            if let Err(error) = served {
                tracing::trace!(node = node.name(), %error, "connection ended");
            }
            return;
        }
    };
    if resetting {
        reset(connection.into_parts().io.inner());
    }
}

/// Waits until the connection is told to end.
async fn ending(doing: &mut watch::Receiver<Doing>) -> Doing {
    let ends = |doing: &Doing| matches!(doing, Doing::Closing | Doing::Resetting);
    let ended = doing.wait_for(ends).await.map(|doing| *doing);
    match ended {
        Ok(doing) => doing,
        Err(_) => pending().await,
    }
}

/// Waits until nothing has happened for too long; for nodes that are no miners, for ever.
async fn idle(kind: Kind, mut doing: watch::Receiver<Doing>) {
    if kind != Kind::Miner {
        pending::<()>().await;
    }
    while doing.wait_for(|doing| *doing == Doing::Idle).await.is_ok() {
        let mut busy = pin!(doing.wait_for(|doing| *doing != Doing::Idle));
        if timeout(MINER_IDLE, &mut busy).await.is_err() {
            return;
        }
    }
}

/// One request on a connection, from its head to its answer.
async fn exchange(
    node: Node,
    doing: Arc<watch::Sender<Doing>>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if node.has(Fault::ResetBefore) {
        doing.send_replace(Doing::Resetting);
        pending::<()>().await;
    }
    doing.send_replace(Doing::Busy);
    node.count_request();
    let reply = match read(request).await {
        Some(asked) => carried_out(&node, &asked).await,
        None => Reply::text(413, format!("At most {BODY_BYTES_MAX} bytes.\n")),
    };
    if node.has(Fault::ResetAfter) {
        doing.send_replace(Doing::Resetting);
        pending::<()>().await;
    }
    doing.send_replace(Doing::Idle);
    Ok(respond(&node, reply, doing))
}

async fn read(request: Request<Incoming>) -> Option<Asked> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.ok()?;
    Some(Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        body: body.to_bytes(),
    })
}

async fn carried_out(node: &Node, asked: &Asked) -> Reply {
    answer::count(node, asked);
    let mut condition = node.condition();
    // The node outlives this, so waiting cannot fail.
    let _ = condition.wait_for(|now| !now.has(Fault::Hang)).await;
    let wait = condition.borrow().wait();
    if !wait.is_zero() {
        sleep(wait).await;
    }
    let manner = condition.borrow().manner();
    answer::answer(node, asked, manner)
}

fn respond(node: &Node, reply: Reply, doing: Arc<watch::Sender<Doing>>) -> Response<Body> {
    let bytes: Bytes = reply.body;
    let body = match node.has(Fault::Truncated) && !bytes.is_empty() {
        true => Body::half(&bytes, doing),
        false => Body::whole(bytes),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if node.kind() == Kind::Miner && reply.status != StatusCode::NO_CONTENT {
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("keep-alive"));
        headers.insert("keep-alive", HeaderValue::from_static("timeout=5"));
    }
    response
}

#[cfg(test)]
mod tests;
