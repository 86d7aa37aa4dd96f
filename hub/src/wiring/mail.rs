//! Starts what writes to people and programs, and the call to the watcher outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use vigie_shared::clock::Clock;
use vigie_shared::id::SiteId;
use vigie_shared::lifecycle::Lifecycle;

use super::{Ready, allowed};
use crate::config::HubConfig;
use crate::connectors::web::Client;
use crate::dead_man;
use crate::http::ports::Readiness;
use crate::ingest::driver::HealthView;
use crate::mail::desk::{Desk, Machines, Parts};
use crate::mail::driver::Driver;
use crate::mail::letter::Way;
use crate::mail::letters::storage::{Limits, MachineNow};
use crate::mail::report;
use crate::mail::smtp::Smtp;
use crate::store::Store;
use crate::store::machines::{MACHINES_MAX, Machine};
use crate::webhook::Webhooks;

/// Writes letters on what happened, and sends them.
pub(crate) fn start_mail(
    config: &HubConfig,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Desk> {
    let allowed = allowed(&config.connectors)?;
    let parts = Parts {
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        mail: config.mail.clone(),
        webhooks: config.webhooks.clone(),
        machines: Some(Arc::new(LastSeen { store: Arc::clone(store), clock: Arc::clone(clock) })),
        limits: Limits::of(&config.alerts),
    };
    let desk = Desk::new(parts)?;
    let smtp = Arc::new(Smtp::new(config.mail.clone(), Arc::clone(store)));
    let hooks = Arc::new(Webhooks {
        config: config.webhooks.clone(),
        store: Arc::clone(store),
        web: Arc::new(Client::new(allowed)?),
        clock: Arc::clone(clock),
    });
    let chance = u64::from(std::process::id());
    let postman = Driver::new(desk.clone(), (Way::Mail, smtp), chance);
    lifecycle.spawn("mail", postman.run(lifecycle.stopping()));
    let caller = Driver::new(desk.clone(), (Way::Webhook, hooks), chance);
    lifecycle.spawn("webhooks", caller.run(lifecycle.stopping()));
    lifecycle.spawn("weekly reports", report::run(desk.clone(), lifecycle.stopping()));
    Ok(desk)
}

/// How long ago a machine may have been read to be in the storage summary: what was seen longer ago may be gone.
const SUMMARY_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// The same for its battery: some rounds of the collector, for a charge soon says nothing.
const BATTERY_MS: i64 = 60 * 60 * 1000;

/// The machines as boxes told of them last.
struct LastSeen {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Machines for LastSeen {
    async fn machines(&self) -> anyhow::Result<Vec<MachineNow>> {
        let now_ms = self.clock.wall_ms();
        let sites = self.store.sites().await?.into_iter().map(|site| (site.id, site.name));
        let places: BTreeMap<SiteId, String> = sites.collect();
        let machines = self.store.machines(None, MACHINES_MAX).await?;
        Ok(machines.iter().filter_map(|machine| summed_up(machine, &places, now_ms)).collect())
    }
}

/// What the summary says of a machine; none if it was not read lately.
fn summed_up(machine: &Machine, places: &BTreeMap<SiteId, String>, now_ms: i64) -> Option<MachineNow> {
    let read = machine.read.as_ref()?;
    let age_ms = now_ms.saturating_sub(read.at_ms);
    let battery = read.facts.battery.as_ref().filter(|_| age_ms < BATTERY_MS);
    (age_ms < SUMMARY_MS).then(|| MachineNow {
        name: machine.title().to_owned(),
        site: Some(read.site.clone()),
        place: places.get(&read.site).cloned().unwrap_or_else(|| read.site.to_string()),
        model: read.facts.model_name.clone(),
        disk_free_bytes: read.facts.disk.map(|disk| disk.free_bytes),
        battery_percent: battery.map(|battery| battery.percent),
        is_plugged: battery.map(|battery| battery.is_plugged),
    })
}

/// Knows whether the hub is ready, and has an outside watcher called while it is, if the owner named one.
pub(crate) fn start_readiness(
    config: &HubConfig,
    health: HealthView,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Arc<dyn Readiness>> {
    let readiness: Arc<dyn Readiness> = Arc::new(Ready(health));
    let Some(url) = config.dead_man.address()? else { return Ok(readiness) };
    let web = Arc::new(Client::new(allowed(&config.connectors)?)?);
    let calls = dead_man::run((url, config.dead_man.every), (web, Arc::clone(&readiness)), lifecycle.stopping());
    lifecycle.spawn("dead-man ping", calls);
    Ok(readiness)
}
