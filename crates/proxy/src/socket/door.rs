//! Who may open a WebSocket here, and what a good handshake is (RFC 6455, section 4.2.1).

use config::checked::Ws;
use http::HeaderMap;
use http::HeaderValue;
use http::header;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::client::Client;
use crate::crowd::Presence;
use crate::live::Snapshot;
use crate::metrics::Cap;
use crate::worker::Worker;

/// A key is sixteen bytes in base64.
const KEY_BYTES: usize = 24;

/// What keeps a socket from being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The client speaks another version.
    Version,
    /// The request is no handshake.
    Handshake(&'static str),
    /// The page comes from elsewhere.
    Origin,
    /// There are too many already.
    Full,
}

/// What a handshake is answered with: the accepted key, and the protocol.
pub(crate) type Accepted = (HeaderValue, Option<HeaderValue>);

/// Judges the headers of a request to upgrade. Of the protocols that a client offers the first is taken,
/// as the original does: browsers close a socket whose server took none of theirs.
///
/// # Errors
/// Why it stays closed.
pub(crate) fn judge(headers: &HeaderMap, ws: &Ws) -> Result<Accepted, Closed> {
    let version = headers.get(header::SEC_WEBSOCKET_VERSION);
    if version.is_none_or(|version| version != "13") {
        return Err(Closed::Version);
    }
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let key = match (keys.next(), keys.next()) {
        (Some(key), None) if is_key(key.as_bytes()) => key,
        _ => return Err(Closed::Handshake("not one valid Sec-WebSocket-Key header")),
    };
    // Who is no browser says no origin, and could say any.
    if let Some(origin) = headers.get(header::ORIGIN)
        && !ws.origins.is_empty()
    {
        let origin = origin.as_bytes();
        let known = |one: &String| one.as_bytes().eq_ignore_ascii_case(origin);
        if !ws.origins.iter().any(known) {
            return Err(Closed::Origin);
        }
    }
    let wrong = Closed::Handshake("not a valid Sec-WebSocket-Key header");
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(|_| wrong)?;
    Ok((accept, protocol(headers)))
}

fn is_key(key: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    key.len() == KEY_BYTES && key.ends_with(b"==") && key.iter().all(digit)
}

fn protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let first = offered.split(',').next()?.trim();
    (!first.is_empty())
        .then(|| HeaderValue::from_str(first).ok())
        .flatten()
}

/// Counts a socket in for its client, if there is room for it.
///
/// # Errors
/// There is none.
pub(crate) fn enter(
    worker: &Worker,
    snapshot: &Snapshot,
    client: &Client,
) -> Result<Presence, Closed> {
    let config = &snapshot.settings.config;
    let front = &worker.metrics.front;
    let open = usize::try_from(worker.metrics.sockets.open.get()).unwrap_or(0);
    if open >= config.ws.sockets_max {
        front.capped(Cap::Sockets);
        return Err(Closed::Full);
    }
    let (crowd, address) = (&worker.live.sockets, client.address.ip);
    let open_max = config.ws.sockets_per_client.unwrap_or(u32::MAX);
    if let Some(presence) = crowd.enter(address, open_max) {
        return Ok(presence);
    }
    // Behind a load balancer that nobody named everybody would be one client.
    if config.server.trusted_proxies.is_empty() {
        worker.metrics.sockets.over_share.inc();
        return crowd.enter(address, u32::MAX).ok_or(Closed::Full);
    }
    front.capped(Cap::SocketsPerClient);
    Err(Closed::Full)
}
