//! One HTTP connection: the tower stack at the door, boxed once; acts on the verdict of `entry`.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use frame::id::Id;
use http::HeaderName;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::Version;
use http::header;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::sync::watch;
use tower::ServiceBuilder;
use tower::ServiceExt;
use tower::util::BoxCloneService;
use tower_http::catch_panic::CatchPanicLayer;

use crate::body::Tracked;
use crate::body::Underway;
use crate::entry;
use crate::entry::Asked;
use crate::entry::BodyFault;
use crate::entry::Verdict;
use crate::exchange::Ask;
use crate::exchange::exchange;
use crate::reply::Refusal;
use crate::reply::Reply;
use crate::tunnel;
use crate::worker::Client;
use crate::worker::Worker;

/// Bytes of a request's head; the sizes of an AWS load balancer.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Header fields of a request.
const HEAD_FIELDS_MAX: usize = 100;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The body of every answer, whatever layers it went through.
type EdgeBody = tower_http::body::UnsyncBoxBody<bytes::Bytes, crate::body::BodyError>;
/// The stack of one connection.
type Edge = BoxCloneService<Request<Incoming>, Response<EdgeBody>, Infallible>;

/// Serves a connection until it ends; once `stopping` turns true, until its current answer ends.
pub async fn connection<S>(
    worker: Arc<Worker>,
    stream: S,
    peer: IpAddr,
    mut stopping: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let keep_alive = worker.live.snapshot().settings.config.timeouts.keep_alive;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // hyper has one timer for a slow head and an idle connection; the idle one must be long.
        .header_read_timeout(keep_alive)
        .max_headers(HEAD_FIELDS_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    // On an IPv6 listener clients of IPv4 would otherwise all seem to come from one network.
    let service = TowerToHyperService::new(edge(worker, peer.to_canonical()));
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // A client's fault or a client gone: both end here, and neither concerns anybody else.
        _ended = connection.as_mut() => return,
        _asked = stopping.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ended = connection.await;
}

/// The layers that are true of any HTTP server; what is true of JSON-RPC begins at [`serve`].
fn edge(worker: Arc<Worker>, peer: IpAddr) -> Edge {
    let panicked = Arc::clone(&worker);
    ServiceBuilder::new()
        .layer(CatchPanicLayer::custom(
            move |_panic: Box<dyn std::any::Any + Send>| {
                tracing::error!("a request made Headway panic; please report this");
                let settings = Arc::clone(&panicked.live.snapshot().settings);
                settings
                    .voice
                    .refuse(Id::NULL, Refusal::UpstreamFailed, &[])
            },
        ))
        .service_fn(move |request| {
            let worker = Arc::clone(&worker);
            async move { Ok::<_, Infallible>(serve(&worker, request, peer).await) }
        })
        .boxed_clone()
}

async fn serve(
    worker: &Arc<Worker>,
    request: Request<Incoming>,
    peer: IpAddr,
) -> Response<Tracked> {
    let (head, body) = request.into_parts();
    let entry = worker.journal.entry(peer, &head);
    let underway = Underway::new(Arc::clone(&worker.metrics), worker.journal.clone(), entry);
    let old = head.version == Version::HTTP_10;
    let reply = reply(worker, Request::from_parts(head, body), peer).await;
    let (mut head, body) = reply.into_parts();
    if worker.live.readiness.is_draining() && !old {
        head.headers
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let status = head.status.as_u16();
    Response::from_parts(head, Tracked::new(body, status, underway))
}

async fn reply(worker: &Arc<Worker>, request: Request<Incoming>, peer: IpAddr) -> Reply {
    let settings = Arc::clone(&worker.live.snapshot().settings);
    let voice = &settings.voice;
    let (head, body) = request.into_parts();
    match entry::judge(&head) {
        Verdict::Page => voice.page(),
        Verdict::Preflight => voice.preflight(),
        Verdict::Health(Asked::Live) => voice.health(true),
        Verdict::Health(Asked::Ready) => voice.health(worker.live.readiness.is_ready()),
        Verdict::BadRequest(why) => voice.bad_request(why),
        Verdict::MethodNotAllowed => voice.method_not_allowed(),
        Verdict::Upgrade => {
            let client = client(&head, peer);
            tunnel::open(worker, Request::from_parts(head, body), &client).await
        }
        Verdict::Call => {
            let mut room = worker.memory.room();
            match entry::read(body, settings.config.limits.body_bytes, &mut room).await {
                Ok(body) => {
                    exchange(
                        worker,
                        Ask {
                            body,
                            room,
                            client: client(&head, peer),
                        },
                    )
                    .await
                }
                Err(BodyFault::Refused(refusal)) => {
                    worker.metrics.rejected(refusal.reason());
                    voice.refuse(Id::NULL, refusal, &[])
                }
                Err(BodyFault::Gone) => voice.bad_request("the body broke off"),
            }
        }
    }
}

fn client(head: &http::request::Parts, peer: IpAddr) -> Client {
    Client {
        peer,
        forwarded: forwarded(head),
    }
}

/// The lines of a list field mean the same as one line with all of them (RFC 9110, section 5.3).
fn forwarded(head: &http::request::Parts) -> Option<HeaderValue> {
    let mut lines = head.headers.get_all(X_FORWARDED_FOR).iter();
    let first = lines.next()?;
    let mut all = first.as_bytes().to_vec();
    for line in lines {
        all.extend_from_slice(b", ");
        all.extend_from_slice(line.as_bytes());
    }
    HeaderValue::from_bytes(&all).ok()
}

#[cfg(test)]
mod tests;
