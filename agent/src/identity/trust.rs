//! Whom the box trusts: only its hub's CA, by name of a constant, at no earlier time than it has proof of.
//!
//! The hub's CA signs for nobody else, so the address that was dialled proves nothing more: every hub
//! certificate carries one constant name, and a hub may move without its boxes noticing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ring::digest::{SHA256, digest};
use rustls::client::WantsClientCert;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme, WantsVerifier,
};

/// The cryptography of the whole agent.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A client configuration that still wants to know whom to trust.
///
/// # Errors
///
/// If the cryptography lacks the protocol versions, which the pinned library never does.
pub fn client_builder() -> anyhow::Result<ConfigBuilder<ClientConfig, WantsVerifier>> {
    ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().context("choose TLS versions")
}

/// A configuration for the first contact: trusts exactly the CA with this fingerprint.
///
/// # Errors
///
/// As [`client_builder`].
pub fn pinned(ca_sha256: [u8; 32], floor_ms: i64) -> anyhow::Result<ClientConfig> {
    let verifier = PinnedCa { ca_sha256, floor: unix(floor_ms), provider: provider() };
    let builder: ConfigBuilder<ClientConfig, WantsClientCert> =
        client_builder()?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(builder.with_no_client_auth())
}

/// Trusts the hub's CA certificates.
#[derive(Debug)]
pub struct HubCa {
    inner: Arc<WebPkiServerVerifier>,
    floor: UnixTime,
}

impl HubCa {
    /// Trusts these roots (several during a roll-over) at no earlier time than `floor_ms`.
    ///
    /// # Errors
    ///
    /// If a certificate cannot be a root.
    pub fn new(roots: &[CertificateDer<'static>], floor_ms: i64) -> anyhow::Result<Self> {
        let inner = web_pki(roots, &provider()).context("trust the hub's CA")?;
        Ok(Self { inner, floor: unix(floor_ms) })
    }
}

fn web_pki(
    roots: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> anyhow::Result<Arc<WebPkiServerVerifier>> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone()).context("use a certificate as root")?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
        .build()
        .context("build the verifier")
}

fn unix(ms: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

fn later(a: UnixTime, b: UnixTime) -> UnixTime {
    if a.as_secs() >= b.as_secs() { a } else { b }
}

fn hub_name() -> Result<ServerName<'static>, Error> {
    ServerName::try_from(vigie_shared::enrol::HUB_NAME)
        .map_err(|_invalid| Error::General("the hub's name is invalid".to_owned()))
}

/// The presented chain holds no certificate with the expected fingerprint.
#[derive(Debug, thiserror::Error)]
#[error("the server does not show the CA with the expected fingerprint; wrong address, or somebody in between")]
pub struct ForeignCa;

/// Trusts whoever shows the CA certificate with the known fingerprint and is signed by it.
#[derive(Debug)]
struct PinnedCa {
    ca_sha256: [u8; 32],
    floor: UnixTime,
    provider: Arc<CryptoProvider>,
}

impl PinnedCa {
    fn is_pinned(&self, certificate: &CertificateDer<'_>) -> bool {
        digest(&SHA256, certificate).as_ref() == self.ca_sha256
    }
}

impl ServerCertVerifier for PinnedCa {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _dialled: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let root = intermediates
            .iter()
            .find(|certificate| self.is_pinned(certificate))
            .ok_or_else(|| Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(ForeignCa)))))?;
        let verifier = web_pki(&[root.clone().into_owned()], &self.provider)
            .map_err(|error| Error::General(format!("{error:#}")))?;
        verifier.verify_server_cert(end_entity, intermediates, &hub_name()?, ocsp_response, later(now, self.floor))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for HubCa {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _dialled: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.inner.verify_server_cert(end_entity, intermediates, &hub_name()?, ocsp_response, later(now, self.floor))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
