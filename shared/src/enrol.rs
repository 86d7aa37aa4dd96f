//! Enrolment and renewal: what a box and the hub's HTTPS say to each other, as JSON.
//!
//! The box makes its key itself and sends only a signing request. It dials whatever address the token names,
//! but verifies the hub as [`HUB_NAME`], signed by the CA whose fingerprint the token carries; only then does
//! it reveal the secret. Fields are only ever added, and both sides ignore those they do not know.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::about::About;
use crate::id::{SiteId, from_hex, to_hex};

/// The name in the hub's certificate. It is the same whatever address or name the box dialled, so that a hub
/// may move without new certificates.
pub const HUB_NAME: &str = "hub.vigie.internal";

/// `POST`: [`EnrolRequest`] in, [`Enrolled`] out.
pub const ENROL_PATH: &str = "/boxes/v1/enrol";

/// `POST`: [`RegisterRequest`] in, [`Enrolled`] out.
pub const REGISTER_PATH: &str = "/boxes/v1/register";

/// `POST` with the client certificate: [`BoxFacts`] in, nothing out.
pub const FACTS_PATH: &str = "/boxes/v1/facts";

/// `POST` with the client certificate, which may have expired: [`RenewRequest`] in, [`Identity`] out.
pub const RENEW_PATH: &str = "/boxes/v1/renew";

/// `GET`: [`HubTime`] out.
pub const TIME_PATH: &str = "/boxes/v1/time";

/// Bytes that travel as hexadecimal digits. Some are secrets, so the `Debug` form shows nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex<const N: usize>(pub [u8; N]);

/// A box asks to become a site's box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The site named in the token.
    pub site: SiteId,
    /// The token's one-time secret.
    pub secret: Hex<16>,
    /// A PKCS#10 certificate signing request, PEM. Its subject is ignored.
    pub csr: String,
    /// What the box is.
    #[serde(default)]
    pub facts: BoxFacts,
    /// What the person at the box says of the site.
    #[serde(default)]
    pub said: Said,
}

/// A box asks to become a site's box in the name of an account that may add sites.
#[derive(Clone, Serialize, Deserialize)]
pub struct RegisterRequest {
    /// The account's name.
    pub account: String,
    /// Its password.
    pub password: String,
    /// The site; none: one that is named after `said.name`.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// The IANA time zone of a site that is made; the hub's own if there is none.
    #[serde(default)]
    pub zone: Option<String>,
    /// A PKCS#10 certificate signing request, PEM. Its subject is ignored.
    pub csr: String,
    /// What the box is.
    #[serde(default)]
    pub facts: BoxFacts,
    /// What the person at the box says of the site.
    #[serde(default)]
    pub said: Said,
}

/// Shows for which site, never who asks with which password.
impl fmt::Debug for RegisterRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterRequest").field("site", &self.site).finish_non_exhaustive()
    }
}

/// What the person at the box says of the site. It fills what the hub does not know; what an administrator set stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// The site's name; empty if nothing was said.
    pub name: String,
    /// Everything else.
    pub about: About,
}

/// A box is a site's box now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The papers.
    #[serde(flatten)]
    pub identity: Identity,
    /// The site.
    pub site: SiteId,
    /// Where the hub says that its HTTPS for boxes is reached, `host:port`: for a box that came another way.
    pub hub: String,
    /// Which of the things said of the site were taken, by their fields.
    pub taken: Vec<String>,
}

/// A box asks for a new certificate before, or after, its old one ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {
    /// A PKCS#10 certificate signing request, PEM, for the same key or a new one.
    pub csr: String,
    /// What the box is.
    #[serde(default)]
    pub facts: BoxFacts,
}

/// What a box says about itself. Nothing here names a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BoxFacts {
    /// The agent's program version.
    pub version: String,
    /// Processor and system, for example `aarch64-linux`.
    pub target: String,
    /// The hardware's own name, for example `Raspberry Pi 4 Model B Rev 1.4`; empty if unknown.
    pub model: String,
    /// The system's own name, for example `Debian GNU/Linux 12 (bookworm)`; empty if unknown.
    pub os: String,
    /// Where the box is reached on its own network; none without a network, or of an agent of before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lan: Option<IpAddr>,
}

/// Everything a box needs to be a site's box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The client certificate, PEM: common name and organisation are the site.
    pub certificate: String,
    /// When the certificate ends, milliseconds since 1970 UTC.
    pub expires_ms: i64,
    /// The hub's CA certificates, PEM, the signing one first. More than one while the CA is being replaced.
    pub ca: String,
    /// Where boxes reach MQTT; `None` means the host that this answer came from.
    pub mqtt_host: Option<String>,
    /// The port of the boxes' MQTT.
    pub mqtt_port: u16,
    /// Ed25519 public keys whose commands the box may obey.
    pub command_keys: Vec<Hex<32>>,
    /// Names the site's registered devices.
    pub pseudonym_secret: Hex<32>,
    /// X25519 public key that exports are sealed for; a hub of before has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal_key: Option<Hex<32>>,
    /// The site's IANA time zone.
    pub zone: String,
    /// The hub's time, milliseconds since 1970 UTC.
    pub hub_ms: i64,
}

/// The hub's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubTime {
    /// Milliseconds since 1970 UTC.
    pub hub_ms: i64,
}

/// Why a request was refused: the body of every answer with a failure status, `application/problem+json`
/// (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:vigie:problem:` and one stable word, for programs.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status' own words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do, for people.
    pub detail: String,
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex({N} bytes)")
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = from_hex(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom(format!("expected {} hexadecimal digits", N * 2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_read_back_and_never_show_themselves() {
        let secret = Hex([0xab; 16]);
        let text = serde_json::to_string(&secret).unwrap();
        assert_eq!(text, format!("\"{}\"", "ab".repeat(16)));
        assert_eq!(serde_json::from_str::<Hex<16>>(&text).unwrap(), secret);
        assert_eq!(format!("{secret:?}"), "Hex(16 bytes)");
    }

    #[test]
    fn a_request_of_another_version_is_still_read() {
        let newer = r#"{"site":"rennes01","secret":"00112233445566778899aabbccddeeff","csr":"…","new_field":1}"#;
        assert_eq!(serde_json::from_str::<EnrolRequest>(newer).unwrap().facts, BoxFacts::default());
    }

    #[test]
    fn a_wrong_number_of_digits_is_named() {
        let error = serde_json::from_str::<Hex<16>>("\"abcd\"").unwrap_err().to_string();
        assert!(error.contains("32 hexadecimal digits"), "{error}");
    }
}
