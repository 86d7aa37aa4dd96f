//! Takes over the devices that a third party lists with their owners.

use std::collections::BTreeMap;

use super::{PresenceError, Presences};
use crate::attendance::Person;
use crate::presence::roster::{BadRow, DeviceList, ListedDevice};
use crate::presence::{Counts, Ownership};
use crate::store::presence::{OwnershipFilter, Profile, Registered, emails};
use crate::store::sites::Site;
use crate::store::{Store, StoreError};

/// Longest id of a person, characters.
const ID_LENGTH_MAX: usize = 64;

/// What came of a list of devices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Devices on the list that can be used.
    pub listed: usize,
    /// People who were not known.
    pub people: usize,
    /// Devices that have an owner now who had another or none, each site counted.
    pub devices: usize,
    /// Rows that cannot be used, the first of them.
    pub bad: Vec<BadRow>,
    /// How many there are.
    pub bad_count: usize,
}

impl Presences {
    /// Reads the devices that a connector lists and registers them at every site; a device changes hands at this moment.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Exchange`], [`PresenceError::Store`].
    pub async fn take_devices(&self, connector: &str) -> Result<Taken, PresenceError> {
        let list = DeviceList::parse(&self.0.parts.exchange.devices(connector).await?);
        let mut taken =
            Taken { listed: list.devices.len(), bad: list.bad, bad_count: list.bad_count, ..Taken::default() };
        let sites = self.store().sites().await?;
        let mut people = self.by_email().await?;
        for device in &list.devices {
            let person = match people.get(&device.email) {
                Some(person) => person.clone(),
                None => {
                    let person = add_person(self.store(), device).await?;
                    taken.people += 1;
                    people.insert(device.email.clone(), person.clone());
                    person
                }
            };
            for site in sites.iter().filter(|site| site.revoked_ms.is_none()) {
                taken.devices += usize::from(self.give(site, device, &person).await?);
            }
        }
        Ok(taken)
    }

    async fn by_email(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let emails = emails(self.store()).await?.into_iter();
        Ok(emails.map(|(person, email)| (email.to_lowercase(), person)).collect())
    }

    /// Gives a device to a person at a site; false if it is the person's already, or is kept from everybody.
    async fn give(&self, site: &Site, listed: &ListedDevice, person: &str) -> Result<bool, StoreError> {
        let store = self.store();
        let device = self.name_of(&site.id, listed.mac).await?;
        if store.exclusions(Some(&site.id)).await?.iter().any(|one| one.device == device) {
            return Ok(false);
        }
        let now_ms = self.now_ms();
        let filter =
            OwnershipFilter { site: Some(site.id.clone()), device: Some(device.clone()), ..OwnershipFilter::default() };
        let owned = store.ownerships(&filter).await?;
        let is_theirs = owned.iter().any(|one| one.person == person && one.to_ms.is_none_or(|to_ms| now_ms < to_ms));
        if is_theirs {
            return Ok(false);
        }
        let label = if listed.is_of_venue { listed.name.clone() } else { String::new() };
        let registered =
            Registered { site: site.id.clone(), device: device.clone(), mac: listed.mac, label, added_ms: now_ms };
        store.register_device(&registered).await?;
        let ownership = Ownership {
            device,
            site: Some(site.id.clone()),
            person: person.to_owned(),
            // A device that nobody had was the person's before the list was read, as far as anybody can know.
            from_ms: if owned.is_empty() { 0 } else { now_ms },
            to_ms: None,
            counts: if listed.is_of_venue { Counts::No } else { Counts::Yes },
            grace_min: None,
        };
        store.hand_over(&ownership).await
    }
}

/// Somebody whom only the list knows: the address is the id.
async fn add_person(store: &dyn Store, device: &ListedDevice) -> Result<String, StoreError> {
    let id: String = device.email.chars().take(ID_LENGTH_MAX).collect();
    let name = if device.name.is_empty() { device.email.clone() } else { device.name.clone() };
    if !store.people().await?.iter().any(|person| person.id == id) {
        store.put_person(&Person { id: id.clone(), name, numbers: Vec::new() }).await?;
    }
    store.put_profile(&Profile { person: id.clone(), email: Some(device.email.clone()), shows_name: false }).await?;
    Ok(id)
}
