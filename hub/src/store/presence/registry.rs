//! Port: devices that somebody registered, whose they were when, who must not be seen, and who was erased.

use std::fmt;

use async_trait::async_trait;
use serde::Serialize;
use vigie_shared::id::SiteId;
use vigie_shared::mac::Mac;

use crate::presence::Ownership;
use crate::store::StoreError;

/// A device whose pseudonym is stable. The one place where its address is written, sealed in the store.
#[derive(Clone, PartialEq, Eq)]
pub struct Registered {
    /// The site whose key names it.
    pub site: SiteId,
    /// Its pseudonym, as in [`Strip::device`](crate::presence::Strip::device).
    pub device: String,
    /// Its address.
    pub mac: Mac,
    /// What people call it.
    pub label: String,
    /// When it was registered, milliseconds since 1970 UTC.
    pub added_ms: i64,
}

/// Shows everything but the address.
impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { site, device, label, .. } = self;
        f.debug_struct("Registered")
            .field("site", site)
            .field("device", device)
            .field("label", label)
            .finish_non_exhaustive()
    }
}

/// A device of which its site's box must store nothing. Only its pseudonym is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The site.
    pub site: SiteId,
    /// The device's pseudonym.
    pub device: String,
    /// What it is, for people.
    pub label: String,
    /// Since when, milliseconds since 1970 UTC.
    pub made_ms: i64,
}

/// What is known of a person beyond the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The person's id.
    pub person: String,
    /// The address by which third parties know the person.
    pub email: Option<String>,
    /// The person agreed to be named among those who are here.
    pub shows_name: bool,
}

/// A device says by its box that it is a person's; nobody has decided yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its name: 32 hexadecimal digits.
    pub id: String,
    /// The site whose box saw the device.
    pub site: SiteId,
    /// The device's pseudonym.
    pub device: String,
    /// Its address, as the box saw it.
    pub mac: Mac,
    /// Whose it says it is.
    pub person: String,
    /// When the box saw it, milliseconds since 1970 UTC.
    pub made_ms: i64,
}

/// Shows everything but the address.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, site, device, person, .. } = self;
        let mut shown = f.debug_struct("Claim");
        shown
            .field("id", id)
            .field("site", site)
            .field("device", device)
            .field("person", person)
            .finish_non_exhaustive()
    }
}

/// A link was given by which a person's devices may claim to be the person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    /// SHA-256 of the link's secret; the secret itself is not kept.
    pub secret_sha256: [u8; 32],
    /// The site whose box serves it.
    pub site: SiteId,
    /// Whose devices.
    pub person: String,
    /// When it stops working, milliseconds since 1970 UTC.
    pub expires_ms: i64,
}

/// Which ownerships; everything that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnershipFilter {
    /// Only of devices of this site.
    pub site: Option<SiteId>,
    /// Only of this device.
    pub device: Option<String>,
    /// Only of this person.
    pub person: Option<String>,
}

/// A person of whom nothing may be known any more, and what had to go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
pub struct Erased {
    /// Who it was.
    pub person: String,
    /// When, milliseconds since 1970 UTC: what is of before must not come back.
    pub erased_ms: i64,
    /// What stands in the person's place in days that were counted.
    pub tombstone: String,
    /// The devices that were the person's, by site and pseudonym.
    pub devices: Vec<(SiteId, String)>,
}

/// The registry's part of the store.
#[async_trait]
pub trait Registry {
    /// Registers a device, or names it anew.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn register_device(&self, device: &Registered) -> Result<(), StoreError>;

    /// Registered devices of one site or of all, by site and pseudonym.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`], also if the key file is not the one that sealed them.
    async fn registered(&self, site: Option<&SiteId>) -> Result<Vec<Registered>, StoreError>;

    /// Forgets a device with its address, its owners and its claims; what was seen of it stays until its time is over.
    /// False if it was not registered.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn forget_device(&self, site: &SiteId, device: &str) -> Result<bool, StoreError>;

    /// Excludes a device: its registration goes with its address, and whoever owned it owned it until then.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn exclude(&self, exclusion: &Exclusion) -> Result<(), StoreError>;

    /// Lets an excluded device be seen again; false if it was not excluded.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn include(&self, site: &SiteId, device: &str) -> Result<bool, StoreError>;

    /// Excluded devices of one site or of all, by site and pseudonym.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn exclusions(&self, site: Option<&SiteId>) -> Result<Vec<Exclusion>, StoreError>;

    /// Who owned what when, by site, device and beginning.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn ownerships(&self, filter: &OwnershipFilter) -> Result<Vec<Ownership>, StoreError>;

    /// Adds an ownership; false, and nothing is changed, if the device has an owner at any of that time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn own(&self, ownership: &Ownership) -> Result<bool, StoreError>;

    /// Adds an ownership and ends the one in whose time it begins; false, and nothing is changed, if the device has
    /// another owner later in that time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn hand_over(&self, ownership: &Ownership) -> Result<bool, StoreError>;

    /// Ends an ownership at a moment, or removes it if it began just then; false if nobody owned the device then.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn disown(&self, site: Option<&SiteId>, device: &str, at_ms: i64) -> Result<bool, StoreError>;

    /// Profiles of everybody who has one, by person.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn profiles(&self) -> Result<Vec<Profile>, StoreError>;

    /// Keeps a profile; it goes with its person.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if somebody else has the e-mail address, [`StoreError::Failed`].
    async fn put_profile(&self, profile: &Profile) -> Result<(), StoreError>;

    /// Remembers a pairing link, and forgets those that have ended.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_pairing(&self, pairing: &Pairing, now_ms: i64) -> Result<(), StoreError>;

    /// Whose devices may claim by that secret, at that site, now; none if no such link works.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn pairing(&self, site: &SiteId, secret_sha256: [u8; 32], now_ms: i64) -> Result<Option<String>, StoreError>;

    /// Keeps a claim until somebody decides; the same device claimed again for the same person is one claim.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_claim(&self, claim: &Claim) -> Result<(), StoreError>;

    /// Claims that wait, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn claims(&self) -> Result<Vec<Claim>, StoreError>;

    /// Takes a claim away; false if there is none of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn remove_claim(&self, id: &str) -> Result<bool, StoreError>;

    /// Erases a person: name, numbers, profile, devices with their addresses and traces, claims, looks, decisions and
    /// ends of presence go; days keep their value under the tombstone, without their reason. Sights of before are
    /// refused from then on. Remembered.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn erase(&self, erased: &Erased) -> Result<(), StoreError>;

    /// Everybody who was erased, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn erasures(&self) -> Result<Vec<Erased>, StoreError>;
}
