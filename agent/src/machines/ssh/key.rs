//! The key that the box logs in with on machines.

use std::sync::Arc;

use anyhow::Context as _;
use russh::keys::PrivateKey;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::Ed25519Keypair;

/// A private key to log in with.
#[derive(Clone)]
pub struct Key(Arc<PrivateKey>);

impl Key {
    /// Reads a key as OpenSSH writes it.
    ///
    /// # Errors
    ///
    /// Words for people: it is another kind, or has a passphrase that nobody here could type.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let key = PrivateKey::from_openssh(text).context("it is no private key in the form of OpenSSH")?;
        anyhow::ensure!(!key.is_encrypted(), "it has a passphrase, which nobody can type here");
        anyhow::ensure!(!key.algorithm().is_rsa(), "RSA keys are not supported; Ed25519 and ECDSA are");
        Ok(Self(Arc::new(key)))
    }

    /// Draws a new key; returns it with the text for its file.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn make() -> anyhow::Result<(Self, String)> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(anyhow::Error::msg).context("draw a key")?;
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&seed));
        let text = key.to_openssh(LineEnding::LF).context("write the key")?;
        Ok((Self(Arc::new(key)), text.as_str().to_owned()))
    }

    /// What signs.
    pub(super) fn private(&self) -> Arc<PrivateKey> {
        Arc::clone(&self.0)
    }

    /// The public key, as it stands in `authorized_keys`.
    ///
    /// # Errors
    ///
    /// None in practice: every key has a public part.
    pub fn public(&self) -> anyhow::Result<String> {
        self.0.public_key().to_openssh().context("write the public key")
    }
}
