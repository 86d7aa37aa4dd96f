//! Who this box is: its site, its key and certificate, and the hub that it trusts.
//!
//! The private key is made on the box and never leaves it. Everything lies in one folder that only the agent
//! can read; registering again replaces it as a whole.

pub mod enrol;
mod facts;
pub mod trust;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use vigie_shared::export::Author;
use vigie_shared::id::SiteId;

const FACTS_FILE: &str = "identity.json";

/// What stands in the way of everything that is for a hub.
pub const UNREGISTERED: &str = "this box has no hub yet; register it first: vigie-agent register <token>";

/// Signs a text.
pub type Signing = dyn Fn(&[u8]) -> anyhow::Result<Vec<u8>> + Send + Sync;

/// Everything that makes this box a site's box.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    /// The site.
    pub site: SiteId,
    /// Where the hub's HTTPS for boxes listens: `host:port`.
    pub hub: String,
    /// The host of the hub's MQTT gateway.
    pub broker_host: String,
    /// Its port.
    pub broker_port: u16,
    /// The site's IANA time zone.
    pub zone: String,
    /// Hub keys whose commands are obeyed, 64 hexadecimal digits each.
    pub command_keys: Vec<String>,
    /// The hub's key that exports are sealed for, 64 hexadecimal digits; none if the box was enrolled before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal_key: Option<String>,
    /// The secret that names registered devices, 64 hexadecimal digits.
    pub pseudonym_secret: String,
    /// When the box's certificate ends, milliseconds since 1970 UTC.
    pub certificate_expires_ms: i64,
    /// The box's certificate, PEM.
    pub certificate_pem: String,
    /// The box's private key, PEM.
    pub key_pem: String,
    /// The hub's CA certificates, PEM.
    pub ca_pem: String,
}

/// Shows whose identity it is, never its secrets.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("site", &self.site).field("hub", &self.hub).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads the identity of a data folder; `None` if this box was never registered.
    ///
    /// # Errors
    ///
    /// If the file is there but cannot be read or understood; `resync` replaces it.
    pub fn load(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = path_in(folder);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("read the identity in {}", path.display())),
        };
        let identity = serde_json::from_str(&text).with_context(|| {
            format!("understand the identity in {}; register again with a new token", path.display())
        })?;
        Ok(Some(identity))
    }

    /// Writes the identity, readable by the agent's user only, as a whole or not at all.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn save(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("write the identity as JSON")?;
        let path = path_in(folder);
        std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
        vigie_shared::file::replace_private(&path, text.as_bytes())
            .with_context(|| format!("write the identity to {}", folder.display()))?;
        give_to_owner_of(folder, &path)
    }

    /// TLS settings for talking to the hub as this box, at no earlier time than `floor_ms` (milliseconds
    /// since 1970 UTC): a box without a clock still connects.
    ///
    /// # Errors
    ///
    /// If key or certificates are damaged.
    pub fn tls(&self, floor_ms: i64) -> anyhow::Result<rustls::ClientConfig> {
        let chain = certificates(&self.certificate_pem).context("read the box's certificate")?;
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).context("read the box's key")?;
        let roots = certificates(&self.ca_pem).context("read the hub's CA certificates")?;
        let verifier = trust::HubCa::new(&roots, floor_ms)?;
        let config = trust::client_builder()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(chain, key)
            .context("use the box's certificate and key together")?;
        Ok(config)
    }

    /// Who makes an export, and for whom.
    ///
    /// # Errors
    ///
    /// Words with the cure if the hub's key is not known here; or if key or certificate are damaged.
    pub fn author<'a>(&self, sign: &'a Signing) -> anyhow::Result<Author<'a>> {
        let hub_key = self.seal_key.as_deref().and_then(vigie_shared::id::from_hex).and_then(|key| key.try_into().ok());
        let hub_key = hub_key.context(
            "this box was registered before exports were sealed and does not know its hub's key for them; while the hub \
             can be reached, run: vigie-agent resync",
        )?;
        let certificate = certificates(&self.certificate_pem).context("read the box's certificate")?;
        let certificate = certificate.first().context("the identity has no certificate")?.to_vec();
        Ok(Author { site: self.site.clone(), hub_key, certificate, sign })
    }

    /// Signs with the key of the box's certificate: ECDSA P-256, SHA-256, ASN.1.
    ///
    /// # Errors
    ///
    /// If the key is damaged.
    pub fn signing(&self) -> anyhow::Result<Box<Signing>> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(self.key_pem.as_bytes()).context("read the box's key")?;
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.secret_pkcs8_der(), &random)
            .map_err(|error| anyhow::anyhow!("understand the box's key: {error}"))?;
        Ok(Box::new(move |text: &[u8]| {
            let signature = key.sign(&random, text).map_err(|_no_random| anyhow::anyhow!("sign with the box's key"))?;
            Ok(signature.as_ref().to_vec())
        }))
    }

    /// The keys of the hub whose signed commands are obeyed.
    #[must_use]
    pub fn trusted_command_keys(&self) -> Vec<[u8; 32]> {
        self.command_keys
            .iter()
            .filter_map(|text| vigie_shared::id::from_hex(text).and_then(|bytes| bytes.try_into().ok()))
            .collect()
    }

    /// The secret that names registered devices; a random one if the stored one is damaged, so that nothing
    /// is ever named by a guessable key.
    #[must_use]
    pub fn pseudonym_key(&self) -> vigie_shared::pseudonym::PseudonymKey {
        vigie_shared::id::from_hex(&self.pseudonym_secret)
            .and_then(|bytes| bytes.try_into().ok())
            .map_or_else(vigie_shared::pseudonym::PseudonymKey::random, |secret| {
                vigie_shared::pseudonym::PseudonymKey::new(&secret)
            })
    }
}

/// Root registers, the agent's user reads: the file goes to whom the folder belongs.
fn give_to_owner_of(folder: &Path, file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = std::fs::metadata(folder).with_context(|| format!("look at the folder {}", folder.display()))?;
    let current = std::fs::metadata(file).with_context(|| format!("look at the file {}", file.display()))?;
    if owner.uid() == current.uid() {
        return Ok(());
    }
    std::os::unix::fs::chown(file, Some(owner.uid()), Some(owner.gid()))
        .with_context(|| format!("give {} to the agent's user", file.display()))
}

fn path_in(folder: &Path) -> PathBuf {
    folder.join(FACTS_FILE)
}

fn certificates(pem: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let list: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let list = list.context("read PEM")?;
    anyhow::ensure!(!list.is_empty(), "no certificate in the PEM text");
    Ok(list)
}
