//! The HR server's certificate, honest or not.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// What the server shows at the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// A certificate for `localhost` that whoever has [`super::HrServer::certificate`] trusts.
    Valid,
    /// A certificate for another name.
    WrongName,
    /// A certificate that ended in 2001.
    Expired,
    /// No TLS at all: the answer to a handshake is plain text.
    Plain,
}

/// The settings of the listener and its certificate; none if it speaks plainly.
pub(super) fn settings(tls: Tls) -> anyhow::Result<Option<(Arc<ServerConfig>, CertificateDer<'static>)>> {
    let name = match tls {
        Tls::Plain => return Ok(None),
        Tls::WrongName => "elsewhere.example",
        Tls::Valid | Tls::Expired => "localhost",
    };
    let mut params = CertificateParams::new([name.to_owned()])?;
    if tls == Tls::Expired {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    }
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?.der().clone();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)?;
    Ok(Some((Arc::new(config), certificate)))
}
