//! The enrolment token: one line that a person pastes, carrying everything a box needs to trust its hub.
//!
//! `vigie1-` and URL-safe base64 of a [`frame`], so that a typing error is noticed before
//! anything is sent.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::id::SiteId;
use crate::wire::frame::{self, FrameError};

const PREFIX: &str = "vigie1-";

/// What the token says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolToken {
    /// Where the hub's HTTPS for boxes listens: `host:port`.
    pub hub: String,
    /// SHA-256 of the hub's CA certificate (DER): checked before the secret is revealed.
    pub ca_sha256: [u8; 32],
    /// The site that the box will be.
    pub site: SiteId,
    /// Works once.
    pub secret: [u8; 16],
    /// When it stops working, milliseconds since 1970 UTC.
    pub expires_ms: i64,
}

/// Why a pasted line is not a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It does not begin like one.
    #[error(
        "this is not an enrolment token: it must begin with `{PREFIX}`; copy the whole line that `vigie-hub site add` printed"
    )]
    Foreign,
    /// It begins like one, but characters are missing or wrong.
    #[error("the enrolment token is damaged: characters are missing or changed; copy the whole line again")]
    Damaged,
    /// It is of a newer hub.
    #[error("the enrolment token is of a newer hub (version {0}): update this agent first")]
    Newer(u8),
}

impl fmt::Display for EnrolToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(frame::seal(1, self)))
    }
}

/// Shows where the token leads, never its secret.
impl fmt::Debug for EnrolToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolToken").field("hub", &self.hub).field("site", &self.site).finish_non_exhaustive()
    }
}

impl FromStr for EnrolToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let body = squeezed.strip_prefix(PREFIX).ok_or(TokenError::Foreign)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_bad_digit| TokenError::Damaged)?;
        frame::open(&bytes).map_err(|error| match error {
            FrameError::UnknownVersion(version) => TokenError::Newer(version),
            FrameError::Damaged | FrameError::Malformed => TokenError::Damaged,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> EnrolToken {
        EnrolToken {
            hub: "hub.example.org:8443".to_owned(),
            ca_sha256: [3; 32],
            site: "rennes01".parse().unwrap(),
            secret: [9; 16],
            expires_ms: 1_795_000_000_000,
        }
    }

    #[test]
    fn a_token_survives_pasting_with_line_breaks() {
        let text = token().to_string();
        let (left, right) = text.split_at(20);
        assert_eq!(format!(" {left}\n{right}\r\n").parse(), Ok(token()));
    }

    #[test]
    fn a_token_never_shows_its_secret_in_logs() {
        assert!(!format!("{:?}", token()).contains('9'));
    }

    #[test]
    fn what_is_not_a_token_says_what_to_do() {
        assert_eq!("hello".parse::<EnrolToken>(), Err(TokenError::Foreign));
        assert_eq!("vigie1-AAAA".parse::<EnrolToken>(), Err(TokenError::Damaged));
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_noticed(at: prop::sample::Index, wrong in "[A-Za-z0-9_-]") {
            let text = token().to_string();
            let at = PREFIX.len() + at.index(text.len() - PREFIX.len());
            let mut changed = text.clone();
            changed.replace_range(at..=at, &wrong);
            prop_assume!(changed != text);
            prop_assert_eq!(changed.parse::<EnrolToken>(), Err(TokenError::Damaged));
        }
    }
}
