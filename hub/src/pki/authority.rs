//! The CA: makes itself at the first start, then certificates for the hub and for boxes. Alone names `rcgen`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use vigie_shared::enrol::HUB_NAME;
use vigie_shared::id::{SiteId, to_hex};

use super::files;

const DAY_MS: i64 = 24 * 3600 * 1000;
const CA_LIFE_MS: i64 = 3650 * DAY_MS;
const SERVER_LIFE_MS: i64 = 300 * DAY_MS;
const BOX_LIFE_MS: i64 = 730 * DAY_MS;

/// A hub whose clock was a little ahead when it signed must not lock a box out.
const BOX_BACKDATED_MS: i64 = DAY_MS;

/// 2020-01-01: the hub's own certificates begin before any box was built, see [`super`].
const HUB_BEGIN_MS: i64 = 1_577_836_800_000;

/// Why a signing request was refused.
#[derive(Debug, thiserror::Error)]
pub enum CsrError {
    /// It is not a request, is damaged, or its signature is not of its own key.
    #[error("the certificate signing request cannot be used: {0}")]
    Bad(String),
    /// The CA could not sign.
    #[error("the hub's CA could not sign")]
    Failed(#[source] anyhow::Error),
}

/// A certificate for a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The certificate, PEM.
    pub pem: String,
    /// Its serial number, lower-case hexadecimal.
    pub serial: String,
    /// When it was made, milliseconds since 1970 UTC.
    pub issued_ms: i64,
    /// When it ends.
    pub expires_ms: i64,
}

pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    bundle: Vec<CertificateDer<'static>>,
    bundle_pem: String,
}

/// A certificate with its key, for our own listeners.
pub(super) struct Server {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Authority {
    pub(super) fn open(folder: &Path, now_ms: i64) -> anyhow::Result<Self> {
        let (key_file, certificate_file) = (folder.join("ca.key"), folder.join("ca.pem"));
        if files::read_secret(&key_file)?.is_none() {
            ensure!(
                !certificate_file.exists(),
                "{} exists but its key {} does not: restore the key from a backup",
                certificate_file.display(),
                key_file.display()
            );
            let key = KeyPair::generate().context("make the CA's key")?;
            files::write(&key_file, key.serialize_pem().as_bytes())?;
        }
        if !certificate_file.exists() {
            let certificate = ca_certificate(&read_key(&key_file)?, now_ms)?;
            files::write(&certificate_file, certificate.as_bytes())?;
        }
        Self::read(&key_file, &certificate_file)
    }

    fn read(key_file: &Path, certificate_file: &Path) -> anyhow::Result<Self> {
        let key = read_key(key_file)?;
        let bundle_pem = std::fs::read_to_string(certificate_file)
            .with_context(|| format!("read the CA's certificate {}", certificate_file.display()))?;
        let bundle = CertificateDer::pem_slice_iter(bundle_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| anyhow::anyhow!("{error}"))
            .with_context(|| format!("read the certificates in {}", certificate_file.display()))?;
        let ca = bundle.first().with_context(|| format!("{} holds no certificate", certificate_file.display()))?;
        ensure!(
            super::peer::is_key_of(ca, key.public_key_raw()),
            "the first certificate in {} is not of the key {}",
            certificate_file.display(),
            key_file.display()
        );
        let issuer = Issuer::from_ca_cert_der(ca, key).context("use the CA's certificate")?;
        Ok(Self { issuer, bundle, bundle_pem })
    }

    pub(super) fn bundle(&self) -> &[CertificateDer<'static>] {
        &self.bundle
    }

    pub(super) fn bundle_pem(&self) -> &str {
        &self.bundle_pem
    }

    pub(super) fn ca_sha256(&self) -> [u8; 32] {
        let der = self.bundle.first().map_or(&[][..], |ca| ca.as_ref());
        let digest = ring::digest::digest(&ring::digest::SHA256, der);
        digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }

    pub(super) fn server_certificate(&self, now_ms: i64) -> anyhow::Result<Server> {
        let key = KeyPair::generate().context("make the server's key")?;
        let mut params = params(HUB_NAME, HUB_BEGIN_MS, now_ms.saturating_add(SERVER_LIFE_MS))?;
        params.subject_alt_names = vec![rcgen::SanType::DnsName(HUB_NAME.try_into()?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer).context("sign the server's certificate")?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        // The CA goes along: a box that enrols knows only its fingerprint and must see it to compare.
        let chain = std::iter::once(certificate.der().clone()).chain(self.bundle.iter().cloned()).collect();
        Ok(Server { chain, key })
    }

    pub(super) fn sign_csr(&self, csr_pem: &str, site: &SiteId, now_ms: i64) -> Result<Signed, CsrError> {
        let request =
            CertificateSigningRequestParams::from_pem(csr_pem).map_err(|error| CsrError::Bad(error.to_string()))?;
        let expires_ms = now_ms.saturating_add(BOX_LIFE_MS);
        let mut params =
            params(site.as_str(), now_ms.saturating_sub(BOX_BACKDATED_MS), expires_ms).map_err(CsrError::Failed)?;
        params.distinguished_name.push(DnType::OrganizationName, site.as_str());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let serial = params.serial_number.as_ref().map(SerialNumber::to_bytes).unwrap_or_default();
        let certificate = params
            .signed_by(&request.public_key, &self.issuer)
            .map_err(|error| CsrError::Failed(anyhow::Error::new(error)))?;
        Ok(Signed { pem: certificate.pem(), serial: to_hex(&serial), issued_ms: now_ms, expires_ms })
    }
}

fn read_key(file: &Path) -> anyhow::Result<KeyPair> {
    let key = files::read_secret(file)?.with_context(|| format!("{} has just vanished", file.display()))?;
    let key = String::from_utf8(key).ok().and_then(|text| KeyPair::from_pem(&text).ok());
    key.with_context(|| format!("{} is not a private key in PEM form", file.display()))
}

/// The CA's own certificate. Its name follows from its key: two CAs can be told apart while one replaces the
/// other, and a certificate made again for the same key is trusted by the same boxes.
fn ca_certificate(key: &KeyPair, now_ms: i64) -> anyhow::Result<String> {
    let digest = ring::digest::digest(&ring::digest::SHA256, key.public_key_raw());
    let mark: Vec<u8> = digest.as_ref().iter().copied().take(4).collect();
    let name = format!("Vigie CA {}", to_hex(&mark));
    let mut params = params(&name, HUB_BEGIN_MS, now_ms.saturating_add(CA_LIFE_MS))?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params.self_signed(key).context("sign the CA's certificate")?.pem())
}

fn params(common_name: &str, begin_ms: i64, end_ms: i64) -> anyhow::Result<CertificateParams> {
    let epoch = date_time_ymd(1970, 1, 1);
    // Certificates count whole seconds.
    let since_epoch = |ms: i64| Duration::from_secs(u64::try_from(ms / 1000).unwrap_or(0));
    let mut params = CertificateParams::default();
    params.not_before = epoch + since_epoch(begin_ms);
    params.not_after = epoch + since_epoch(end_ms);
    params.serial_number = Some(random_serial()?);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// 127 random bits that never begin with a zero byte, so that the serial reads the same in every encoding.
fn random_serial() -> anyhow::Result<SerialNumber> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("draw random bytes: {error}"))?;
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x3f) | 0x40;
    }
    Ok(SerialNumber::from_slice(&bytes))
}
