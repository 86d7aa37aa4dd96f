//! A rollout as the API shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::{RolloutId, SiteId};
use vigie_shared::wire::command::When;

use crate::http::time::Time;
use crate::rollout::{Member, MemberState, Pause, Rollout, Tally, command_id};
use crate::store::rollouts::Summary;

/// A rollout and how far it is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct RolloutView {
    /// Its id.
    id: String,
    /// Which software.
    software: String,
    /// The version that boxes shall run.
    version: String,
    /// `canary`, `soaking`, `rest`; then `done` or `cancelled`.
    stage: String,
    /// Since when.
    stage_since: Time,
    /// Why it goes no further, if it does not.
    paused: Option<PauseView>,
    /// Its boxes.
    boxes: Counts,
    /// At most so many boxes at once; as many as the hub allows if not given.
    batch: Option<u32>,
    /// How long the canary group must have run it, seconds.
    soak_s: i64,
    /// So many failures pause it, as `3` or `10%`.
    pause_on: String,
    /// `now` or `preferred_hour`.
    #[schema(value_type = String)]
    when: When,
    /// Whether boxes wait while people are present.
    unless_present: bool,
    /// Why, for people.
    note: String,
    /// Who wants it.
    account: String,
    /// When it began.
    created: Time,
}

/// Why a rollout goes no further.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct PauseView {
    /// Since when.
    since: Time,
    /// Who paused it; none: failures did.
    account: Option<String>,
    /// Why.
    reason: String,
}

/// How many boxes are how far; each is counted once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Counts {
    /// All.
    total: usize,
    /// Their turn has not come, or they are away.
    waiting: usize,
    /// They have a command that has not ended.
    given: usize,
    /// They run it.
    done: usize,
    /// It did not work there.
    failed: usize,
    /// They are left out.
    skipped: usize,
}

/// A box of a rollout.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct MemberView {
    /// Its site.
    site: String,
    /// Whether it is one of the first.
    is_canary: bool,
    /// `waiting`, `given`, `done`, `failed`, `skipped`.
    state: String,
    /// Why, for people.
    detail: String,
    /// How often a command was given to it.
    attempts: u32,
    /// The newest of these commands.
    command: Option<String>,
    /// When its state last changed.
    changed: Time,
}

impl From<Rollout> for RolloutView {
    fn from(rollout: Rollout) -> Self {
        let tally = rollout.tally();
        Self::from(Summary { plan: rollout.plan, progress: rollout.progress, tally })
    }
}

impl From<Summary> for RolloutView {
    fn from(Summary { plan, progress, tally }: Summary) -> Self {
        Self {
            id: plan.id.to_string(),
            software: plan.software,
            version: plan.version,
            stage: progress.stage.as_str().to_owned(),
            stage_since: Time(progress.since_ms),
            paused: progress.pause.map(PauseView::from),
            boxes: Counts::from(&tally),
            batch: plan.batch_max,
            soak_s: plan.soak_ms / 1_000,
            pause_on: plan.failures_max.to_string(),
            when: plan.when,
            unless_present: plan.unless_present,
            note: plan.note,
            account: plan.account,
            created: Time(plan.created_ms),
        }
    }
}

impl From<Pause> for PauseView {
    fn from(Pause { at_ms, account, reason }: Pause) -> Self {
        Self { since: Time(at_ms), account, reason }
    }
}

impl From<&Tally> for Counts {
    fn from(tally: &Tally) -> Self {
        let of = |state| tally.get(&state).copied().unwrap_or_default();
        Self {
            total: tally.values().sum(),
            waiting: of(MemberState::Waiting),
            given: of(MemberState::Given),
            done: of(MemberState::Done),
            failed: of(MemberState::Failed),
            skipped: of(MemberState::Skipped),
        }
    }
}

impl MemberView {
    pub(super) fn new(rollout: RolloutId, site: &SiteId, member: &Member) -> Self {
        let command = (member.attempt > 0).then(|| command_id(rollout, site, member.attempt).to_string());
        Self {
            site: site.to_string(),
            is_canary: member.is_canary,
            state: member.state.as_str().to_owned(),
            detail: member.detail.clone(),
            attempts: member.attempt,
            command,
            changed: Time(member.changed_ms),
        }
    }

    /// Points behind this box.
    pub(super) fn cursor(&self) -> String {
        self.site.clone()
    }
}
