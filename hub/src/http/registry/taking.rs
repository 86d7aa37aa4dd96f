//! Gives devices to people, and says no without saying whose they are.

use axum::http::StatusCode;
use vigie_shared::devices::DEVICES_MAX;

use crate::http::Admin;
use crate::http::problem::Problem;
use crate::presence::Ownership;
use crate::store::presence::{OwnershipFilter, Registered};

/// Ownerships of one person: years of new phones.
const OWNED_MAX: usize = 200;

/// Gives a device to a person, unless it is another one's or excluded.
///
/// # Errors
///
/// 409 `device_excluded`, `device_owned`: whose it is stays untold; 422 if there are too many.
pub(in crate::http) async fn take(
    admin: &Admin,
    device: Registered,
    ownership: Ownership,
    hands_over: bool,
) -> Result<(Ownership, Registered), Problem> {
    let excluded = admin.store.exclusions(Some(&device.site)).await?;
    if excluded.iter().any(|one| one.device == device.device) {
        let detail = "this device must not be seen at this site; `vigie-hub device include` lifts that";
        return Err(Problem::new(StatusCode::CONFLICT, "device_excluded", "The device is excluded", detail));
    }
    let filter = OwnershipFilter { person: Some(ownership.person.clone()), ..OwnershipFilter::default() };
    let owned = admin.store.ownerships(&filter).await?;
    let known = admin.store.registered(Some(&device.site)).await?;
    if owned.len() >= OWNED_MAX || known.len() >= DEVICES_MAX {
        let detail = format!("a person may have {OWNED_MAX} devices and a site {DEVICES_MAX}; forget old ones first");
        return Err(Problem::invalid("mac", detail));
    }
    let is_taken = match hands_over {
        true => admin.store.hand_over(&ownership).await?,
        false => admin.store.own(&ownership).await?,
    };
    let is_same = |one: &&Ownership| {
        (&one.site, &one.device) == (&ownership.site, &ownership.device)
            && one.from_ms <= ownership.from_ms
            && one.to_ms.is_none_or(|to_ms| to_ms > ownership.from_ms)
    };
    let ownership = match owned.iter().find(is_same) {
        Some(same) if !is_taken => same.clone(),
        _ if is_taken => ownership,
        _ => return Err(owned_already()),
    };
    admin.store.register_device(&device).await?;
    Ok((ownership, device))
}

/// Says that a device has an owner, and not whom.
fn owned_already() -> Problem {
    let detail = "this device has an owner at that time; nothing was changed; if it changed hands, say so \
                  (`vigie-hub device move`), or give it from a later date";
    Problem::new(StatusCode::CONFLICT, "device_owned", "The device has an owner", detail)
}
