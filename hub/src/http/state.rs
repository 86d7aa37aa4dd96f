//! How sites are, in brief: for those who are told after each change instead of asking.

use serde::Serialize;
use vigie_shared::id::SiteId;

use super::Admin;
use super::problem::Problem;
use super::site::deliveries;
use super::views::{CompletenessView, SiteView};
use crate::fleet::completeness::Deliveries;
use crate::store::sites::Site;

/// A site, its box, and how far its facts are complete.
#[derive(Serialize)]
struct StateView {
    /// As `GET /api/v1/sites` has it.
    #[serde(flatten)]
    site: SiteView,
    /// Whether its box is connected at this moment.
    is_connected: bool,
    /// How far each lane is complete.
    completeness: Vec<CompletenessView>,
}

/// The states of those sites that `is_wanted` picks, as JSON.
///
/// # Errors
///
/// If the store failed.
pub(crate) async fn states(
    admin: &Admin,
    is_wanted: impl Fn(&SiteId) -> bool,
) -> Result<Vec<(SiteId, Vec<u8>)>, Problem> {
    let mut sites = admin.store.sites().await?;
    sites.retain(|site| is_wanted(&site.id));
    if sites.is_empty() {
        return Ok(Vec::new());
    }
    let deliveries = deliveries(admin).await?;
    let mut states = Vec::with_capacity(sites.len());
    for site in sites {
        let json = state(admin, &site, &deliveries).await?;
        states.push((site.id, json));
    }
    Ok(states)
}

async fn state(admin: &Admin, site: &Site, deliveries: &Deliveries) -> Result<Vec<u8>, Problem> {
    let (live, gaps) = (admin.fleet.site(&site.id), admin.store.gaps(&site.id).await?);
    let lines = deliveries.lines(&site.id, &gaps, live.heartbeat.as_ref());
    let view = StateView {
        site: SiteView::new(site, &live, admin.hearing()),
        is_connected: live.connection.is_some(),
        completeness: lines.iter().map(CompletenessView::from).collect(),
    };
    Ok(serde_json::to_vec(&view).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::http::testing::{Stage, live};

    #[tokio::test]
    async fn a_state_says_whether_the_box_is_there_and_what_has_arrived() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.add_site("brest", "Brest").await;
        stage.add_history(&metz).await;
        stage.fleet.tell(&metz, live());

        let all = states(&stage.admin, |_| true).await.unwrap();
        assert_eq!(all.len(), 2);
        let only = states(&stage.admin, |site| *site == metz).await.unwrap();
        let told: Value = serde_json::from_slice(&only[0].1).unwrap();
        assert_eq!((told["id"].as_str(), told["reach"].as_str()), (Some("metz"), Some("reachable")));
        assert_eq!(told["is_connected"], true);
        assert!(told["completeness"][0]["through"].as_u64().is_some(), "{told}");
    }
}
