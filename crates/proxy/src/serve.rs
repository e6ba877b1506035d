//! One HTTP connection: the tower stack at the door, boxed once; acts on the verdict of `entry`.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use frame::id::Id;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header;
use http::request::Parts;
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::sync::watch;
use tower::Service;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::body::BodyError;
use crate::body::Tracked;
use crate::body::Underway;
use crate::client::Client;
use crate::closing;
use crate::entry;
use crate::entry::Asked;
use crate::entry::Verdict;
use crate::exchange::Ask;
use crate::exchange::exchange;
use crate::intake;
use crate::intake::BodyFault;
use crate::live::Snapshot;
use crate::metrics::Cap;
use crate::pack;
use crate::patience::Abort;
use crate::patience::Limits;
use crate::patience::Patience;
use crate::reply::Refusal;
use crate::reply::Reply;
use crate::reply::Voice;
use crate::socket;
use crate::trail::Trail;
use crate::trail::X_REQUEST_ID;
use crate::tunnel;
use crate::turn::Turn;
use crate::unpack;
use crate::worker::Worker;

/// Bytes of a request's head; the sizes of an AWS load balancer.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Serves a connection until it ends; once `stopping` turns true, until its current answer ends, or
/// the next one if that is asked for at once.
pub async fn connection<S>(
    worker: Arc<Worker>,
    stream: S,
    peer: IpAddr,
    mut stopping: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Abort + Unpin + Send + 'static,
{
    let turn = Turn::default();
    let limits = Limits::of_client(peer, &worker.live.snapshot().settings.config);
    let stream = Patience::new(stream, Arc::clone(&worker), limits, turn.clone());
    let mut builder = http1::Builder::new();
    // A hundred header fields are its limit by itself; to say so would cost every request a list on
    // the heap.
    builder.max_buf_size(HEAD_BYTES_MAX);
    let stack = edge(worker, Client::at(peer), turn);
    let service = service_fn(move |request| stack.clone().call(request));
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        // A client's fault or a client gone: both end here, and neither concerns anybody else.
        _ended = connection.as_mut() => return,
        _asked = stopping.wait_for(|stopping| *stopping) => {}
    }
    if closing::last_words(connection.as_mut()).await {
        return;
    }
    connection.as_mut().graceful_shutdown();
    let _ended = connection.await;
}

/// The layers that are true of any HTTP server; what is true of JSON-RPC begins at [`serve`].
fn edge(
    worker: Arc<Worker>,
    client: Client,
    turn: Turn,
) -> impl Service<
    Request<Incoming>,
    Response = Response<impl Body<Data = Bytes, Error = BodyError> + Send + 'static>,
    Error = Infallible,
    Future: Send,
> + Clone {
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
            let (worker, client) = (Arc::clone(&worker), client.clone());
            let turn = turn.clone();
            turn.begin();
            // Boxed here, once: what the layers above pass around is then one pointer.
            Box::pin(
                async move { Ok::<_, Infallible>(serve(&worker, request, client, turn).await) },
            )
        })
}

async fn serve(
    worker: &Arc<Worker>,
    request: Request<Incoming>,
    client: Client,
    turn: Turn,
) -> Response<Tracked> {
    let (head, body) = request.into_parts();
    let snapshot = worker.live.snapshot();
    let trust = &snapshot.settings.config.server.trusted_proxies;
    let mut client = client.of(&head.headers, trust);
    let journal = &worker.logs.journal;
    let trail = Trail::of(&head.headers, journal.notes());
    client.trail.clone_from(&trail);
    let entry = journal.entry(&head, (client.address.ip, trail.clone()), worker.clock);
    let metrics = Arc::clone(&worker.metrics);
    let underway = Underway::new(metrics, turn, journal.clone(), entry);
    // Of what is no call, pages are short, and a tunnel's bytes are nobody's to change.
    let packs = snapshot.settings.config.server.compression && head.method == Method::POST;
    let asked = packs.then(|| pack::asked(&head.headers)).flatten();
    let mut reply = reply(worker, snapshot, (head, body), client, underway.turn()).await;
    if let Some(asked) = asked.filter(|_| pack::is_long(&reply)) {
        // Boxed, because it is large and most clients do not ask.
        reply = Box::pin(pack::pack(reply, asked, &worker.memory)).await;
    }
    let (mut head, body) = reply.into_parts();
    let upgraded = head.status == StatusCode::SWITCHING_PROTOCOLS;
    if worker.live.readiness.is_draining() && !upgraded {
        head.headers
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(id) = trail.as_deref().and_then(Trail::given_id) {
        head.headers.insert(X_REQUEST_ID, id.clone());
    }
    let status = head.status.as_u16();
    Response::from_parts(head, Tracked::new(body, status, underway))
}

async fn reply(
    worker: &Arc<Worker>,
    snapshot: Arc<Snapshot>,
    (head, body): (Parts, Incoming),
    client: Client,
    turn: &Turn,
) -> Reply {
    let voice = &snapshot.settings.voice;
    match entry::judge(&head) {
        Verdict::Page => voice.page(),
        Verdict::Preflight => voice.preflight(),
        Verdict::Health(Asked::Live) => voice.health(true),
        Verdict::Health(Asked::Ready) => voice.health(worker.live.readiness.is_ready()),
        Verdict::BadRequest(why) => voice.bad_request(why),
        Verdict::Breach(breach) => {
            turn.turn_deaf();
            voice.breach(breach)
        }
        Verdict::MethodNotAllowed => voice.method_not_allowed(),
        Verdict::Upgrade | Verdict::Call if worker.is_overfull(&snapshot) => {
            turn.turn_deaf();
            worker.metrics.front.capped(Cap::InFlight);
            refuse(worker, voice, Refusal::Overloaded)
        }
        Verdict::Upgrade => {
            let request = Request::from_parts(head, body);
            match tunnel::is_offered(&snapshot) {
                // Boxed, because it is rare: every call would carry its size.
                true => Box::pin(tunnel::open(worker, request, &client)).await,
                false => socket::open(worker, &snapshot, request, (client, turn.clone())),
            }
        }
        Verdict::Call => {
            let Some(coding) = unpack::coding(&head.headers) else {
                turn.turn_deaf();
                worker.metrics.rejected("invalid_request");
                return voice.unknown_coding();
            };
            drop(head);
            let mut room = worker.memory.room();
            let config = &snapshot.settings.config;
            match intake::read((body, coding), worker, config, &mut room).await {
                Ok(body) => exchange(worker, snapshot, Ask { body, room, client }).await,
                Err(BodyFault::Refused(refusal)) => {
                    turn.turn_deaf();
                    refuse(worker, voice, refusal)
                }
                Err(BodyFault::Gone) => voice.bad_request("the body broke off"),
            }
        }
    }
}

/// A refusal before there is a call.
fn refuse(worker: &Worker, voice: &Voice, refusal: Refusal) -> Reply {
    worker.metrics.rejected(refusal.reason());
    voice.refuse(Id::NULL, refusal, &[])
}

#[cfg(test)]
mod tests;
