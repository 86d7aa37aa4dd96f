//! `/api/v1/first-steps`: what a new hub's owner has done already on the way to the first presence, and what comes next.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Admin;
use super::guard::Viewer;
use super::problem::{Problem, Refused};
use crate::presence::online::Standing;
use crate::store::presence::{DayFilter, OwnershipFilter};

/// A step, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FirstStep)]
pub(super) enum Step {
    /// A site is added, and its token given.
    AddSite,
    /// A box is registered and heard.
    HearBox,
    /// A box saw a device.
    SeeDevice,
    /// Somebody is entered.
    AddPerson,
    /// A device is somebody's.
    ClaimDevice,
    /// Somebody was there.
    FirstPresence,
}

impl Step {
    /// Every step, in their order.
    pub(super) const ALL: [Self; 6] =
        [Self::AddSite, Self::HearBox, Self::SeeDevice, Self::AddPerson, Self::ClaimDevice, Self::FirstPresence];
}

/// What is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Found {
    site: bool,
    voice: bool,
    device: bool,
    person: bool,
    claim: bool,
    presence: bool,
}

/// A step, and whether it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FirstStepView)]
pub(super) struct StepView {
    /// Which.
    pub(super) step: Step,
    /// Whether it is done.
    pub(super) is_done: bool,
}

/// How far a new hub is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FirstStepsView)]
pub(super) struct StepsView {
    /// Every step, in order.
    pub(super) steps: Vec<StepView>,
    /// The first that is not done; none if all are.
    pub(super) next: Option<Step>,
}

/// Says which of the first steps are done, and which is next.
#[utoipa::path(
    get, path = "/api/v1/first-steps", operation_id = "first_steps_show",
    tag = "hub", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The steps", body = StepsView), Refused)
)]
pub(super) async fn show(_: Viewer, State(admin): State<Admin>) -> Result<Json<StepsView>, Problem> {
    Ok(Json(steps(&admin).await?))
}

/// How far this hub is.
///
/// # Errors
///
/// If the store fails.
pub(super) async fn steps(admin: &Admin) -> Result<StepsView, Problem> {
    Ok(StepsView::of(found(admin).await?))
}

async fn found(admin: &Admin) -> Result<Found, Problem> {
    let store = &admin.store;
    let claims = store.ownerships(&OwnershipFilter::default()).await?;
    let has_days = async || {
        let filter = DayFilter { person: None, from: Date::MIN, through: Date::MAX, only_unpublished: false };
        Ok::<bool, Problem>(!store.person_days(&filter, None, 1).await?.is_empty())
    };
    let is_somebody_here = async || {
        let here = admin.presences.here_lately().await?;
        Ok::<bool, Problem>(here.people.iter().any(|one| matches!(one.standing, Standing::Here { .. })))
    };
    Ok(Found {
        site: !store.sites().await?.is_empty(),
        voice: !store.queues().await?.is_empty(),
        device: !store.devices(None, None, 1).await?.is_empty(),
        person: !store.people().await?.is_empty(),
        claim: !claims.is_empty(),
        presence: !claims.is_empty() && (is_somebody_here().await? || has_days().await?),
    })
}

impl StepsView {
    fn of(found: Found) -> Self {
        let is_done = |step| match step {
            Step::AddSite => found.site,
            Step::HearBox => found.voice,
            Step::SeeDevice => found.device,
            Step::AddPerson => found.person,
            Step::ClaimDevice => found.claim,
            Step::FirstPresence => found.presence,
        };
        let steps: Vec<StepView> =
            Step::ALL.into_iter().map(|step| StepView { step, is_done: is_done(step) }).collect();
        let next = steps.iter().find(|one| !one.is_done).map(|one| one.step);
        Self { steps, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attendance::Person;
    use crate::http::testing::Stage;
    use crate::store::accounts::Role;

    async fn next(stage: &Stage) -> serde_json::Value {
        stage.get("/api/v1/first-steps").role(Role::Viewer).send().await.json()["next"].clone()
    }

    #[tokio::test]
    async fn each_step_leads_to_the_one_after_it() {
        let stage = Stage::new().await;
        assert_eq!(next(&stage).await, "add_site");
        let metz = stage.add_site("metz", "Metz").await;
        assert_eq!(next(&stage).await, "hear_box");
        stage.add_history(&metz).await;
        assert_eq!(next(&stage).await, "add_person");
        let person = Person { id: "M01".to_owned(), name: "Ama".to_owned(), numbers: Vec::new() };
        stage.store.put_person(&person).await.unwrap();
        assert_eq!(next(&stage).await, "claim_device");
    }

    #[test]
    fn nothing_is_next_when_all_is_done_and_a_gap_is_found_in_the_middle() {
        let all = Found { site: true, voice: true, device: true, person: true, claim: true, presence: true };
        assert_eq!(StepsView::of(all).next, None);
        assert_eq!(StepsView::of(Found { device: false, ..all }).next, Some(Step::SeeDevice));
    }
}
