//! The vault: secrets in the store are sealed with a key that lies outside the database.
//!
//! A sealed secret is `[version 1][nonce, 12 bytes][AES-256-GCM of the secret, its purpose as associated data]`.
//! The purpose binds it to its place: a secret moved to another row does not open.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use vigie_shared::id::{from_hex, random_bytes, to_hex};

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;

/// Seals and opens secrets.
pub struct Vault(LessSafeKey);

impl Vault {
    /// Takes the key from a file of 64 hexadecimal digits, or makes it, readable by its owner alone.
    ///
    /// # Errors
    ///
    /// If the file can be neither read nor made, or holds something else.
    pub fn open(file: &Path) -> anyhow::Result<Self> {
        let what = || format!("read the store's key {}", file.display());
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let key = from_hex(text.trim()).filter(|key| key.len() == KEY_BYTES);
                let Some(key) = key else {
                    bail!("{} is not a store key: put back the file that belongs to this database", file.display());
                };
                Self::new(&key).with_context(what)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::make(file),
            Err(error) => Err(error).with_context(what),
        }
    }

    /// A vault whose key dies with it, for tests.
    ///
    /// # Panics
    ///
    /// If the kernel has no random source, which no supported system lacks.
    #[must_use]
    pub fn passing() -> Self {
        Self::new(&random_bytes::<KEY_BYTES>()).expect("the key has the right length")
    }

    fn make(file: &Path) -> anyhow::Result<Self> {
        let key = random_bytes::<KEY_BYTES>();
        let make = || -> std::io::Result<()> {
            let mut new = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
            writeln!(new, "{}", to_hex(&key))?;
            new.sync_all()
        };
        make().with_context(|| format!("make the store's key {}", file.display()))?;
        Self::new(&key)
    }

    fn new(key: &[u8]) -> anyhow::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, key).ok().context("the key has the wrong length")?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals a secret for one purpose.
    ///
    /// # Panics
    ///
    /// If the secret is longer than 64 GiB.
    #[must_use]
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Vec<u8> {
        let nonce = random_bytes::<NONCE_LEN>();
        let mut body = secret.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose), &mut body)
            .expect("secrets are short");
        [&[VERSION], nonce.as_slice(), &body].concat()
    }

    /// Opens what was sealed for the same purpose.
    ///
    /// # Errors
    ///
    /// If another key sealed it, or it was changed, or it was sealed for another purpose.
    pub fn open_sealed(&self, purpose: &str, sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        let wrong = "a secret in the store cannot be opened: the key file is not the one that sealed it";
        let Some((&VERSION, rest)) = sealed.split_first() else { bail!(wrong) };
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_LEN>() else { bail!(wrong) };
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let secret = self.0.open_in_place(nonce, Aad::from(purpose), &mut body).ok().context(wrong)?;
        Ok(secret.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_with_its_key_and_for_its_purpose() {
        let vault = Vault::passing();
        let sealed = vault.seal("site a", b"secret");

        assert_eq!(vault.open_sealed("site a", &sealed).unwrap(), b"secret");
        assert!(vault.open_sealed("site b", &sealed).is_err());
        assert!(Vault::passing().open_sealed("site a", &sealed).is_err());
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.key");

        let sealed = Vault::open(&file).unwrap().seal("p", b"s");

        assert_eq!(Vault::open(&file).unwrap().open_sealed("p", &sealed).unwrap(), b"s");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "short").unwrap();
        assert!(Vault::open(&file).is_err());
    }
}
