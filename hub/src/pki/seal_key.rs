//! The key that boxes seal exports for. Alone names `x25519-dalek`: the TLS library's keys cannot be kept in a file.

use std::path::Path;

use anyhow::Context as _;
use x25519_dalek::{PublicKey, StaticSecret};

use super::files;

/// X25519.
pub(super) struct SealKey {
    private: StaticSecret,
    public: [u8; 32],
}

impl SealKey {
    pub(super) fn open(file: &Path) -> anyhow::Result<Self> {
        let bytes = files::read_or_make_secret(file, || {
            let mut bytes = vec![0; 32];
            getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("draw random bytes: {error}"))?;
            Ok(bytes)
        })?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_other_length| {
            anyhow::anyhow!("{} is not a key of 32 bytes; restore it from a backup", file.display())
        })?;
        let private = StaticSecret::from(bytes);
        let public = PublicKey::from(&private).to_bytes();
        Ok(Self { private, public })
    }

    pub(super) fn public(&self) -> [u8; 32] {
        self.public
    }

    /// What both ends of a conversation that `encapsulated` began have in common.
    pub(super) fn agree(&self, encapsulated: [u8; 32]) -> anyhow::Result<[u8; 32]> {
        let agreed = self.private.diffie_hellman(&PublicKey::from(encapsulated));
        agreed.was_contributory().then(|| agreed.to_bytes()).context("the sender's half of the key is none")
    }
}
