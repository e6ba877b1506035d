//! TLS towards backends: whom we trust, what we offer, and why a handshake failed in a few words.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::AlertDescription;
use rustls::CertificateError;
use rustls::ClientConfig;
use rustls::Error;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::pki_types::TrustAnchor;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The only protocol we speak inside (RFC 7301).
const HTTP_1_1: &[u8] = b"http/1.1";

/// How connections are encrypted: TLS 1.2 and 1.3, sessions resumed where the backend offers it.
#[derive(Clone)]
pub struct Tls {
    connector: Option<TlsConnector>,
}

/// Who is trusted is a long list, and what keys there are is nobody's business.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// Why a handshake failed. A closed set, because what a certificate says is not ours to repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// What came back is no TLS.
    NotTls,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// No authority we know vouches for it.
    UnknownIssuer,
    /// It is for another name.
    WrongName,
    /// Something else about the certificate is wrong.
    BadCertificate,
    /// No version or cipher in common.
    NothingInCommon,
    /// The backend wants a certificate of ours, and we have none.
    WantsCertificate,
    /// The backend ended it.
    TurnedDown,
    /// The connection broke.
    Broken,
}

impl Tls {
    /// Trusts the authorities of the web and these.
    #[must_use]
    pub fn new(authorities: &[TrustAnchor<'static>]) -> Self {
        let web = webpki_roots::TLS_SERVER_ROOTS.iter();
        let roots = RootCertStore {
            roots: web.chain(authorities).cloned().collect(),
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        // The provider has ciphers for both versions, so this always succeeds.
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let connector = builder.ok().map(|builder| {
            let mut config = builder.with_root_certificates(roots).with_no_client_auth();
            config.alpn_protocols = vec![HTTP_1_1.to_vec()];
            TlsConnector::from(Arc::new(config))
        });
        Self { connector }
    }

    /// Encrypts a stream that was just opened, once whoever is at its other end has proved to be
    /// `name`.
    ///
    /// # Errors
    /// They did not. Nothing of a request was sent.
    pub async fn wrap<S>(
        &self,
        stream: S,
        name: ServerName<'static>,
    ) -> Result<TlsStream<S>, Distrust>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let connector = self.connector.as_ref().ok_or(Distrust::NothingInCommon)?;
        connector
            .connect(name, stream)
            .await
            .map_err(|error| distrust(&error))
    }
}

impl Distrust {
    /// Words for the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotTls => "it does not speak TLS",
            Self::Expired => "its certificate has expired",
            Self::NotYetValid => "its certificate is not valid yet",
            Self::UnknownIssuer => "its certificate is from an unknown issuer",
            Self::WrongName => "its certificate is for another name",
            Self::BadCertificate => "its certificate is not acceptable",
            Self::NothingInCommon => "no TLS version or cipher in common",
            Self::WantsCertificate => "it wants a client certificate",
            Self::TurnedDown => "it turned the TLS handshake down",
            Self::Broken => "the connection broke in the TLS handshake",
        }
    }
}

fn distrust(error: &io::Error) -> Distrust {
    let told = error.get_ref().and_then(|error| error.downcast_ref());
    match told {
        Some(Error::InvalidCertificate(wrong)) => of_certificate(wrong),
        Some(Error::NoCertificatesPresented) => Distrust::BadCertificate,
        Some(Error::InvalidMessage(_) | Error::InappropriateMessage { .. }) => Distrust::NotTls,
        Some(Error::PeerIncompatible(_) | Error::NoApplicationProtocol) => {
            Distrust::NothingInCommon
        }
        Some(Error::AlertReceived(alert)) => of_alert(*alert),
        Some(_) => Distrust::TurnedDown,
        None => Distrust::Broken,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a library's list, which grows; what has no word of its own here gets the last one"
)]
fn of_certificate(wrong: &CertificateError) -> Distrust {
    match wrong {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Distrust::NotYetValid
        }
        // An authority of the same name as one of ours, with another key, is as unknown.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Distrust::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Distrust::WrongName
        }
        _ => Distrust::BadCertificate,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a library's list, which grows; what has no word of its own here gets the last one"
)]
fn of_alert(alert: AlertDescription) -> Distrust {
    match alert {
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity
        | AlertDescription::NoApplicationProtocol => Distrust::NothingInCommon,
        AlertDescription::CertificateRequired => Distrust::WantsCertificate,
        _ => Distrust::TurnedDown,
    }
}

#[cfg(test)]
pub(crate) mod tests;
