//! Who a client certificate says the peer is. Alone names `x509-parser`.

use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls::pki_types::CertificateDer;
use vigie_shared::id::{SiteId, to_hex};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A box, as its certificate names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerIdentity {
    /// Its site: common name and organisation agree on it.
    pub site: SiteId,
    /// The certificate's serial number, lower-case hexadecimal.
    pub serial: String,
    /// When the certificate ends, milliseconds since 1970 UTC.
    pub expires_ms: i64,
}

/// Why a certificate names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// It is not an X.509 certificate.
    #[error("the client certificate cannot be read")]
    Unreadable,
    /// Common name or organisation is missing, not a site id, or they differ.
    #[error("the client certificate does not name one site in both its common name and its organisation")]
    NoSite,
}

impl PeerIdentity {
    /// Reads a certificate whose signature has been verified already.
    ///
    /// # Errors
    ///
    /// Every [`PeerError`].
    pub fn from_certificate(certificate: &CertificateDer<'_>) -> Result<Self, PeerError> {
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_unreadable| PeerError::Unreadable)?;
        let mut names = parsed.subject().iter_common_name();
        let mut organisations = parsed.subject().iter_organization();
        let (Some(name), None, Some(organisation), None) =
            (names.next(), names.next(), organisations.next(), organisations.next())
        else {
            return Err(PeerError::NoSite);
        };
        let name = name.as_str().map_err(|_not_text| PeerError::NoSite)?;
        if organisation.as_str() != Ok(name) {
            return Err(PeerError::NoSite);
        }
        let serial: Vec<u8> = parsed.raw_serial().iter().copied().skip_while(|byte| *byte == 0).collect();
        Ok(Self {
            site: name.parse().map_err(|_not_a_site| PeerError::NoSite)?,
            serial: to_hex(&serial),
            expires_ms: parsed.validity().not_after.timestamp().saturating_mul(1000),
        })
    }
}

/// When a certificate ends, seconds since 1970 UTC; `None` if it cannot be read.
pub(super) fn end_of(certificate: &CertificateDer<'_>) -> Option<u64> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    u64::try_from(parsed.validity().not_after.timestamp()).ok()
}

/// Whether a certificate's key made this signature: ECDSA P-256, SHA-256, ASN.1.
pub(super) fn has_signed(certificate: &CertificateDer<'_>, text: &[u8], signature: &[u8]) -> bool {
    X509Certificate::from_der(certificate).is_ok_and(|(_, parsed)| {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &parsed.public_key().subject_public_key.data);
        key.verify(text, signature).is_ok()
    })
}

/// Whether a certificate is for the given public key.
pub(super) fn is_key_of(certificate: &CertificateDer<'_>, public_key: &[u8]) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.public_key().subject_public_key.data == public_key)
}
