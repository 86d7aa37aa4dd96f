//! The certificate that browsers are shown: from the owner's files, reread when they change, so that whoever renews it
//! need not restart the hub.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether the files have changed.
const LOOK: Duration = Duration::from_secs(30);
/// Largest file of a certificate or key, bytes.
const FILE_BYTES_MAX: usize = 256 * 1024;

/// A certificate in files, and the one in use.
pub(crate) struct FileCertificate {
    certificate: PathBuf,
    key: PathBuf,
    serving: RwLock<(Pair, Arc<CertifiedKey>)>,
}

/// What stood in both files.
type Pair = (Vec<u8>, Vec<u8>);

impl FileCertificate {
    /// Reads both files.
    ///
    /// # Errors
    ///
    /// Words for people on the file that cannot be used.
    pub(crate) fn open((certificate, key): (PathBuf, PathBuf)) -> anyhow::Result<Self> {
        let pair = (read(&certificate)?, read(&key)?);
        let certified = certified(&pair)
            .with_context(|| format!("use the certificate {} with its key {}", certificate.display(), key.display()))?;
        Ok(Self { certificate, key, serving: RwLock::new((pair, Arc::new(certified))) })
    }

    /// The settings of a listener that shows it.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up.
    pub(crate) fn config(self: Arc<Self>) -> anyhow::Result<Arc<ServerConfig>> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("choose TLS versions")?
            .with_no_client_auth()
            .with_cert_resolver(self);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Looks again and again until the hub stops. What cannot be used is told, and the former one goes on.
    ///
    /// # Errors
    ///
    /// None.
    pub(crate) async fn keep_fresh(self: Arc<Self>, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                _ = looks.tick() => {}
            }
            match self.reread() {
                Ok(true) => tracing::info!("browsers are shown the new certificate"),
                Ok(false) => {}
                Err(error) => tracing::warn!("browsers are shown the former certificate: {error:#}"),
            }
        }
    }

    /// Takes what the files hold; true if that is something else.
    fn reread(&self) -> anyhow::Result<bool> {
        let pair = (read(&self.certificate)?, read(&self.key)?);
        if self.serving.read().unwrap_or_else(PoisonError::into_inner).0 == pair {
            return Ok(false);
        }
        let certified = Arc::new(certified(&pair)?);
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = (pair, certified);
        Ok(true)
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
    anyhow::ensure!(bytes.len() <= FILE_BYTES_MAX, "{} is too large for a certificate or key", file.display());
    Ok(bytes)
}

fn certified((certificate, key): &Pair) -> anyhow::Result<CertifiedKey> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| anyhow::anyhow!("the certificate is no PEM: {error}"))?;
    anyhow::ensure!(!chain.is_empty(), "the file holds no certificate");
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| anyhow::anyhow!("the key is no PEM: {error}"))?;
    CertifiedKey::from_der(chain, key, &ring::default_provider())
        .context("the key is not the certificate's, or of a kind that is not supported")
}

impl fmt::Debug for FileCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileCertificate({})", self.certificate.display())
    }
}

impl ResolvesServerCert for FileCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.serving.read().unwrap_or_else(PoisonError::into_inner).1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate of its own and its key, in files of a folder.
    fn put(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    #[test]
    fn a_renewed_certificate_is_shown_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = put(folder.path(), "one.example.org");
        let shown = FileCertificate::open(files.clone()).unwrap();
        let now = || shown.serving.read().unwrap().1.cert.clone();
        let first = now();
        assert!(!shown.reread().unwrap());
        put(folder.path(), "two.example.org");
        assert!(shown.reread().unwrap());
        let second = now();
        assert_ne!(first, second);
        std::fs::write(&files.0, "no certificate").unwrap();
        assert!(shown.reread().is_err());
        assert_eq!(now(), second);
    }

    #[test]
    fn a_foreign_key_and_a_missing_file_are_said() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ((certificate, _), (_, key)) = (put(one.path(), "one.example.org"), put(two.path(), "two.example.org"));
        let foreign = FileCertificate::open((certificate.clone(), key)).unwrap_err();
        assert!(format!("{foreign:#}").contains("not the certificate's"), "{foreign:#}");
        let missing = FileCertificate::open((certificate, one.path().join("none"))).unwrap_err();
        assert!(format!("{missing:#}").contains("none"), "{missing:#}");
    }
}
