//! What nobody sees while a box is silent: the time clocks and machines behind it. They are inside its incident, for an
//! outage is one.

use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::Standing;

use super::words::Words;
use crate::alerts::alert::Alert;
use crate::http::Admin;
use crate::http::page::history::Local;
use crate::http::problem::Problem;
use crate::text;

/// The rule that finds silent boxes.
const RULE: &str = "site_offline";
/// Clocks and machines of one site that are looked through: a site with more than this is counted to here.
const LOOKED_AT_MAX: usize = 1_000;
/// Of each kind, so many are named.
const NAMED_MAX: usize = 10;

/// What is behind the box of an alert, in words; none if the alert is about something else, is over, or nothing is there.
pub(super) async fn behind(admin: &Admin, at: &Local<'_>, w: &Words, alert: &Alert) -> Result<Option<String>, Problem> {
    let Some(site) = alert.key.site.as_ref().filter(|_| alert.key.rule == RULE && alert.is_firing()) else {
        return Ok(None);
    };
    let (clocks, machines) = (clocks(admin, site).await?, machines(admin, site).await?);
    let kinds = [(clocks, w.terminal_one, w.terminal_many), (machines, w.machine_one, w.machine_many)];
    let told: Vec<String> = kinds
        .iter()
        .filter(|(names, _, _)| !names.is_empty())
        .map(|(names, one, many)| listed(at, names, (*one, *many)))
        .collect();
    Ok((!told.is_empty()).then(|| told.join(", ")))
}

async fn clocks(admin: &Admin, site: &SiteId) -> Result<Vec<String>, Problem> {
    let all = admin.store.terminals(Some(site), LOOKED_AT_MAX).await?.into_iter();
    Ok(all.filter(|one| one.state.standing == Standing::Admitted).map(|one| one.state.terminal).collect())
}

async fn machines(admin: &Admin, site: &SiteId) -> Result<Vec<String>, Problem> {
    let all = admin.store.machines(Some(site), LOOKED_AT_MAX).await?;
    Ok(all.iter().map(|machine| machine.title().to_owned()).collect())
}

/// How many, and which.
fn listed(at: &Local<'_>, names: &[String], (one, many): (&str, &str)) -> String {
    let count = text::counted(at.frame.lang, names.len() as u64, one, many);
    let named: Vec<&str> = names.iter().take(NAMED_MAX).map(String::as_str).collect();
    let more = if names.len() > NAMED_MAX { "…" } else { "" };
    format!("{count} ({}{more})", named.join(", "))
}
