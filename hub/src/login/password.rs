//! Passwords: Argon2id with the library's present defaults (19 MiB, two passes), in PHC form.

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Argon2, Params};
use vigie_shared::id::random_bytes;

use super::secret;

/// The shortest password a person may choose, characters.
pub const LENGTH_MIN: usize = 12;
/// The longest, bytes: hashing more would be work for nothing.
pub const LENGTH_MAX: usize = 256;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short to resist guessing.
    #[error("the password is shorter than {LENGTH_MIN} characters; a sentence is easy to keep in mind and long enough")]
    Short,
    /// Longer than anything a person types.
    #[error("the password is longer than {LENGTH_MAX} bytes; choose a shorter one")]
    Long,
}

/// Says whether a person may choose this password.
///
/// # Errors
///
/// What is wrong with it.
pub fn judge(password: &str) -> Result<(), PasswordError> {
    if password.chars().count() < LENGTH_MIN {
        return Err(PasswordError::Short);
    }
    if password.len() > LENGTH_MAX {
        return Err(PasswordError::Long);
    }
    Ok(())
}

/// Hashes a password with a new salt. Takes some tens of milliseconds of one processor.
///
/// # Errors
///
/// If there is not enough memory for it.
pub fn hash(password: &str) -> anyhow::Result<String> {
    let salt =
        SaltString::encode_b64(&random_bytes::<16>()).map_err(|error| anyhow::anyhow!("make a salt: {error}"))?;
    let hash = argon().hash_password(password.as_bytes(), &salt);
    Ok(hash.map_err(|error| anyhow::anyhow!("hash the password: {error}"))?.to_string())
}

/// Whether the password is the one that was hashed. Comparing takes the same time whatever differs.
#[must_use]
pub fn is_match(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|known| argon().verify_password(password.as_bytes(), &known).is_ok())
}

/// A hash that no password has, of the same cost: an unknown account takes as long as a wrong password.
#[must_use]
pub fn nobody() -> String {
    hash(&secret::draw()).unwrap_or_default()
}

fn argon() -> Argon2<'static> {
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, Params::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_matches_and_salts_differ() {
        let phc = hash("correct horse battery").unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(is_match("correct horse battery", &phc));
        assert!(!is_match("correct horse batterz", &phc));
        assert_ne!(phc, hash("correct horse battery").unwrap());
    }

    #[test]
    fn a_damaged_hash_matches_nothing() {
        assert!(!is_match("", ""));
        assert!(!is_match("x", "$argon2id$"));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert_eq!(judge("short"), Err(PasswordError::Short));
        assert_eq!(judge(&"x".repeat(257)), Err(PasswordError::Long));
        assert_eq!(judge("a sentence will do"), Ok(()));
    }
}
