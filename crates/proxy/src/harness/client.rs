//! A client of the proxy: whole calls by hyper, and raw bytes for what hyper would not send.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::Request;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::DuplexStream;

use crate::clock::Clock;
use crate::harness::Proxy;
use crate::serve;
use crate::tasks;

/// Who every client is.
pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// Bytes a client's pipe holds before its writer waits.
const PIPE_BYTES: usize = 64 * 1024;

/// What a client heard.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The whole body; nothing when it broke off.
    pub(crate) body: Option<String>,
    /// From the request to the end of the answer.
    pub(crate) took: Duration,
}

impl Heard {
    pub(crate) fn text(&self) -> &str {
        self.body.as_deref().expect("the answer broke off")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.text()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// `data.reason` of the one error in the answer.
    pub(crate) fn reason(&self) -> String {
        let json = self.json();
        json["error"]["data"]["reason"]
            .as_str()
            .unwrap_or("")
            .to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// After how many seconds it may be asked again.
    pub(crate) fn retry_after(&self) -> u64 {
        self.header("retry-after").unwrap().parse().unwrap()
    }
}

/// A call by name, with an id.
pub(crate) fn call(id: &str, method: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":[]}}")
}

/// A call by name, with an id and params.
pub(crate) fn call_with(id: &str, method: &str, params: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{params}}}")
}

/// A call without an id.
pub(crate) fn notification(method: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"params\":[]}}")
}

/// Elements in an array.
pub(crate) fn batch<T: AsRef<str>>(elements: &[T]) -> String {
    let elements: Vec<_> = elements.iter().map(AsRef::as_ref).collect();
    format!("[{}]", elements.join(","))
}

impl Proxy {
    /// A connection to the proxy; the client's end.
    pub(crate) fn connect(&self) -> DuplexStream {
        self.connect_from(PEER)
    }

    pub(crate) fn connect_from(&self, peer: IpAddr) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        let worker = Arc::clone(&self.worker);
        let stopping = self.worker.live.readiness.leaving();
        tasks::background(serve::connection(worker, theirs, peer, stopping));
        ours
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, request: Request<String>) -> Heard {
        let clock = Clock::start();
        let stream = TokioIo::new(self.connect());
        let (mut sender, connection) = http1::handshake(stream).await.unwrap();
        let driver = tasks::background(connection);
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.ok().map(|body| body.to_bytes());
        driver.abort();
        Heard {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.map(|body| String::from_utf8(body.to_vec()).unwrap()),
            took: clock.now().since(rules::moment::Moment::ZERO),
        }
    }

    /// One POST.
    pub(crate) async fn post(&self, body: impl Into<String>) -> Heard {
        let request = Request::post("/").header("host", "proxy");
        self.ask(request.body(body.into()).unwrap()).await
    }

    /// One POST through a proxy that names its client.
    pub(crate) async fn post_for(&self, client: &str, body: impl Into<String>) -> Heard {
        let request = Request::post("/")
            .header("host", "proxy")
            .header("x-forwarded-for", client);
        self.ask(request.body(body.into()).unwrap()).await
    }

    /// Sends a POST and leaves when so much time has passed.
    pub(crate) async fn post_and_leave(&self, body: impl Into<String>, patience: Duration) {
        let left = tokio::time::timeout(patience, self.post(body)).await;
        assert!(left.is_err(), "it was answered before: {left:?}");
    }

    /// Raw bytes; gives everything that came until the connection closed or nothing came for a
    /// minute.
    pub(crate) async fn raw(&self, text: &str) -> String {
        self.raw_from(PEER, text).await
    }

    pub(crate) async fn raw_from(&self, peer: IpAddr, text: &str) -> String {
        let mut stream = self.connect_from(peer);
        // The proxy may have heard enough before the end.
        let _enough = stream.write_all(text.as_bytes()).await;
        let mut heard = Vec::new();
        let all = stream.read_to_end(&mut heard);
        let _still_open = tokio::time::timeout(Duration::from_secs(60), all).await;
        // After an upgrade frames follow, which are no text.
        String::from_utf8_lossy(&heard).into_owned()
    }
}
