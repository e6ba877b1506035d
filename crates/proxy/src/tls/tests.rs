//! Authorities and servers of our own making, and stories about handshakes with them.

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rcgen::date_time_ymd;
use rustls::ClientConnection;
use rustls::HandshakeKind;
use rustls::ServerConfig;
use rustls::SupportedProtocolVersion;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS12;
use rustls::version::TLS13;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::DuplexStream;
use tokio::io::duplex;
use tokio_rustls::TlsAcceptor;

use super::*;

/// Bytes a pipe holds before its writer waits.
const PIPE_BYTES: usize = 4096;

const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];
const OLD: &[&SupportedProtocolVersion] = &[&TLS12];
const NEW: &[&SupportedProtocolVersion] = &[&TLS13];

/// An authority that nobody else knows.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// What a server shows.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    name: &'static str,
    /// First and last year.
    years: (i32, i32),
    versions: &'static [&'static SupportedProtocolVersion],
}

/// A certificate that is good for a name.
pub(crate) const fn good(name: &'static str) -> Shown {
    Shown {
        name,
        years: (2020, 4000),
        versions: BOTH,
    }
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "ours");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self {
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    pub(crate) fn anchors(&self) -> Vec<TrustAnchor<'static>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots.roots
    }

    fn certified(&self, shown: Shown) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new([shown.name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(shown.years.0, 1, 1);
        params.not_after = date_time_ymd(shown.years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().clone(), key.into())
    }

    /// A server; `wants` is whether it asks clients for a certificate.
    fn server(&self, shown: Shown, wants: bool) -> TlsAcceptor {
        let (certificate, key) = self.certified(shown);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(shown.versions)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let builder = match wants {
            true => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .unwrap(),
            ),
            false => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(vec![certificate], key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), HTTP_1_1.to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    pub(crate) fn acceptor(&self, shown: Shown) -> TlsAcceptor {
        self.server(shown, false)
    }
}

/// How one handshake ended for us.
async fn met(tls: &Tls, name: &'static str, server: &TlsAcceptor) -> Result<Seen, Distrust> {
    let (ours, theirs) = duplex(PIPE_BYTES);
    let name = ServerName::try_from(name).unwrap();
    let wrapped = tls.wrap(ours, name);
    let (wrapped, accepted) = tokio::join!(wrapped, server.accept(theirs));
    let wrapped = wrapped?;
    let accepted = accepted.unwrap();
    let server = accepted.get_ref().1;
    let asked_for = server.server_name().map(str::to_owned);
    let inside = server.alpn_protocol().map(<[u8]>::to_vec);
    let (mut wrapped, mut accepted) = (wrapped, accepted);
    accepted.write_all(b"hello").await.unwrap();
    let mut hello = [0; 5];
    wrapped.read_exact(&mut hello).await.unwrap();
    assert_eq!(&hello, b"hello");
    let client: &ClientConnection = wrapped.get_ref().1;
    Ok(Seen {
        asked_for,
        inside,
        resumed: client.handshake_kind() == Some(HandshakeKind::Resumed),
    })
}

struct Seen {
    asked_for: Option<String>,
    inside: Option<Vec<u8>>,
    resumed: bool,
}

#[tokio::test]
async fn who_proves_to_be_who_they_should_be_is_spoken_to() {
    let ours = Authority::new();
    let tls = Tls::new(&ours.anchors());
    for versions in [BOTH, OLD, NEW] {
        let server = ours.acceptor(Shown {
            versions,
            ..good("node.test")
        });
        let first = met(&tls, "node.test", &server).await.unwrap();
        assert_eq!(first.asked_for.as_deref(), Some("node.test"));
        assert_eq!(first.inside.as_deref(), Some(HTTP_1_1));
    }
    // An address is no name that could be asked for, but a certificate may be for one.
    let server = ours.acceptor(good("127.0.0.1"));
    let seen = met(&tls, "127.0.0.1", &server).await.unwrap();
    assert_eq!(seen.asked_for, None);
}

#[tokio::test]
async fn the_second_connection_resumes_what_the_first_agreed_on() {
    let ours = Authority::new();
    for versions in [OLD, NEW] {
        let tls = Tls::new(&ours.anchors());
        let server = ours.acceptor(Shown {
            versions,
            ..good("node.test")
        });
        assert!(!met(&tls, "node.test", &server).await.unwrap().resumed);
        assert!(met(&tls, "node.test", &server).await.unwrap().resumed);
    }
}

#[tokio::test]
async fn who_does_not_is_told_from_each_other() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let tls = Tls::new(&ours.anchors());
    let of = |years| Shown {
        years,
        ..good("node.test")
    };
    for (server, expected) in [
        (ours.acceptor(of((2020, 2021))), Distrust::Expired),
        (ours.acceptor(of((3000, 4000))), Distrust::NotYetValid),
        (theirs.acceptor(good("node.test")), Distrust::UnknownIssuer),
        (ours.acceptor(good("other.test")), Distrust::WrongName),
        (
            ours.server(
                Shown {
                    versions: OLD,
                    ..good("node.test")
                },
                true,
            ),
            Distrust::WantsCertificate,
        ),
    ] {
        let (near, far) = duplex(PIPE_BYTES);
        let name = ServerName::try_from("node.test").unwrap();
        let (wrapped, _refused) = tokio::join!(tls.wrap(near, name), server.accept(far));
        assert_eq!(wrapped.err(), Some(expected));
    }
}

/// What comes back from somebody who is no TLS server.
async fn answered(bytes: &'static [u8], stays: bool) -> Option<Distrust> {
    let (near, mut far) = duplex(PIPE_BYTES);
    let name = ServerName::try_from("node.test").unwrap();
    let somebody = async {
        let mut hello = [0; 64];
        let _read = far.read(&mut hello).await.unwrap();
        far.write_all(bytes).await.unwrap();
        let kept: Option<DuplexStream> = stays.then_some(far);
        kept
    };
    let tls = Tls::new(&[]);
    let (wrapped, _kept) = tokio::join!(tls.wrap(near, name), somebody);
    wrapped.err()
}

#[tokio::test]
async fn who_speaks_something_else_is_noticed() {
    let plain = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(answered(plain, true).await, Some(Distrust::NotTls));
    assert_eq!(answered(b"", false).await, Some(Distrust::Broken));
    // An alert: no such name here.
    let alert = b"\x15\x03\x03\x00\x02\x02\x70";
    assert_eq!(answered(alert, true).await, Some(Distrust::TurnedDown));
}
