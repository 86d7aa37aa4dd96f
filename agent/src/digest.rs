//! SHA-256 of what passes by, and its hexadecimal form.

use ring::digest::{Context, SHA256};
use vigie_shared::id::{from_hex, to_hex};

/// A SHA-256.
pub type Sha256 = [u8; 32];

/// A hash in the making.
#[derive(Clone)]
pub struct Hasher(Context);

impl Default for Hasher {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Hasher {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of everything that was added.
    #[must_use]
    pub fn finish(self) -> Sha256 {
        let mut sha256 = [0; 32];
        sha256.iter_mut().zip(self.0.finish().as_ref()).for_each(|(to, from)| *to = *from);
        sha256
    }
}

/// Reads 64 hexadecimal digits.
///
/// # Errors
///
/// A sentence, if it is something else.
pub fn parse(text: &str) -> Result<Sha256, String> {
    let bytes = from_hex(text.trim()).and_then(|bytes| Sha256::try_from(bytes).ok());
    bytes.ok_or_else(|| "the SHA-256 is not 64 hexadecimal digits".to_owned())
}

/// Writes it as 64 hexadecimal digits.
#[must_use]
pub fn text(sha256: &Sha256) -> String {
    to_hex(sha256)
}
