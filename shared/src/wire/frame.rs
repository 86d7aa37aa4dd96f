//! The envelope of everything stored or sent: `[version u8][postcard body][CRC-32, little endian]`.
//!
//! postcard does not describe itself and turns a flipped bit into a valid wrong value; the version byte says
//! which frozen struct to read, and the checksum says whether to read at all.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that a frame adds to its body.
pub const OVERHEAD_BYTES: usize = 5;

/// Why bytes are not a readable frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Too short, or the checksum does not match: damaged on its way or on its disk.
    #[error("the bytes are damaged: checksum does not match")]
    Damaged,
    /// Whole, but of a version that this program does not know. Keep the bytes; a newer program reads them.
    #[error("version {0} is not known to this program")]
    UnknownVersion(u8),
    /// Whole and of a known version, but the body does not have that version's shape.
    #[error("the body does not have the shape of its version")]
    Malformed,
}

/// Seals a value as the body of a frame of the given version.
///
/// # Panics
///
/// If the value cannot be serialised, which no wire type allows.
pub fn seal<T: Serialize + ?Sized>(version: u8, value: &T) -> Vec<u8> {
    let mut bytes = postcard::to_extend(value, vec![version]).expect("wire types always serialise");
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// Checks the checksum and returns version and body.
///
/// # Errors
///
/// [`FrameError::Damaged`] if the bytes are not a whole frame.
pub fn check(bytes: &[u8]) -> Result<(u8, &[u8]), FrameError> {
    let (framed, crc) = bytes.split_last_chunk::<4>().ok_or(FrameError::Damaged)?;
    let (version, body) = framed.split_first().ok_or(FrameError::Damaged)?;
    if crc32fast::hash(framed) != u32::from_le_bytes(*crc) {
        return Err(FrameError::Damaged);
    }
    Ok((*version, body))
}

/// The checksum that a whole frame ends with; `None` if the bytes are too short to hold one.
#[must_use]
pub fn crc(bytes: &[u8]) -> Option<u32> {
    bytes.last_chunk::<4>().map(|crc| u32::from_le_bytes(*crc))
}

/// Reads a body of version 1, the only one there is so far.
///
/// # Errors
///
/// Every [`FrameError`]; trailing bytes count as malformed.
pub fn open<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
    match check(bytes)? {
        (1, body) => body_of(body),
        (version, _) => Err(FrameError::UnknownVersion(version)),
    }
}

/// Reads a body that has been checked; trailing bytes count as malformed.
pub(crate) fn body_of<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(FrameError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_sealed_opens_again(text: String, number: u64) {
            let value = (text, number);
            prop_assert_eq!(open::<(String, u64)>(&seal(1, &value)), Ok(value));
        }

        #[test]
        fn one_flipped_bit_is_noticed(text: String, at: prop::sample::Index, bit in 0..8u8) {
            let mut bytes = seal(1, &text);
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(open::<String>(&bytes), Err(FrameError::Damaged));
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>) {
            drop(open::<(String, Vec<u64>)>(&bytes));
        }
    }

    #[test]
    fn a_version_from_the_future_is_named_not_guessed() {
        assert_eq!(open::<u8>(&seal(9, &1u8)), Err(FrameError::UnknownVersion(9)));
    }

    #[test]
    fn trailing_bytes_are_malformed() {
        assert_eq!(open::<u8>(&seal(1, &(1u8, 2u8))), Err(FrameError::Malformed));
    }
}
