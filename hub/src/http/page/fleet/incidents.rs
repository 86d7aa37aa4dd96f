//! What is wrong at this moment, the gravest and longest first, as the top of the fleet's page names it.

use jiff::tz::TimeZone;

use crate::alerts::alert::Alert;
use crate::alerts::incident::IncidentStage;
use crate::alerts::news::Severity;
use crate::http::Admin;
use crate::http::page::marks::Mark;
use crate::http::page::row::Moment;
use crate::http::page::words;
use crate::http::problem::Problem;
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
    /// "6 alerts" if there are several.
    pub(in crate::http::page) inside: Option<String>,
}

/// Every incident that is open, at most [`INCIDENTS_MAX`].
pub(super) async fn open(admin: &Admin, lang: Lang) -> Result<Vec<OpenIncident>, Problem> {
    let mut open = admin.store.incidents_since(i64::MAX).await?;
    open.retain(|incident| incident.stage == IncidentStage::Open);
    open.sort_by_key(|incident| (std::cmp::Reverse(incident.severity), incident.began_ms));
    let (alerts, now_ms) = (admin.store.present_alerts().await?, admin.clock.wall_ms());
    let line = |incident: &crate::alerts::incident::Incident| {
        let of_it: Vec<&Alert> =
            alerts.iter().filter(|alert| alert.incident.as_deref() == Some(incident.id.as_str())).collect();
        let first = of_it.iter().max_by_key(|alert| (alert.grade, std::cmp::Reverse(alert.no)))?;
        Some(OpenIncident {
            id: incident.id.clone(),
            mark: mark(incident.severity, lang),
            name: first.name.clone(),
            text: first.text.of(lang).to_owned(),
            began: Moment::new(lang, incident.began_ms, now_ms, &TimeZone::system()),
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

fn mark(severity: Severity, lang: Lang) -> Mark {
    let words = words::of(lang);
    match severity {
        Severity::Warning => Mark { state: "attention", word: words.attention },
        Severity::Critical => Mark { state: "critical", word: words.critical },
    }
}
