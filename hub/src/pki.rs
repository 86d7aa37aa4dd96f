//! The hub's own trust: its CA, its server certificate, boxes' certificates, and the key that signs commands.
//!
//! Everything secret lies in one folder, made at the first start:
//!
//! | file | what |
//! |---|---|
//! | `ca.key` | the CA's key (P-256), mode 0600 |
//! | `ca.pem` | the CA's certificate, 10 years. More certificates may follow it: boxes of those CAs are let in, too, and every box is told to trust them, so that a CA can be replaced without a day when boxes are locked out |
//! | `command.key` | the Ed25519 key whose commands boxes obey (PKCS#8), mode 0600 |
//! | `seal.key` | the X25519 key that boxes seal exports for (32 bytes), mode 0600 |
//!
//! The server certificate is not stored: it is made at each start and again long before its end, for
//! [`HUB_NAME`](vigie_shared::enrol::HUB_NAME) only. Certificates of the hub begin years ago, because a box
//! without a clock judges them at its build time.

mod authority;
mod files;
mod peer;
mod seal_key;
mod tls;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use vigie_shared::clock::Clock;
use vigie_shared::export::Cover;
use vigie_shared::id::SiteId;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::seal::Channel;

use authority::Authority;
pub use authority::{CsrError, Signed};
pub use peer::{PeerError, PeerIdentity};
use seal_key::SealKey;
use tls::ServingCertificate;

/// How often the server certificate is made anew; it lives ten times as long.
const SERVER_RENEWAL: Duration = Duration::from_secs(30 * 24 * 3600);

/// Why an export is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorError {
    /// Sealed for a key that this hub does not have.
    #[error("it is sealed for another hub; only the hub that gave the box its identity can open it")]
    OtherHub,
    /// Signed with a certificate that this hub's CA did not give.
    #[error("it is not from a box of this hub: its certificate is of another authority")]
    Stranger,
    /// The signature does not fit.
    #[error("its signature is not of the box that it names: it was changed, or forged")]
    Forged,
}

/// The hub's keys and certificates.
pub struct Pki {
    authority: Authority,
    serving: Arc<ServingCertificate>,
    command_key: Ed25519KeyPair,
    seal_key: SealKey,
}

impl Pki {
    /// Opens the folder, or makes it with everything in it at the first start.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, written or understood, or if others than its owner may read a key; the text
    /// names the file and the cure.
    pub fn open(folder: &Path, now_ms: i64) -> anyhow::Result<Self> {
        files::make_folder(folder)?;
        let authority = Authority::open(folder, now_ms)?;
        let serving = Arc::new(ServingCertificate::new(authority.server_certificate(now_ms)?));
        let command_key = open_command_key(&folder.join("command.key"))?;
        let seal_key = SealKey::open(&folder.join("seal.key"))?;
        Ok(Self { authority, serving, command_key, seal_key })
    }

    /// The public key that boxes seal exports for.
    #[must_use]
    pub fn seal_public_key(&self) -> [u8; 32] {
        self.seal_key.public()
    }

    /// Joins the channel that an export's cover opens.
    ///
    /// # Errors
    ///
    /// [`AuthorError::OtherHub`] if it is sealed for another key.
    pub fn join(&self, cover: &Cover) -> Result<Channel, AuthorError> {
        let is_ours = cover.hub_key == self.seal_key.public();
        let agreed = is_ours.then(|| self.seal_key.agree(cover.encapsulated).ok()).flatten();
        agreed.map(|agreed| cover.join(&agreed)).ok_or(AuthorError::OtherHub)
    }

    /// The box that signed a text, with a certificate of a trusted CA that may have expired since. Whether the hub still
    /// wants to hear of it is not decided here.
    ///
    /// # Errors
    ///
    /// [`AuthorError::Stranger`], [`AuthorError::Forged`].
    pub fn author(&self, certificate: &[u8], text: &[u8], signature: &[u8]) -> Result<PeerIdentity, AuthorError> {
        let certificate = CertificateDer::from(certificate);
        tls::verify_box(self.authority.bundle(), &certificate).map_err(|_unknown| AuthorError::Stranger)?;
        let peer = PeerIdentity::from_certificate(&certificate).map_err(|_unnamed| AuthorError::Stranger)?;
        if peer::has_signed(&certificate, text, signature) { Ok(peer) } else { Err(AuthorError::Forged) }
    }

    /// SHA-256 of the signing CA's certificate (DER): what enrolment tokens carry.
    #[must_use]
    pub fn ca_sha256(&self) -> [u8; 32] {
        self.authority.ca_sha256()
    }

    /// Every trusted CA's certificate, PEM, the signing one first.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        self.authority.bundle_pem()
    }

    /// Signs a box's request: client authentication as `site`, two years, whatever subject the request names.
    ///
    /// # Errors
    ///
    /// [`CsrError`] if the request is not one, or is not signed by its own key.
    pub fn sign_csr(&self, csr_pem: &str, site: &SiteId, now_ms: i64) -> Result<Signed, CsrError> {
        self.authority.sign_csr(csr_pem, site, now_ms)
    }

    /// The key that signs commands.
    #[must_use]
    pub fn command_key(&self) -> &Ed25519KeyPair {
        &self.command_key
    }

    /// The public half of the command key.
    ///
    /// # Panics
    ///
    /// Never: an Ed25519 public key has 32 bytes.
    #[must_use]
    pub fn command_public_key(&self) -> [u8; 32] {
        self.command_key.public_key().as_ref().try_into().expect("an Ed25519 public key has 32 bytes")
    }

    /// TLS for MQTT: only clients with a valid certificate of a trusted CA.
    ///
    /// # Errors
    ///
    /// If the CA certificates cannot be used.
    pub fn mutual_tls(&self) -> anyhow::Result<Arc<ServerConfig>> {
        tls::mutual(self.authority.bundle(), Arc::clone(&self.serving))
    }

    /// TLS for enrolment: clients without a certificate, or with one of a trusted CA that may have expired.
    ///
    /// # Errors
    ///
    /// If the CA certificates cannot be used.
    pub fn enrolment_tls(&self) -> anyhow::Result<Arc<ServerConfig>> {
        tls::enrolment(self.authority.bundle(), Arc::clone(&self.serving))
    }

    /// TLS for people's programs: no client certificate is asked for.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up.
    pub fn open_tls(&self) -> anyhow::Result<Arc<ServerConfig>> {
        tls::open(Arc::clone(&self.serving))
    }

    /// Makes the server certificate anew; connections made from then on see it.
    ///
    /// # Errors
    ///
    /// If the certificate cannot be made.
    pub fn renew_server_certificate(&self, now_ms: i64) -> anyhow::Result<()> {
        self.serving.replace(self.authority.server_certificate(now_ms)?);
        Ok(())
    }

    /// Starts the task that renews the server certificate for as long as the hub runs.
    pub fn keep_renewed(self: &Arc<Self>, clock: Arc<dyn Clock>, lifecycle: &Lifecycle) {
        let (pki, stopping) = (Arc::clone(self), lifecycle.stopping());
        lifecycle.spawn("server certificate", async move {
            loop {
                tokio::select! {
                    () = stopping.cancelled() => return Ok(()),
                    () = tokio::time::sleep(SERVER_RENEWAL) => pki.renew_server_certificate(clock.wall_ms())?,
                }
            }
        });
    }
}

fn open_command_key(file: &Path) -> anyhow::Result<Ed25519KeyPair> {
    let document = files::read_or_make_secret(file, || {
        let random = ring::rand::SystemRandom::new();
        let document = Ed25519KeyPair::generate_pkcs8(&random)
            .map_err(|_unspecified| anyhow::anyhow!("the kernel gave no random bytes"))?;
        Ok(document.as_ref().to_vec())
    })?;
    Ed25519KeyPair::from_pkcs8(&document)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .with_context(|| format!("read the command key in {}; restore it from a backup", file.display()))
}

#[cfg(test)]
mod tests;
