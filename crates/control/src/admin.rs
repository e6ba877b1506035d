//! The listeners for operators and load balancers: metrics, liveness, readiness.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use prometheus::Encoder;
use prometheus::TextEncoder;
use proxy::listen;
use proxy::live::Live;
use proxy::metrics::Cap;
use proxy::patience::Abort;
use proxy::patience::Limits;
use proxy::patience::Patience;
use proxy::tasks;
use proxy::turn::Turn;
use proxy::worker::Worker;
use rules::ids::Pool;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::oneshot;

use crate::gauges::Gauges;

/// Between two attempts to bind an address that is taken.
const BIND_AGAIN: Duration = Duration::from_secs(5);
/// Rest after an accept that failed for want of file descriptors or memory.
const REST: Duration = Duration::from_millis(50);
/// How long who asks is waited for. Between two scrapes or checks a connection may stay.
const LIMITS: Limits = Limits {
    first_byte: Duration::from_secs(10),
    head: Duration::from_secs(10),
    keep_alive: Duration::from_secs(75),
    write: Duration::from_secs(10),
};
/// Connections to one listener: a handful of load balancers, probes and scrapers, with room for
/// mistakes.
const CONNECTIONS_MAX: usize = 256;

/// What both listeners show.
#[derive(Clone, Debug)]
pub struct View {
    /// The data plane: what is true now, and the registry of all counters.
    pub worker: Arc<Worker>,
    /// The gauges of the control plane.
    pub gauges: Arc<Gauges>,
}

/// Which listener a request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `/metrics`, `/livez`, `/readyz`.
    Admin,
    /// `GET /` says whether calls can be served now, as the original's load balancers ask it.
    Health,
}

impl Door {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Health => "health",
        }
    }
}

/// Listens on an address for as long as the process runs. A port that is taken does not stop
/// Headway: it is logged and tried again. `bound` is told the address if the first attempt succeeds,
/// and dropped if not.
pub async fn listen(
    address: SocketAddr,
    door: Door,
    view: View,
    bound: oneshot::Sender<SocketAddr>,
) {
    let mut bound = Some(bound);
    loop {
        match listen::bind(address) {
            Ok(listener) => {
                let address = listener.local_addr().unwrap_or(address);
                tracing::info!(listener = door.as_str(), %address, "listening");
                if let Some(bound) = bound.take() {
                    let _nobody_asks = bound.send(address);
                }
                serve(listener, door, view).await;
                return;
            }
            Err(error) => {
                bound = None;
                view.gauges.bind_failures.inc();
                let door = door.as_str();
                tracing::error!(listener = door, %address, %error, "cannot listen, trying again");
                tokio::time::sleep(BIND_AGAIN).await;
            }
        }
    }
}

/// Serves a listener that is already bound.
pub async fn serve(listener: TcpListener, door: Door, view: View) {
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok((stream, _peer)) = listener.accept().await else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else {
            view.worker.metrics.front.capped(Cap::SideConnections);
            listen::turn_away(stream, &view.worker.live.snapshot().settings.voice);
            continue;
        };
        let view = view.clone();
        tasks::background(async move {
            let _seat = seat;
            connection(stream, door, view).await;
        });
    }
}

/// Serves one connection until it ends or is too slow.
async fn connection<S>(stream: S, door: Door, view: View)
where
    S: AsyncRead + AsyncWrite + Abort + Unpin,
{
    let turn = Turn::default();
    let stream = Patience::new(stream, Arc::clone(&view.worker), LIMITS, turn.clone());
    let service = service_fn(move |request| {
        turn.begin();
        let reply = reply(door, &view, &request);
        turn.end();
        async move { Ok::<_, Infallible>(reply) }
    });
    // How it ends concerns nobody else.
    let _ended = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn reply(door: Door, view: &View, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
        let allow = http::HeaderValue::from_static("GET, HEAD");
        reply.headers_mut().insert(header::ALLOW, allow);
        return reply;
    }
    let query = request.uri().query().unwrap_or("");
    match (door, request.uri().path()) {
        (Door::Admin, "/metrics") => metrics(view),
        (Door::Admin | Door::Health, "/livez") => text(StatusCode::OK, "ok\n"),
        (Door::Admin | Door::Health, "/readyz") => verdict(ready(&view.worker.live, query)),
        (Door::Health, _) => verdict(view.worker.live.readiness.is_serving()),
        (Door::Admin, _) => text(StatusCode::NOT_FOUND, "try /metrics, /livez or /readyz\n"),
    }
}

/// `?strict` asks for this moment, `?pool=write` for one pool at this moment.
fn ready(live: &Live, query: &str) -> bool {
    let parameters = || {
        query
            .split('&')
            .map(|part| part.split_once('=').unwrap_or((part, "")))
    };
    if live.readiness.is_draining() {
        return false;
    }
    if let Some((_, name)) = parameters().find(|(key, _)| *key == "pool") {
        let table = &live.snapshot().table;
        return Pool::named(name).is_some_and(|pool| {
            let leader = table.ladder().leader.is_some();
            !table.line(pool).eligible.is_empty()
                || (leader && table.ladder().leader_serves.contains(&pool))
        });
    }
    if parameters().any(|(key, _)| key == "strict") {
        return live.readiness.is_serving();
    }
    live.readiness.is_ready()
}

fn verdict(good: bool) -> Response<Full<Bytes>> {
    if good {
        text(StatusCode::OK, "ok\n")
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

fn text(status: StatusCode, words: &'static str) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::from(words));
    *reply.status_mut() = status;
    let kind = http::HeaderValue::from_static("text/plain; charset=utf-8");
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply
}

fn metrics(view: &View) -> Response<Full<Bytes>> {
    view.gauges.look(&view.worker.live);
    let mut families = view.worker.metrics.registry().gather();
    families.extend(prometheus::gather());
    let mut bytes = Vec::new();
    if TextEncoder::new().encode(&families, &mut bytes).is_err() {
        return text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "metrics cannot be written\n",
        );
    }
    let mut reply = Response::new(Full::from(bytes));
    let kind = http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply
}

#[cfg(test)]
mod tests;
