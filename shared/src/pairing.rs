//! The ticket in a pairing link: signed by the hub, short-lived, for one site. It names nobody.
//!
//! URL-safe base64 of a [`frame`] and an Ed25519 signature by the hub's command key. What is signed begins with words of
//! its own, so that no ticket is ever taken for a command, and no command for a ticket.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::id::SiteId;
use crate::wire::frame;

/// What the signed text begins with.
const CONTEXT: &[u8] = b"vigie pairing 1 ";

/// Length of the signature, bytes.
const SIGNATURE_BYTES: usize = 64;

/// Longest ticket, characters.
const LENGTH_MAX: usize = 512;

/// What a pairing link says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingTicket {
    /// The site whose box may serve it.
    pub site: SiteId,
    /// By which the hub knows whose it is.
    pub secret: [u8; 16],
    /// When it stops working, milliseconds since 1970 UTC.
    pub expires_ms: i64,
}

/// Why a link is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// Characters are missing or changed, or nobody whom the box trusts signed it.
    #[error("the link is damaged or not from this box's hub")]
    Foreign,
    /// It is for another site.
    #[error("the link is for another site")]
    OtherSite,
    /// Its time is over.
    #[error("the link has ended")]
    Expired,
}

/// Shows for which site, never the secret.
impl std::fmt::Debug for PairingTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PairingTicket").field("site", &self.site).finish_non_exhaustive()
    }
}

impl PairingTicket {
    /// The ticket as a link carries it, signed.
    #[must_use]
    pub fn sign(&self, key: &Ed25519KeyPair) -> String {
        let body = frame::seal(1, self);
        let signature = key.sign(&signed(&body));
        URL_SAFE_NO_PAD.encode([body.as_slice(), signature.as_ref()].concat())
    }

    /// Reads a ticket that one of the trusted keys signed, for this site, and whose time is not over.
    ///
    /// # Errors
    ///
    /// Every [`TicketError`].
    pub fn verify(text: &str, trusted: &[[u8; 32]], site: &SiteId, now_ms: i64) -> Result<Self, TicketError> {
        let bytes = (text.len() <= LENGTH_MAX).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
        let bytes = bytes.ok_or(TicketError::Foreign)?;
        let (body, signature) = bytes.split_last_chunk::<SIGNATURE_BYTES>().ok_or(TicketError::Foreign)?;
        let is_ours = |key: &[u8; 32]| UnparsedPublicKey::new(&ED25519, key).verify(&signed(body), signature).is_ok();
        if !trusted.iter().any(is_ours) {
            return Err(TicketError::Foreign);
        }
        let ticket: Self = frame::open(body).map_err(|_other_version| TicketError::Foreign)?;
        match &ticket {
            ticket if ticket.site != *site => Err(TicketError::OtherSite),
            ticket if ticket.expires_ms <= now_ms => Err(TicketError::Expired),
            _ => Ok(ticket),
        }
    }
}

fn signed(body: &[u8]) -> Vec<u8> {
    [CONTEXT, body].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::signature::KeyPair as _;

    use super::*;

    fn key() -> (Ed25519KeyPair, [u8; 32]) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = pair.public_key().as_ref().try_into().unwrap();
        (pair, public)
    }

    fn ticket() -> PairingTicket {
        PairingTicket { site: "metz".parse().unwrap(), secret: [9; 16], expires_ms: 1_000 }
    }

    #[test]
    fn a_ticket_is_good_for_its_site_until_its_time_is_over() {
        let (pair, public) = key();
        let (metz, brest): (SiteId, SiteId) = ("metz".parse().unwrap(), "brest".parse().unwrap());
        let text = ticket().sign(&pair);
        assert_eq!(PairingTicket::verify(&text, &[[1; 32], public], &metz, 999), Ok(ticket()));
        assert_eq!(PairingTicket::verify(&text, &[public], &metz, 1_000), Err(TicketError::Expired));
        assert_eq!(PairingTicket::verify(&text, &[public], &brest, 999), Err(TicketError::OtherSite));
        assert_eq!(PairingTicket::verify(&text, &[[1; 32]], &metz, 999), Err(TicketError::Foreign));
    }

    #[test]
    fn a_signature_over_the_bare_frame_makes_no_ticket() {
        let (pair, public) = key();
        let body = frame::seal(1, &ticket());
        let text = URL_SAFE_NO_PAD.encode([body.as_slice(), pair.sign(&body).as_ref()].concat());
        let verified = PairingTicket::verify(&text, &[public], &"metz".parse().unwrap(), 0);
        assert_eq!(verified, Err(TicketError::Foreign));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_refused_and_never_panics(text in ".{0,200}") {
            let verified = PairingTicket::verify(&text, &[key().1], &"metz".parse().unwrap(), 0);
            prop_assert_eq!(verified, Err(TicketError::Foreign));
        }
    }
}
