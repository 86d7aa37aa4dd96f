//! Pure: can a box be reached, and how is it? Two axes; the third, completeness, comes from the facts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_shared::wire::reading::HostSample;

use crate::fleet::BoxNow;

/// Heartbeats come this often.
pub const HEARTBEAT: Duration = Duration::from_secs(30);

/// The moment at which links are judged, and the silence that counts as one: the one that people are told of, so that no
/// page says other than their mail.
#[derive(Debug, Clone, Copy)]
pub struct Hearing {
    /// The moment, milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// After this silence a box counts as silent: `alerts.site_offline.after` of `hub.toml`.
    pub silent_after: Duration,
}

/// Whether a box can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Two live boxes present its identity.
    Cloned,
    /// Not heard for longer than the owner puts up with; see [`Hearing::silent_after`].
    Silent,
    /// A heartbeat is missing.
    Late,
    /// Never heard since it was added.
    NeverHeard,
    /// Heard as often as it should be.
    Reachable,
    /// Refused on purpose.
    Revoked,
}

/// How a box is, by its own pulse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Something will stop working.
    Critical,
    /// Somebody should look.
    Attention,
    /// Nobody knows: no fresh pulse.
    Unknown,
    /// Nothing to do.
    Fine,
}

/// Judges the link to a box.
#[must_use]
pub fn reach(live: &BoxNow, is_revoked: bool, hearing: Hearing) -> Reach {
    if is_revoked {
        return Reach::Revoked;
    }
    if live.is_cloned {
        return Reach::Cloned;
    }
    let Some(heard_ms) = live.heard_ms else { return Reach::NeverHeard };
    match silence(heard_ms, hearing.now_ms) {
        quiet if quiet > hearing.silent_after => Reach::Silent,
        quiet if quiet > 2 * HEARTBEAT => Reach::Late,
        _ => Reach::Reachable,
    }
}

/// Judges the last pulse; a silent box has no health, neither good nor bad.
#[must_use]
pub fn health(live: &BoxNow, reach: Reach) -> Health {
    let fresh = matches!(reach, Reach::Reachable | Reach::Late | Reach::Cloned);
    match &live.heartbeat {
        Some(pulse) if fresh => judge(&pulse.host),
        _ => Health::Unknown,
    }
}

/// The grimmest value decides. Limits: disk 90 % and 97 %, memory left 8 % and 3 %, processor 75 °C and 82 °C
/// (where a Raspberry Pi begins to slow down).
fn judge(host: &HostSample) -> Health {
    let disks = host.disks.iter().map(|disk| used_permille(disk.total_bytes, disk.available_bytes)).max();
    let memory = used_permille(host.memory_total_bytes, host.memory_available_bytes);
    let heat = host.temperature_milli_c.unwrap_or(i32::MIN);
    let worst = [above(disks.unwrap_or(0), 900, 970), above(memory, 920, 970), above(heat, 75_000, 82_000)];
    worst.into_iter().min().unwrap_or(Health::Unknown)
}

fn above<T: PartialOrd + Copy>(value: T, attention: T, critical: T) -> Health {
    if value >= critical {
        Health::Critical
    } else if value >= attention {
        Health::Attention
    } else {
        Health::Fine
    }
}

/// How much of a whole is used, 0 to 1000; 0 if the whole is unknown.
#[must_use]
pub fn used_permille(total: u64, available: u64) -> u64 {
    total.saturating_sub(available).saturating_mul(1000).checked_div(total).unwrap_or(0)
}

fn silence(heard_ms: i64, now_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(now_ms.saturating_sub(heard_ms)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(ago_s: i64) -> BoxNow {
        BoxNow { heard_ms: Some(1_000_000_000 - ago_s * 1000), ..BoxNow::default() }
    }

    fn check(live: &BoxNow, is_revoked: bool) -> Reach {
        reach(live, is_revoked, Hearing { now_ms: 1_000_000_000, silent_after: Duration::from_secs(5 * 60) })
    }

    #[test]
    fn a_box_is_late_after_a_missing_heartbeat_and_silent_after_five_minutes() {
        assert_eq!(check(&heard(0), false), Reach::Reachable);
        assert_eq!(check(&heard(60), false), Reach::Reachable);
        assert_eq!(check(&heard(61), false), Reach::Late);
        assert_eq!(check(&heard(301), false), Reach::Silent);
        assert_eq!(check(&BoxNow::default(), false), Reach::NeverHeard);
        assert_eq!(check(&heard(0), true), Reach::Revoked);
    }

    #[test]
    fn a_box_from_the_future_is_reachable() {
        assert_eq!(check(&heard(-3600), false), Reach::Reachable);
    }

    #[test]
    fn a_silent_box_has_no_health() {
        let live = BoxNow { heartbeat: Some(crate::http::testing::heartbeat()), ..heard(0) };
        assert_eq!(health(&live, Reach::Reachable), Health::Fine);
        assert_eq!(health(&live, Reach::Silent), Health::Unknown);
    }

    #[test]
    fn the_grimmest_value_decides() {
        let mut host = crate::http::testing::heartbeat().host;
        host.temperature_milli_c = Some(76_000);
        assert_eq!(judge(&host), Health::Attention);
        host.memory_available_bytes = host.memory_total_bytes / 50;
        assert_eq!(judge(&host), Health::Critical);
    }

    #[test]
    fn a_machine_without_known_memory_is_not_ill() {
        assert_eq!(judge(&HostSample::default()), Health::Fine);
    }
}
