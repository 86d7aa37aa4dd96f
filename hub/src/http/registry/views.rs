//! How devices are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::mac::Mac;

use crate::http::time::Time;
use crate::presence::{Counts, Ownership};
use crate::store::presence::{Exclusion, Registered};

/// Whether a device speaks for its owner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum CountsView {
    /// Where it is, the person is.
    #[default]
    Yes,
    /// It is known and says nothing.
    No,
    /// It stays when the person goes.
    Stationary,
}

impl From<CountsView> for Counts {
    fn from(view: CountsView) -> Self {
        match view {
            CountsView::Yes => Self::Yes,
            CountsView::No => Self::No,
            CountsView::Stationary => Self::Stationary,
        }
    }
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        match counts {
            Counts::Yes => Self::Yes,
            Counts::No => Self::No,
            Counts::Stationary => Self::Stationary,
        }
    }
}

/// A device in a person's hands.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct PersonDeviceView {
    /// The site whose box sees it; none of a device that no box sees.
    site: Option<String>,
    /// Its pseudonym there.
    device: String,
    /// What people call it; none if it was forgotten or excluded since.
    label: Option<String>,
    /// Its address, as long as it is registered.
    mac: Option<String>,
    /// From when it is the person's.
    from: Time,
    /// Until when; for ever if missing.
    to: Option<Time>,
    /// Whether what it does counts.
    counts: CountsView,
    /// Its silence that still belongs to a session, minutes; the policy's if missing.
    grace_min: Option<u16>,
    /// What the person should know of its address, in words.
    hint: Option<String>,
}

impl PersonDeviceView {
    pub(in crate::http) fn new(owned: &Ownership, known: Option<&Registered>) -> Self {
        Self {
            site: owned.site.as_ref().map(ToString::to_string),
            device: owned.device.clone(),
            label: known.map(|known| known.label.clone()),
            mac: known.map(|known| known.mac.to_string()),
            from: Time(owned.from_ms),
            to: owned.to_ms.map(Time),
            counts: owned.counts.into(),
            grace_min: owned.grace_min,
            hint: known.and_then(|known| hint(known.mac)).map(str::to_owned),
        }
    }
}

/// A registered or excluded device.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct RegisteredView {
    /// The site whose box sees it.
    site: String,
    /// Its pseudonym there.
    device: String,
    /// What people call it.
    label: String,
    /// Its address; none of an excluded device.
    mac: Option<String>,
    /// The device made its address up: it may change.
    is_private: bool,
    /// Its site's box must not store anything of it.
    is_excluded: bool,
    /// Whose it is now.
    person: Option<String>,
    /// When it was registered or excluded.
    since: Time,
}

impl RegisteredView {
    pub(in crate::http) fn new(known: &Registered, owned: &[Ownership], now_ms: i64) -> Self {
        let is_owner = |one: &&Ownership| {
            one.site.as_ref() == Some(&known.site)
                && one.device == known.device
                && one.from_ms <= now_ms
                && one.to_ms.is_none_or(|to_ms| to_ms > now_ms)
        };
        Self {
            site: known.site.to_string(),
            device: known.device.clone(),
            label: known.label.clone(),
            mac: Some(known.mac.to_string()),
            is_private: known.mac.is_private(),
            is_excluded: false,
            person: owned.iter().find(is_owner).map(|one| one.person.clone()),
            since: Time(known.added_ms),
        }
    }

    pub(in crate::http) fn excluded(exclusion: &Exclusion) -> Self {
        Self {
            site: exclusion.site.to_string(),
            device: exclusion.device.clone(),
            label: exclusion.label.clone(),
            mac: None,
            is_private: false,
            is_excluded: true,
            person: None,
            since: Time(exclusion.made_ms),
        }
    }
}

/// What the person should know of an address.
pub(in crate::http) fn hint(mac: Mac) -> Option<&'static str> {
    if mac.is_container() {
        return Some(
            "this address is of the pattern that containers and virtual machines use: is it really a person's device?",
        );
    }
    let private = "this address is private: the device made it up for this network and may change it; choose a fixed \
                   address in its settings of this Wi-Fi, or it has to be registered again";
    mac.is_private().then_some(private)
}
