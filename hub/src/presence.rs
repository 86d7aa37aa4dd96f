//! Presence: who was there, who is there, and how sure the hub is.
//!
//! Pure. What boxes saw becomes strips: per site, device and day of UTC, the spans in which the device was seen.
//! Strips, the times at which the site's observers could see, and who owned which device when, become sessions and
//! days under a policy. Everything is computed anew from those at any time; nothing here is a stored flag.
//!
//! Reading order: [`facts`] is what is known of one person; [`session`] joins sights to stays, bridging what [`coverage`]
//! says nobody could see; [`day`] values a local day by a [`policy`]; [`revise`] decides whether the world is told.

pub mod agenda;
#[cfg(test)]
mod cases;
pub mod chapter;
pub mod close;
pub mod compare;
pub mod config;
pub mod coverage;
pub mod day;
pub mod driver;
pub mod facts;
pub mod headcount;
#[cfg(test)]
mod laws;
pub mod legacy;
pub mod online;
pub mod policy;
pub mod replay;
pub mod requests;
pub mod revise;
pub mod roster;
#[cfg(test)]
pub(crate) mod scene;
pub mod session;
pub mod source;
pub mod spaceapi;
pub mod span;
pub mod stretch;
pub mod value;
pub mod window;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use self::span::Span;

/// What one device did on one day of UTC at one site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strip {
    /// Where.
    pub site: SiteId,
    /// Which device: its pseudonym under the site's key, or its MAC if the owner declares the equipment his own.
    pub device: String,
    /// The day, of UTC: local days are made of two or three of these, in the site's zone, when they are asked for.
    pub date: Date,
    /// When it was seen, in order, apart by more than [`span::TOUCH_MS`].
    pub spans: Vec<Span>,
}

/// Who had a device, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The device, as in [`Strip::device`].
    pub device: String,
    /// The site whose key named it; none of a device that is not seen on a LAN, as a web application.
    pub site: Option<SiteId>,
    /// Whose: the id of a person.
    pub person: String,
    /// From, milliseconds since 1970 UTC.
    pub from_ms: i64,
    /// To, and not at it; none for ever.
    pub to_ms: Option<i64>,
    /// Whether what it does counts for the person.
    pub counts: Counts,
    /// Its silence that still belongs to a session, minutes; none for the policy's.
    pub grace_min: Option<u16>,
}

/// Whether a device speaks for its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Where it is, the person is.
    Yes,
    /// It is known and says nothing.
    No,
    /// It stays when the person goes: a screen, a computer left on the desk.
    Stationary,
}
