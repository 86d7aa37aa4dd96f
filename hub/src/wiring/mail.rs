//! Starts what writes to people and programs, and the call to the watcher outside.

use std::sync::Arc;

use vigie_shared::clock::Clock;
use vigie_shared::lifecycle::Lifecycle;

use super::{Ready, allowed};
use crate::config::HubConfig;
use crate::connectors::web::Client;
use crate::dead_man;
use crate::http::ports::Readiness;
use crate::ingest::driver::HealthView;
use crate::mail::desk::{Desk, Parts};
use crate::mail::driver::Driver;
use crate::mail::letter::Way;
use crate::mail::report;
use crate::mail::smtp::Smtp;
use crate::store::Store;
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
        machines: None,
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
