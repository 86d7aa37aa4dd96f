//! One person's local day: what it is worth, and why.
//!
//! Slots are counted from sights, minutes from sessions; both over all devices and sites, united and never added. A day
//! is settled when everything through [`settles_ms`] has arrived: nothing that happens later changes it.

mod history;
mod left;
mod slots;
mod worth;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

pub use self::history::History;
pub use self::left::LEFT_MS;
pub use self::slots::{SLOT_MS, Slot};
use super::coverage::Blind;
use super::facts::{Facts, Place};
use super::policy::Policy;
use super::session::{SETTLE_MS, Session};
use super::stretch::Stretch;
use super::value::Value;
use crate::attendance::book::dates;
use crate::attendance::time::midnight;
use crate::attendance::window::next;

/// What a day was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Day {
    /// Which day.
    pub date: Date,
    /// The name of the policy.
    pub policy: String,
    /// Its version.
    pub version: u32,
    /// What the day is worth.
    pub value: Value,
    /// There, not there, or nobody could see.
    pub answer: Answer,
    /// Minutes of all sessions together, within the policy's window.
    pub minutes: i64,
    /// Every slot of ten minutes in which the person was seen, within the window.
    pub slots: Vec<Slot>,
    /// The devices that slots and flags number.
    pub devices: Vec<SeenDevice>,
    /// What was found where, the site of the longest time first.
    pub sites: Vec<SiteDay>,
    /// What a person should know about it.
    pub flags: Vec<Flag>,
    /// When observers could not see, within the window.
    pub unseen: Vec<Unseen>,
    /// Whether everything that it depends on has arrived.
    pub is_complete: bool,
}

/// The three answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Seen.
    Present,
    /// Not seen, though everybody could be.
    Absent,
    /// Not seen, and for long enough for a session nobody could be.
    NotObserved,
}

/// A device of the person, on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenDevice {
    /// Where.
    pub site: SiteId,
    /// Its pseudonym.
    pub device: String,
}

/// What was found at one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteDay {
    /// The site.
    pub site: SiteId,
    /// Minutes of its sessions, within the window. Those of two sites at one time count once in [`Day::minutes`].
    pub minutes: i64,
    /// Its sessions, as far as they lie in the local day.
    pub sessions: Vec<Session>,
}

/// Something that a person should know about a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Flag {
    /// Nobody could see; the person is believed to have stayed.
    Bridged(Stretch),
    /// Devices of one person at two sites at once.
    TwoSites(Stretch),
    /// The device stayed when the person went: it was there without a break since the day before, and counts for nothing.
    LeftDevice {
        /// Which, of [`Day::devices`].
        device: u16,
        /// Since when.
        since_ms: i64,
    },
    /// Still there when the day ended.
    NoDeparture,
    /// Seen, and too shortly for a session.
    Glimpsed,
    /// Somebody closed the open session by hand.
    Closed {
        /// When.
        at_ms: i64,
    },
}

/// When the observers of a site could not see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unseen {
    /// Where.
    pub site: SiteId,
    /// When and why.
    #[serde(flatten)]
    pub blind: Blind,
}

/// Days of one person, from one through another, at most
/// [`DAYS_MAX`](crate::attendance::book::DAYS_MAX); `now_ms` tells how far a day has come.
#[must_use]
pub fn days(facts: Facts<'_>, policy: &Policy, (from, through): (Date, Date), now_ms: i64) -> Vec<Day> {
    let history = History::new(facts, policy);
    dates(from, through).map(|date| history.day(date, now_ms)).collect()
}

/// The moment through which facts must have arrived for a day at a place to be settled.
#[must_use]
pub fn settles_ms(date: Date, place: &Place) -> i64 {
    midnight(next(date), &place.zone).saturating_add(SETTLE_MS)
}
