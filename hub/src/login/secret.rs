//! Secrets: how they are drawn, written and compared. The store keeps only their SHA-256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use vigie_shared::id::random_bytes;

/// What API tokens begin with, so that scanners of leaked secrets recognise them.
pub const TOKEN_PREFIX: &str = "vgt_";

/// Syllables of first passwords: no letter that is easily taken for another one.
const CONSONANTS: &[u8; 16] = b"bdfghjkmnprstvwz";
const VOWELS: &[u8; 4] = b"aeiu";

/// A secret of 256 bits as text that fits cookies and headers.
#[must_use]
pub fn draw() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// A new API token.
#[must_use]
pub fn draw_token() -> String {
    format!("{TOKEN_PREFIX}{}", draw())
}

/// A password that a person can read aloud and type: five words of five letters, 80 bits.
#[must_use]
pub fn readable_password() -> String {
    readable(5)
}

/// So many words that a person can read aloud and type, 16 bits each.
#[must_use]
pub fn readable(words: usize) -> String {
    let words: Vec<String> = (0..words).map(|_| readable_word()).collect();
    words.join("-")
}

/// Consonant, vowel, consonant, vowel, consonant: 16 bits of chance in 16 × 4 × 16 × 4 × 16 forms.
fn readable_word() -> String {
    random_bytes::<5>()
        .iter()
        .enumerate()
        .map(|(place, byte)| {
            let letters: &[u8] = if place % 2 == 0 { CONSONANTS } else { VOWELS };
            let letter = letters.get(usize::from(*byte) % letters.len()).copied();
            char::from(letter.unwrap_or(b'x'))
        })
        .collect()
}

/// The form in which a secret is stored and looked up.
#[must_use]
pub fn sha256(secret: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, secret).as_ref());
    hash
}

/// Whether two texts are equal, in a time that does not depend on where they differ.
#[must_use]
pub fn is_same(left: &str, right: &str) -> bool {
    let differing = sha256(left.as_bytes()).iter().zip(sha256(right.as_bytes())).fold(0, |sum, (a, b)| sum | (a ^ b));
    differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_password_can_be_read_aloud_and_is_never_the_same() {
        let password = readable_password();
        assert_eq!(password.len(), 29);
        assert!(password.chars().all(|c| c == '-' || c.is_ascii_lowercase()));
        assert_ne!(password, readable_password());
    }

    #[test]
    fn a_token_is_recognisable_and_long() {
        let token = draw_token();
        assert!(token.starts_with("vgt_") && token.len() == 47);
        assert_ne!(token, draw_token());
    }

    #[test]
    fn equality_is_equality() {
        assert!(is_same("abc", "abc"));
        assert!(!is_same("abc", "abd") && !is_same("abc", "abcd") && !is_same("", "a"));
    }
}
