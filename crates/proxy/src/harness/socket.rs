//! A client of the proxy that opens a WebSocket.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::SinkExt;
use futures_util::StreamExt;
use http::Response;
use tokio::io::DuplexStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;

use crate::harness::Proxy;
use crate::harness::client::PEER;

/// Longer than anything a story waits for.
const PATIENCE: Duration = Duration::from_secs(600);

/// The client's end of a socket.
pub(crate) struct Caller(pub(crate) WebSocketStream<DuplexStream>);

impl Proxy {
    /// Opens a socket.
    pub(crate) async fn open(&self) -> Caller {
        self.open_with(PEER, &[]).await.unwrap()
    }

    /// Opens a socket with these headers, or gives the status of what was said instead.
    pub(crate) async fn open_with(
        &self,
        peer: IpAddr,
        headers: &[(&str, &str)],
    ) -> Result<Caller, Response<Option<Vec<u8>>>> {
        let mut request = ClientRequestBuilder::new("ws://proxy/".parse().unwrap());
        for (name, value) in headers {
            request = request.with_header(*name, *value);
        }
        match client_async(request, self.connect_from(peer)).await {
            Ok((socket, _response)) => Ok(Caller(socket)),
            Err(Error::Http(response)) => Err(*response),
            Err(error) => panic!("{error}"),
        }
    }
}

impl Caller {
    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).await.unwrap();
    }

    /// The next message that is no sign of life; nothing when the socket has ended.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            match timeout(PATIENCE, self.0.next())
                .await
                .expect("nothing came")?
            {
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(message) => return Some(message),
                Err(_ended) => return None,
            }
        }
    }

    /// The next text.
    pub(crate) async fn text(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("no text: {other:?}"),
        }
    }

    /// Sends a text and gives the next one.
    pub(crate) async fn ask(&mut self, text: &str) -> String {
        self.send(text).await;
        self.text().await
    }

    /// The code with which the socket ends; nothing when it just ends.
    pub(crate) async fn code(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Message::Close(Some(frame))) => return Some(frame.code.into()),
                Some(Message::Close(None)) | None => return None,
                Some(_) => {}
            }
        }
    }
}
