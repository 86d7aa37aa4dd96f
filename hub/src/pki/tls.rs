//! TLS settings of the hub's listeners: TLS 1.2 and 1.3, ring, no resumption.
//!
//! A resumed session would skip the check of the client certificate, and saved sessions cost memory; a box
//! connects so rarely that the full handshake does not matter.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoClientAuth, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
};

use super::authority::Server;
use super::peer;

/// The server certificate in use; replacing it does not touch existing connections.
pub(super) struct ServingCertificate(RwLock<Arc<CertifiedKey>>);

impl ServingCertificate {
    pub(super) fn new(server: Server) -> Self {
        Self(RwLock::new(Arc::new(certified(server))))
    }

    pub(super) fn replace(&self, server: Server) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified(server));
    }
}

fn certified(server: Server) -> CertifiedKey {
    let key = rustls::crypto::ring::sign::any_supported_type(&server.key).expect("the CA makes P-256 keys");
    CertifiedKey::new(server.chain, key)
}

impl fmt::Debug for ServingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServingCertificate")
    }
}

impl ResolvesServerCert for ServingCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

pub(super) fn mutual(
    bundle: &[CertificateDer<'static>],
    serving: Arc<ServingCertificate>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(bundle)?, provider())
        .build()
        .context("use the CA certificates to verify boxes")?;
    config(verifier, serving)
}

pub(super) fn enrolment(
    bundle: &[CertificateDer<'static>],
    serving: Arc<ServingCertificate>,
) -> anyhow::Result<Arc<ServerConfig>> {
    config(Arc::new(expired_allowed(bundle)?), serving)
}

fn expired_allowed(bundle: &[CertificateDer<'static>]) -> anyhow::Result<ExpiredAllowed> {
    let strict = WebPkiClientVerifier::builder_with_provider(roots(bundle)?, provider())
        .allow_unauthenticated()
        .build()
        .context("use the CA certificates to verify boxes")?;
    Ok(ExpiredAllowed(strict))
}

/// Whether a trusted CA gave this certificate to a box, at any time.
pub(super) fn verify_box(bundle: &[CertificateDer<'static>], certificate: &CertificateDer<'_>) -> anyhow::Result<()> {
    let end_s = peer::end_of(certificate).context("read the certificate's end")?;
    let at_its_end = UnixTime::since_unix_epoch(Duration::from_secs(end_s));
    expired_allowed(bundle)?.0.verify_client_cert(certificate, &[], at_its_end).context("verify the certificate")?;
    Ok(())
}

pub(super) fn open(serving: Arc<ServingCertificate>) -> anyhow::Result<Arc<ServerConfig>> {
    config(Arc::new(NoClientAuth), serving)
}

fn config(
    verifier: Arc<dyn ClientCertVerifier>,
    serving: Arc<ServingCertificate>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .context("choose TLS versions")?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(serving);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn roots(bundle: &[CertificateDer<'static>]) -> anyhow::Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for certificate in bundle {
        roots.add(certificate.clone()).context("trust a CA certificate")?;
    }
    Ok(Arc::new(roots))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Judges an expired certificate at its own last second: a box that was off for longer than its certificate
/// lived may still ask for a new one. What it may have, the request's handler decides.
#[derive(Debug)]
struct ExpiredAllowed(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for ExpiredAllowed {
    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verdict = self.0.verify_client_cert(end_entity, intermediates, now);
        let Err(rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) =
            verdict
        else {
            return verdict;
        };
        let Some(end_s) = peer::end_of(end_entity) else { return verdict };
        let at_its_end = UnixTime::since_unix_epoch(Duration::from_secs(end_s));
        self.0.verify_client_cert(end_entity, intermediates, at_its_end)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
