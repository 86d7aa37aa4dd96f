//! What is wrong at this moment, the gravest and longest first, as the top of the fleet's page names it.

use crate::alerts::alert::Alert;
use crate::alerts::incident::{Incident, IncidentStage};
use crate::http::Admin;
use crate::http::page::incidents::{gravest, zone_of};
use crate::http::page::marks::{Mark, of_severity};
use crate::http::page::row::Moment;
use crate::http::page::words;
use crate::http::problem::Problem;
use crate::store::sites::Site;
use crate::text::{self, Lang};

/// Incidents that are named; more stand on their own page.
const INCIDENTS_MAX: usize = 10;

/// One open incident in a line.
pub(in crate::http::page) struct OpenIncident {
    pub(in crate::http::page) id: String,
    pub(in crate::http::page) mark: Mark,
    /// What the gravest of it concerns.
    pub(in crate::http::page) name: String,
    /// What is wrong, what is safe, what to do.
    pub(in crate::http::page) text: String,
    pub(in crate::http::page) began: Moment,
    /// Nobody was told of it yet.
    pub(in crate::http::page) is_untold: bool,
    /// "6 alerts" if there are several.
    pub(in crate::http::page) inside: Option<String>,
}

/// Every incident that is not over, at most [`INCIDENTS_MAX`]; also one that still gathers, so that a site is never shown
/// as silent beside the words that all is well.
pub(super) async fn open(admin: &Admin, lang: Lang, sites: &[Site]) -> Result<Vec<OpenIncident>, Problem> {
    let mut open = admin.store.incidents_since(i64::MAX).await?;
    open.retain(Incident::is_live);
    open.sort_by_key(|incident| (std::cmp::Reverse(incident.severity), incident.began_ms));
    let (alerts, now_ms) = (admin.store.present_alerts().await?, admin.clock.wall_ms());
    let line = |incident: &Incident| {
        let of_it: Vec<&Alert> =
            alerts.iter().filter(|alert| alert.incident.as_deref() == Some(incident.id.as_str())).collect();
        let first = of_it.iter().copied().max_by_key(|alert| (alert.grade, std::cmp::Reverse(alert.no)))?;
        let since_ms = of_it.iter().map(|alert| alert.since_ms).min().unwrap_or(incident.began_ms);
        Some(OpenIncident {
            id: incident.id.clone(),
            mark: of_severity(gravest(incident, Some(first)), words::of(lang)),
            name: first.name.clone(),
            text: first.text.of(lang).to_owned(),
            began: Moment::new(lang, incident.began_ms.min(since_ms), now_ms, &zone_of(Some(first), sites)),
            is_untold: incident.stage == IncidentStage::Gathering,
            inside: (of_it.len() > 1).then(|| alerts_word(lang, of_it.len())),
        })
    };
    Ok(open.iter().take(INCIDENTS_MAX).filter_map(line).collect())
}

fn alerts_word(lang: Lang, count: usize) -> String {
    let (one, many) = match lang {
        Lang::Fr => ("alerte", "alertes"),
        Lang::En => ("alert", "alerts"),
    };
    text::counted(lang, count as u64, one, many)
}
