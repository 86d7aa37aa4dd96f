//! Seals messages so that only the holder of one private key reads them: HPKE (RFC 9180), base mode, with X25519,
//! HKDF-SHA256 and ChaCha20-Poly1305.
//!
//! One [`Channel`] is one direction of one conversation. Its messages are numbered on both sides: one that was
//! changed, left out, repeated or moved does not open. The sender's half is whole here; the receiver brings the
//! agreed secret, because a private key that outlives a process is the hub's matter.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::hmac;
use ring::rand::SystemRandom;

/// Bytes that sealing adds to a message.
pub const OVERHEAD_BYTES: usize = 16;

/// Every label begins with it.
const VERSION_LABEL: &[u8] = b"HPKE-v1";

/// The KEM: DHKEM(X25519, HKDF-SHA256).
const KEM_SUITE: &[u8] = b"KEM\x00\x20";

/// The whole: that KEM, HKDF-SHA256, ChaCha20-Poly1305.
const SUITE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x03";

/// Base mode: the sender proves who he is by other means.
const MODE_BASE: u8 = 0;

/// Why a message was not sealed or does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The public key is not one.
    #[error("the key to seal for is not a usable key")]
    BadKey,
    /// The kernel gave no random bytes, or a channel has carried all the messages that it may.
    #[error("the message could not be sealed")]
    Failed,
    /// Changed, from another sender, for another receiver, or not the next one.
    #[error("the message does not open: it was changed, is not the next one, or is not for this key")]
    NotOpened,
}

/// One conversation's key and the number of its next message.
pub struct Channel {
    key: LessSafeKey,
    base_nonce: [u8; NONCE_LEN],
    next: u64,
}

/// Begins a conversation with the holder of the key to `public`, bound to `info`. Returns what the receiver needs to
/// join, which is no secret, and the channel.
///
/// # Errors
///
/// [`SealError::BadKey`], [`SealError::Failed`].
pub fn begin(public: &[u8; 32], info: &[u8]) -> Result<([u8; 32], Channel), SealError> {
    let own = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).map_err(|_no_random| SealError::Failed)?;
    let point = own.compute_public_key().map_err(|_unspecified| SealError::Failed)?;
    let encapsulated: [u8; 32] = point.as_ref().try_into().map_err(|_other_length| SealError::Failed)?;
    let peer = UnparsedPublicKey::new(&X25519, public);
    let channel = agree_ephemeral(own, &peer, |agreed| Channel::new(agreed, &encapsulated, public, info));
    Ok((encapsulated, channel.map_err(|_not_a_point| SealError::BadKey)?))
}

impl Channel {
    /// The receiver's end: `agreed` is X25519 of the private key to `public` with `encapsulated`.
    ///
    /// # Panics
    ///
    /// Never: a key of this cipher has 32 bytes.
    #[must_use]
    pub fn new(agreed: &[u8], encapsulated: &[u8; 32], public: &[u8; 32], info: &[u8]) -> Self {
        let kem_context = [&encapsulated[..], &public[..]].concat();
        let agreed = extract(KEM_SUITE, &[], b"eae_prk", agreed);
        let shared: [u8; 32] = expand(KEM_SUITE, &agreed, b"shared_secret", &kem_context);
        let names = [extract(SUITE, &[], b"psk_id_hash", &[]), extract(SUITE, &[], b"info_hash", info)].concat();
        let context = [&[MODE_BASE][..], &names].concat();
        let secret = extract(SUITE, &shared, b"secret", &[]);
        let key: [u8; 32] = expand(SUITE, &secret, b"key", &context);
        let base_nonce = expand(SUITE, &secret, b"base_nonce", &context);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).expect("a key of this cipher has 32 bytes");
        Self { key: LessSafeKey::new(key), base_nonce, next: 0 }
    }

    /// Seals the next message in place; `aad` is not sealed, but must be the same at the opening.
    ///
    /// # Errors
    ///
    /// [`SealError::Failed`].
    pub fn seal(&mut self, aad: &[u8], message: &mut Vec<u8>) -> Result<(), SealError> {
        let nonce = self.nonce()?;
        let sealed = self.key.seal_in_place_append_tag(nonce, Aad::from(aad), message);
        sealed.map_err(|_unspecified| SealError::Failed)
    }

    /// Opens the next message in place.
    ///
    /// # Errors
    ///
    /// [`SealError::NotOpened`]; nothing after it opens either.
    pub fn open<'a>(&mut self, aad: &[u8], message: &'a mut [u8]) -> Result<&'a [u8], SealError> {
        let nonce = self.nonce()?;
        let opened = self.key.open_in_place(nonce, Aad::from(aad), message);
        opened.map(|message| &*message).map_err(|_unspecified| SealError::NotOpened)
    }

    /// The next message's nonce, used once.
    fn nonce(&mut self) -> Result<Nonce, SealError> {
        let number = self.next;
        self.next = number.checked_add(1).ok_or(SealError::Failed)?;
        let mut nonce = self.base_nonce;
        let low = nonce.iter_mut().rev().zip(number.to_le_bytes());
        low.for_each(|(byte, number)| *byte ^= number);
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

/// `LabeledExtract` of RFC 9180, section 4.
fn extract(suite: &[u8], salt: &[u8], label: &[u8], secret: &[u8]) -> [u8; 32] {
    hmac_of(salt, &[VERSION_LABEL, suite, label, secret])
}

/// `LabeledExpand` of RFC 9180, section 4, for up to 32 bytes: the first block of HKDF is enough.
fn expand<const N: usize>(suite: &[u8], secret: &[u8], label: &[u8], info: &[u8]) -> [u8; N] {
    const { assert!(N <= 32, "one block of HKDF-SHA256 has 32 bytes") };
    let length = u16::try_from(N).unwrap_or(0).to_be_bytes();
    let block = hmac_of(secret, &[&length, VERSION_LABEL, suite, label, info, &[1]]);
    *block.first_chunk().expect("the length was checked above")
}

fn hmac_of(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    parts.iter().for_each(|part| context.update(part));
    context.sign().as_ref().try_into().expect("HMAC-SHA256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::{from_hex, to_hex};

    const INFO: &str = "4f6465206f6e2061204772656369616e2055726e";
    const PLAIN: &str = "4265617574792069732074727574682c20747275746820626561757479";

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        from_hex(text).unwrap().try_into().unwrap()
    }

    /// RFC 9180, appendix A.2.1, from the agreed secret on: X25519 itself is the library's.
    fn of_the_standard() -> Channel {
        let public = bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a");
        let encapsulated = bytes("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
        let private: [u8; 32] = bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
        let agreed = x25519_dalek::x25519(private, encapsulated);
        Channel::new(&agreed, &encapsulated, &public, &from_hex(INFO).unwrap())
    }

    #[test]
    fn it_is_the_standard_to_the_byte() {
        let mut message = from_hex(PLAIN).unwrap();
        of_the_standard().seal(b"Count-0", &mut message).unwrap();
        assert_eq!(
            to_hex(&message),
            "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"
        );
    }

    fn pair() -> (Channel, Channel) {
        let private = [7; 32];
        let public = x25519_dalek::x25519(private, x25519_dalek::X25519_BASEPOINT_BYTES);
        let (encapsulated, sender) = begin(&public, b"test").unwrap();
        let agreed = x25519_dalek::x25519(private, encapsulated);
        (sender, Channel::new(&agreed, &encapsulated, &public, b"test"))
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_in_its_turn(messages: Vec<Vec<u8>>) {
            let (mut sender, mut receiver) = pair();
            for message in messages {
                let mut sealed = message.clone();
                sender.seal(b"", &mut sealed).unwrap();
                prop_assert_eq!(sealed.len(), message.len() + OVERHEAD_BYTES);
                prop_assert_eq!(receiver.open(b"", &mut sealed).unwrap(), &message[..]);
            }
        }

        #[test]
        fn one_flipped_bit_is_noticed(message: Vec<u8>, at: prop::sample::Index, bit in 0..8u8) {
            let (mut sender, mut receiver) = pair();
            let mut sealed = message;
            sender.seal(b"", &mut sealed).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(receiver.open(b"", &mut sealed), Err(SealError::NotOpened));
        }
    }

    #[test]
    fn a_message_out_of_its_turn_or_relabelled_does_not_open() {
        let (mut sender, mut receiver) = pair();
        let (mut first, mut second) = (b"one".to_vec(), b"two".to_vec());
        sender.seal(b"a", &mut first).unwrap();
        sender.seal(b"a", &mut second).unwrap();
        assert_eq!(receiver.open(b"a", &mut second), Err(SealError::NotOpened));
        assert_eq!(pair().1.open(b"a", &mut first.clone()), Err(SealError::NotOpened));
    }

    #[test]
    fn a_key_of_zeros_is_refused() {
        assert_eq!(begin(&[0; 32], b"").err(), Some(SealError::BadKey));
    }
}
