//! Reads what Home Assistant is told from the running hub.

use std::collections::BTreeMap;

use vigie_shared::id::SiteId;
use vigie_shared::wire::Heartbeat;

use super::facts::{Facts, PersonFacts, Pulse, SiteFacts, key_of};
use crate::alerts::alert::Stage;
use crate::fleet::BoxNow;
use crate::fleet::completeness::Deliveries;
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::reach::{Health, Hearing, Reach, health, reach};
use crate::http::time::Time;
use crate::presence::driver::Visitor;
use crate::presence::headcount::Crowd;
use crate::presence::online::Standing;
use crate::store::deliveries;
use crate::store::sites::Site;

/// What is known of the fleet beside its sites.
struct Around {
    deliveries: Deliveries,
    /// Alerts that fire, by site.
    alerts: BTreeMap<SiteId, usize>,
    /// People who are there, by site.
    people: BTreeMap<SiteId, usize>,
    hearing: Hearing,
}

/// The fleet at this moment, as this hub tells it.
///
/// # Errors
///
/// If the store fails.
pub(super) async fn gather(admin: &Admin, hub: &str) -> Result<Facts, Problem> {
    let here = admin.presences.here_lately().await?;
    let deliveries = deliveries(&*admin.store).await?;
    let mut around = Around { deliveries, alerts: BTreeMap::new(), people: BTreeMap::new(), hearing: admin.hearing() };
    for alert in admin.store.present_alerts().await?.into_iter().filter(|alert| alert.stage == Stage::Firing) {
        if let Some(site) = alert.key.site {
            *around.alerts.entry(site).or_default() += 1;
        }
    }
    for visitor in &here.people {
        if let Standing::Here { site: Some(site), .. } = &visitor.standing {
            *around.people.entry(site.clone()).or_default() += 1;
        }
    }
    let mut sites = Vec::new();
    for site in admin.store.sites().await?.into_iter().filter(|site| site.revoked_ms.is_none()) {
        let gaps = admin.store.gaps(&site.id).await?;
        let live = admin.fleet.site(&site.id);
        let lines = around.deliveries.lines(&site.id, &gaps, live.heartbeat.as_ref());
        let complete_ms = lines.iter().map(|line| line.complete_ms).min().flatten();
        sites.push(of_site(&site, &live, (complete_ms, &around)));
    }
    let people = here.people.iter().filter(|visitor| visitor.shows_name).map(|one| of_person(hub, one)).collect();
    Ok(Facts { sites, people })
}

fn of_site(site: &Site, live: &BoxNow, (complete_ms, around): (Option<i64>, &Around)) -> SiteFacts {
    let reach = reach(live, false, around.hearing);
    SiteFacts {
        id: site.id.clone(),
        name: site.name.clone(),
        version: live.version.clone(),
        is_reachable: matches!(reach, Reach::Reachable | Reach::Late),
        health: match health(live, reach) {
            Health::Critical => "critical",
            Health::Attention => "attention",
            Health::Unknown => "unknown",
            Health::Fine => "fine",
        },
        pulse: live.heartbeat.as_ref().map(pulse),
        waiting: live.heartbeat.iter().flat_map(|pulse| &pulse.lanes).map(|lane| lane.waiting).sum(),
        complete_through: complete_ms.map(|ms| Time(ms).to_string()),
        people: around.people.get(&site.id).and_then(|count| Crowd::of(*count).told()),
        alerts: around.alerts.get(&site.id).copied().unwrap_or_default(),
    }
}

fn pulse(heartbeat: &Heartbeat) -> Pulse {
    let host = &heartbeat.host;
    let used = |total: u64, available: u64| permille(total.saturating_sub(available), total) / 10.0;
    let fullest = host.disks.iter().map(|disk| used(disk.total_bytes, disk.available_bytes));
    Pulse {
        cpu_percent: f64::from(host.cpu_permille) / 10.0,
        memory_percent: used(host.memory_total_bytes, host.memory_available_bytes),
        disk_percent: fullest.fold(0.0, f64::max),
        temperature_c: host.temperature_milli_c.map(|milli_c| f64::from(milli_c) / 1000.0),
    }
}

/// A part of a whole, thousandths; 0 of nothing.
fn permille(part: u64, whole: u64) -> f64 {
    let share = u128::from(part) * 1000 / u128::from(whole.max(1));
    f64::from(u32::try_from(share).unwrap_or(u32::MAX))
}

fn of_person(hub: &str, visitor: &Visitor) -> PersonFacts {
    let is_home = matches!(visitor.standing, Standing::Here { site: Some(_), .. });
    PersonFacts { key: key_of(hub, &visitor.person), name: visitor.name.clone(), is_home }
}
