//! Backends behind TLS with certificates of our own making, each as good or bad as it is told to be.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::IsCa;
use rcgen::KeyPair;
use rcgen::date_time_ymd;
use rustls::ServerConfig;
use rustls::SupportedProtocolVersion;
use rustls::crypto::aws_lc_rs;
use rustls::version::TLS12;
use rustls::version::TLS13;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::echo;
use crate::node;
use crate::wire::Head;
use crate::wire::Incoming;

/// How a backend speaks.
#[derive(Clone, Copy, Debug)]
pub enum Door {
    /// TLS with a certificate that is good for this name until this year.
    Tls(&'static str, i32),
    /// The same, and nothing newer than TLS 1.2.
    OldTls(&'static str),
    /// Without TLS.
    Plain,
    /// Not at all.
    Mute,
}

/// What a backend says to a request.
#[derive(Clone, Debug)]
pub enum Manner {
    /// What a node would.
    Node,
    /// The request it got, back in a page with this status and these further header lines.
    Page(u16, String),
}

/// An authority that only those know who are told.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Writes its certificate where a configuration can name it.
    pub fn write(&self, path: &Path) {
        std::fs::write(path, self.0.pem()).unwrap();
    }

    fn acceptor(
        &self,
        (name, until): (&str, i32),
        versions: &[&'static SupportedProtocolVersion],
    ) -> TlsAcceptor {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// A running backend on a port of its own.
#[derive(Debug)]
pub struct Secure {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Secure {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Secure {
    /// Starts one that this authority vouches for.
    pub async fn start(authority: &Authority, door: Door, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let acceptor = match door {
            Door::Tls(name, until) => Some(authority.acceptor((name, until), &[&TLS12, &TLS13])),
            Door::OldTls(name) => Some(authority.acceptor((name, 4000), &[&TLS12])),
            Door::Plain | Door::Mute => None,
        };
        Self {
            address: listener.local_addr().unwrap(),
            accepting: tokio::spawn(accept(
                listener,
                acceptor,
                matches!(door, Door::Mute),
                manner,
            )),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, mute: bool, manner: Manner) {
    let mut held = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        if mute {
            held.push(stream);
        } else {
            tokio::spawn(connection(stream, acceptor.clone(), manner.clone()));
        }
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, manner: Manner) {
    match acceptor {
        None => {
            let mut first = [0; 1];
            match stream.peek(&mut first).await {
                // A greeting in TLS.
                Ok(1) if first == [22] => refuse(stream).await,
                Ok(_) => serve(stream, &manner).await,
                Err(_) => {}
            }
        }
        // Whoever does not trust us leaves.
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, &manner).await;
            }
        }
    }
}

/// As servers without TLS answer what they take for bad HTTP.
async fn refuse(mut stream: TcpStream) {
    let mut greeting = [0; 4096];
    let _read = stream.read(&mut greeting).await;
    let _gone = stream.write_all(&echo::plain(400, b"")).await;
}

async fn serve(stream: impl AsyncRead + AsyncWrite, manner: &Manner) {
    let (read, mut write) = tokio::io::split(stream);
    let mut incoming = Incoming::new(read);
    while let Some(head) = incoming.head().await {
        let Some(body) = incoming.exactly(head.length().unwrap_or(0)).await else {
            return;
        };
        let said = match manner {
            Manner::Node if head.get("upgrade").is_some() => web_socket(),
            Manner::Node => echo::plain(200, &node::answer(&body)),
            Manner::Page(status, more) => page(*status, more, &head),
        };
        if write.write_all(&said).await.is_err() || write.flush().await.is_err() {
            return;
        }
    }
}

/// All that a backend knows of its caller, as careless ones say it.
fn page(status: u16, more: &str, head: &Head) -> Vec<u8> {
    let fields: Vec<String> = head
        .fields
        .iter()
        .map(|(n, v)| format!("{n}: {v}"))
        .collect();
    let body = format!("<html>{}\n{}</html>", head.line, fields.join("\n"));
    let length = body.len();
    format!("HTTP/1.1 {status} Said\r\n{more}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// A handshake of RFC 6455 and a first frame.
fn web_socket() -> Vec<u8> {
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    [head.as_bytes(), echo::FRAME].concat()
}
