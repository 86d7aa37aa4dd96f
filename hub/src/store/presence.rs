//! Ports of presence: what was seen of whom ([`strips`]), whose devices are whose ([`registry`]), and what became of
//! a person's days ([`days`], [`disputes`]).
//!
//! Strips are projections of boxes' facts and outlive them; everything else was set or decided by people and survives a
//! rebuild. Raw addresses lie in the registry only, sealed.

pub mod days;
pub mod disputes;
pub mod registry;
pub mod strips;

use std::collections::BTreeMap;

pub use days::{DayFilter, Days, Look, Override, PolicyText, PresenceEnd, StoredDay};
pub use disputes::{Dispute, DisputeAnswer, Disputes};
pub use registry::{Claim, Erased, Exclusion, OwnershipFilter, Pairing, Profile, Registered, Registry};
pub use strips::{Sights, StripFilter, StripPlace, Strips, Trace, by_day, utc_day};

use crate::store::{Store, StoreError};

/// Each person's e-mail address as it was told, of those who have one.
///
/// # Errors
///
/// [`StoreError::Failed`].
pub async fn emails(store: &dyn Store) -> Result<BTreeMap<String, String>, StoreError> {
    let profiles = store.profiles().await?.into_iter();
    Ok(profiles.filter_map(|profile| Some((profile.person, profile.email?))).collect())
}
