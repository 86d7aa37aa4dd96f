//! The site's register of devices: asked of the hub now and then, kept on the disk, so that devices keep their names, and
//! excluded ones stay unseen, through a restart without the hub.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vigie_shared::backoff::Backoff;
use vigie_shared::devices::{DEVICES_PATH, DeviceRegister, REGISTER_BYTES_MAX};
use vigie_shared::file::{read_json, replace_private};

use crate::hub_https::HubHttps;
use crate::naming::{DeviceNames, Register};

const FILE: &str = "devices.json";

/// How often the hub is asked; it answers in a few bytes if nothing changed.
const EVERY: Duration = Duration::from_secs(5 * 60);

/// How often after a device was claimed, and for how long: somebody is about to confirm it, and until then it counts for
/// nobody.
const EXPECTED: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(30 * 60));

/// First and longest pause while the hub does not answer, or the box has none.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), EVERY);

/// What the hub said last; nothing is known if it never did.
#[must_use]
pub fn kept(data: &Path) -> DeviceRegister {
    read_json(&data.join(FILE)).unwrap_or_default()
}

/// Keeps the names right until the process stops; `claimed` tells that a device was claimed here.
///
/// # Errors
///
/// None; a hub that does not answer is asked again.
pub async fn follow(
    names: Arc<DeviceNames>,
    hub: Arc<HubHttps>,
    data: PathBuf,
    claimed: Arc<Notify>,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let mut claimed_at: Option<Instant> = None;
    let mut retry = Backoff::new(RETRY.0, RETRY.1, u64::from(std::process::id()));
    let mut tag = None;
    loop {
        let asked = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            asked = ask(&names, &hub, &data, tag.as_deref()) => asked,
        };
        let pause = match asked {
            Ok(answer) => {
                tag = answer.or(tag);
                retry.reset();
                pause(claimed_at.map(|at| at.elapsed()))
            }
            Err(error) => {
                tracing::debug!("the register of devices is as it was: {error:#}");
                retry.next_wait()
            }
        };
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = claimed.notified() => claimed_at = Some(Instant::now()),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Until the hub is asked again, so long after the last claim; none if there was none.
fn pause(since_claim: Option<Duration>) -> Duration {
    let (every, for_time) = EXPECTED;
    if since_claim.is_some_and(|since| since < for_time) { every } else { EVERY }
}

/// Asks the hub and takes what is new; returns by what the hub knows it.
async fn ask(names: &DeviceNames, hub: &HubHttps, data: &Path, tag: Option<&str>) -> anyhow::Result<Option<String>> {
    let site_key = hub.identity()?.pseudonym_key();
    let Some((body, tag)) = hub.get_changed(DEVICES_PATH, tag, REGISTER_BYTES_MAX).await? else { return Ok(None) };
    let register: DeviceRegister = serde_json::from_slice(&body).context("understand the register of devices")?;
    let path = data.join(FILE);
    // Blocking, but a few kilobytes, and only when something changed.
    replace_private(&path, &body).with_context(|| format!("write {}", path.display()))?;
    let (known, excluded) = (register.known.len(), register.excluded.len());
    names.set_register(Register::new(Some(site_key), register));
    tracing::info!(known, excluded, "the register of the site's devices changed");
    Ok(tag)
}

#[cfg(test)]
mod tests {
    use vigie_shared::pseudonym::Pseudonym;

    use super::*;

    #[test]
    fn a_claim_is_waited_for_attentively_and_not_for_ever() {
        let after = |minutes: u64| pause(Some(Duration::from_secs(60 * minutes)));
        assert_eq!((pause(None), after(0), after(29), after(30)), (EVERY, EXPECTED.0, EXPECTED.0, EVERY));
    }

    #[test]
    fn what_the_hub_said_is_read_back_and_a_damaged_file_is_nothing_known() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(kept(folder.path()), DeviceRegister::default());
        let register = DeviceRegister { known: [Pseudonym([7; 16])].into(), excluded: [Pseudonym([8; 16])].into() };
        std::fs::write(folder.path().join(FILE), serde_json::to_vec(&register).unwrap()).unwrap();
        assert_eq!(kept(folder.path()), register);
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(kept(folder.path()), DeviceRegister::default());
    }
}
