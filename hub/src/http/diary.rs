//! `/api/v1/diary`: what happened to the fleet, newest first; and the sentences that people's own acts leave there.

use axum::Json;
use axum::extract::State;
use vigie_shared::id::SiteId;

use super::Admin;
use super::guard::Viewer;
use super::input::{Newest, Params};
use super::problem::{Problem, Refused};
use super::views::{EntryView, Page};
use crate::login::Caller;
use crate::store::diary::{Entry, Level};

/// What a person did to a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    SiteAdded,
    SiteDescribed,
    SiteRevoked,
    BoxReplaced,
}

impl Happening {
    fn kind(self) -> &'static str {
        match self {
            Self::SiteAdded => "site_added",
            Self::SiteDescribed => "site_described",
            Self::SiteRevoked => "site_revoked",
            Self::BoxReplaced => "box_replaced",
        }
    }

    fn text(self, site: &SiteId, account: &str) -> String {
        match self {
            Self::SiteAdded => format!("Site {site} was added by {account}. Paste its token on the box."),
            Self::SiteDescribed => format!("What is said of site {site} was changed by {account}."),
            Self::SiteRevoked => format!(
                "Site {site} was revoked by {account}. Its box is refused; everything it had delivered stays. \
                 `vigie-hub site replace {site}` brings it back with a new token."
            ),
            Self::BoxReplaced => format!(
                "Site {site} was prepared for a new box by {account}. The former box is refused; everything it had \
                 delivered stays. Paste the new token on the new box."
            ),
        }
    }
}

/// Writes down what a person did.
pub(super) async fn note(admin: &Admin, site: &SiteId, happening: Happening, caller: &Caller) -> Result<(), Problem> {
    let entry = Entry {
        at_ms: admin.clock.wall_ms(),
        site: Some(site.clone()),
        level: Level::Note,
        kind: happening.kind().to_owned(),
        text: happening.text(site, &caller.account),
    };
    Ok(admin.store.write(&entry).await?)
}

/// Writes down what happened to a site by a person's hand.
pub(super) async fn note_of_site(admin: &Admin, site: &SiteId, kind: &str, text: String) -> Result<(), Problem> {
    let at_ms = admin.clock.wall_ms();
    let entry = Entry { at_ms, site: Some(site.clone()), level: Level::Note, kind: kind.to_owned(), text };
    Ok(admin.store.write(&entry).await?)
}

/// Writes down what happened to the hub as a whole.
pub(super) async fn note_of_hub(admin: &Admin, kind: &str, text: String) -> Result<(), Problem> {
    let at_ms = admin.clock.wall_ms();
    let entry = Entry { at_ms, site: None, level: Level::Note, kind: kind.to_owned(), text };
    Ok(admin.store.write(&entry).await?)
}

/// Lists what happened, newest first.
#[utoipa::path(
    get, path = "/api/v1/diary", operation_id = "diary_list",
    tag = "sites", params(Newest), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The newest entries", body = Page<EntryView>), Refused)
)]
pub(super) async fn list(
    _: Viewer,
    State(admin): State<Admin>,
    Params(newest): Params<Newest>,
) -> Result<Json<Page<EntryView>>, Problem> {
    let (site, rows) = newest.checked()?;
    let entries = admin.store.entries(site.as_ref(), rows).await?;
    Ok(Json(Page { items: entries.iter().map(EntryView::from).collect(), next: None }))
}

#[cfg(test)]
mod tests {
    use crate::http::testing::Stage;
    use crate::store::accounts::Role;

    #[tokio::test]
    async fn the_diary_says_what_happened_what_is_safe_and_what_to_do() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.add_history(&metz).await;
        stage.post("/api/v1/sites/metz/revoke").role(Role::Owner).send().await;
        let diary = stage.get("/api/v1/diary").role(Role::Viewer).send().await;
        insta::assert_json_snapshot!(diary.json());
    }
}
