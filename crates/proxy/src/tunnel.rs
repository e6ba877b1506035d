//! WebSocket pass-through: bytes both ways between a client and one backend of the `ws` pool.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header;
use http::request::Parts;
use http_body_util::BodyExt;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::upgrade;
use hyper::upgrade::OnUpgrade;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use rules::ids::Pool;
use rules::ids::Seat;
use rules::method::HeadNeed;
use rules::method::Label;
use rules::pick;
use rules::pick::Wish;
use tokio::io::copy_bidirectional;
use tokio::time::timeout_at;

use crate::body::AnswerBody;
use crate::client::Client;
use crate::live::Backend;
use crate::live::Snapshot;
use crate::metrics::Metrics;
use crate::post_data::Sent;
use crate::reply::Refusal;
use crate::reply::Reply;
use crate::tasks;
use crate::upstream;
use crate::worker::Worker;

/// The client's headers that a WebSocket handshake is made of (RFC 6455, section 4.1).
const HANDSHAKE: [header::HeaderName; 5] = [
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::ORIGIN,
];

/// A tunnel that counts itself out when it ends.
struct Open(Arc<Metrics>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.front.tunnels.dec();
    }
}

/// Whether there is a pool to tunnel to.
#[must_use]
pub fn is_offered(snapshot: &Snapshot) -> bool {
    let places = snapshot.table.places();
    places.iter().any(|place| place.pool == Some(Pool::Ws))
}

/// Opens a tunnel for a request to upgrade. The backend's own answer decides: 101 joins the two
/// sides, anything else goes to the client.
pub async fn open(worker: &Arc<Worker>, mut request: Request<Incoming>, client: &Client) -> Reply {
    let snapshot = worker.live.snapshot();
    let voice = &snapshot.settings.voice;
    let ours = upgrade::on(&mut request);
    let (head, _body) = request.into_parts();
    let (mut tried, mut last) = (Vec::new(), Refusal::UpstreamFailed);
    while let Some((seat, backend)) = pick(worker, &snapshot, &tried) {
        tried.push(seat);
        let response = handshake(worker, backend, &head, client).await;
        // As nginx has it for a backend that said nothing.
        let status = match &response {
            Ok(response) => response.status().as_u16(),
            Err(Refusal::UpstreamTimeout) => 504,
            Err(_) => 502,
        };
        if status >= 500 {
            let post_data = &worker.logs.post_data;
            post_data.failed(Pool::Ws, client.address.ip, (status, Sent::Handshake));
        }
        let response = match response {
            Ok(response) => response,
            Err(refusal) => {
                last = refusal;
                continue;
            }
        };
        // A redirect leads away from what is configured, and its words may hold a key.
        if response.status().is_redirection() {
            continue;
        }
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return turned_down(response);
        }
        return join(worker, response, ours);
    }
    worker.metrics.rejected(last.reason());
    voice.refuse(frame::id::Id::NULL, last, &[])
}

fn pick<'a>(
    worker: &Worker,
    snapshot: &'a Snapshot,
    tried: &[Seat],
) -> Option<(Seat, &'a Arc<Backend>)> {
    let wish = Wish {
        method: Label::OTHER,
        pool: Pool::Ws,
        head: HeadNeed::Free,
        tried,
    };
    let picked = pick::read(
        &snapshot.table,
        &wish,
        fastrand::u64(..),
        worker.clock.now(),
    )?;
    worker.metrics.picked(Pool::Ws, picked.step);
    Some((picked.seat, snapshot.backend(picked.seat)?))
}

/// Sends the handshake on a connection of its own.
///
/// # Errors
/// What to say if that backend was the last: it cannot be reached, or not in time.
async fn handshake(
    worker: &Worker,
    backend: &Backend,
    head: &Parts,
    client: &Client,
) -> Result<Response<Incoming>, Refusal> {
    let allowed = worker.live.snapshot().settings.config.timeouts.attempt;
    let deadline = worker.clock.now().after(allowed);
    let answered = timeout_at(worker.clock.instant(deadline), async {
        let stream = upstream::reach(worker, backend, deadline).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        tasks::background(connection.with_upgrades());
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = backend.path.clone();
        let headers = request.headers_mut();
        copy(
            &[header::HOST, header::AUTHORIZATION],
            &backend.headers,
            headers,
        );
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        copy(&HANDSHAKE, &head.headers, headers);
        if !backend.external {
            client.introduce(headers);
        }
        sender.send_request(request).await.ok()
    })
    .await;
    // Whoever dials gives up at the same moment and may be the first to say so.
    let late = worker.clock.now() >= deadline;
    answered.ok().flatten().ok_or(match late {
        true => Refusal::UpstreamTimeout,
        false => Refusal::UpstreamFailed,
    })
}

fn copy(names: &[header::HeaderName], from: &HeaderMap, to: &mut HeaderMap) {
    for name in names {
        for value in from.get_all(name) {
            to.append(name.clone(), value.clone());
        }
    }
}

/// A backend that does not upgrade says why; its words reach the client.
fn turned_down(response: Response<Incoming>) -> Reply {
    let (head, rest) = response.into_parts();
    let mut reply = Response::new(AnswerBody::Streamed {
        first: Bytes::new(),
        rest: rest.map_err(Into::into).boxed_unsync(),
    });
    *reply.status_mut() = head.status;
    copy(
        &[header::CONTENT_TYPE, header::SEC_WEBSOCKET_VERSION],
        &head.headers,
        reply.headers_mut(),
    );
    reply
}

/// Answers 101 and moves bytes until either side ends.
fn join(worker: &Arc<Worker>, mut response: Response<Incoming>, ours: OnUpgrade) -> Reply {
    let theirs = upgrade::on(&mut response);
    let mut reply = Response::new(AnswerBody::from(""));
    *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let names = [
        header::UPGRADE,
        header::CONNECTION,
        header::SEC_WEBSOCKET_ACCEPT,
        header::SEC_WEBSOCKET_PROTOCOL,
        header::SEC_WEBSOCKET_EXTENSIONS,
    ];
    copy(&names, response.headers(), reply.headers_mut());
    worker.metrics.front.tunnels.inc();
    let open = Open(Arc::clone(&worker.metrics));
    tasks::background(async move {
        let _open = open;
        if let (Ok(ours), Ok(theirs)) = tokio::join!(ours, theirs) {
            // How a tunnel ends is between its two sides.
            let _ended = carry(ours, theirs).await;
        }
    });
    reply
}

async fn carry(ours: Upgraded, theirs: Upgraded) -> std::io::Result<(u64, u64)> {
    copy_bidirectional(&mut TokioIo::new(ours), &mut TokioIo::new(theirs)).await
}

#[cfg(test)]
mod tests;
