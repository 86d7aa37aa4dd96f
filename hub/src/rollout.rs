//! Rollouts: a release goes to a few boxes first, the *canary* group, and to the rest once it has proved itself there.
//!
//! Pure: [`Rollout::step`] takes the moment and what is known of the boxes, moves the rollout on and says which commands
//! to give; people pause, resume, cancel and retry. The store keeps all of it, so that whoever starts again from the
//! store does the same. A command's name follows from rollout, site and attempt ([`command_id`]): giving it twice is
//! giving it once.
//!
//! Never more boxes at once than the plan and the hub allow; nobody outside the canary group before it is done and has
//! soaked; nothing new while paused; nobody twice unless a person says so. A box that is away waits and holds nobody up.

mod boxes;
pub mod driver;
#[cfg(test)]
mod laws;
mod orders;
mod share;
mod start;
mod step;
mod wishes;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigie_shared::id::{RolloutId, SiteId};
use vigie_shared::wire::command::When;

pub use boxes::{Around, Known, Ordered};
pub use share::Share;
pub use start::{Candidate, canaries, command_id};
pub use step::Act;
pub use wishes::Refusal;

/// What somebody wants; never changed once it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub id: RolloutId,
    /// Which software, by the name of its releases.
    pub software: String,
    /// The version that boxes shall run.
    pub version: String,
    /// At most so many boxes at once; none: as many as the hub allows.
    pub batch_max: Option<u32>,
    /// How long the canary group must have run it before the rest gets it.
    pub soak_ms: i64,
    /// So many failures pause it: of the canary group while that is tried, of all afterwards.
    pub failures_max: Share,
    /// At once, or at each box's preferred hour.
    pub when: When,
    /// Boxes wait while people are present, as far as they know.
    pub unless_present: bool,
    /// Why, for people.
    pub note: String,
    /// Who wants it.
    pub account: String,
    /// When it began, milliseconds since 1970 UTC.
    pub created_ms: i64,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// Since when, milliseconds since 1970 UTC.
    pub since_ms: i64,
    /// Why it goes no further, if it does not.
    pub pause: Option<Pause>,
    /// Failures that a person saw and went on.
    pub forgiven: usize,
}

/// The stages, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The canary group gets it.
    Canary,
    /// The canary group runs it; the rest waits.
    Soaking,
    /// The rest gets it.
    Rest,
    /// Every box has ended.
    Done,
    /// A person ended it.
    Cancelled,
}

impl Stage {
    /// The stage as one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Soaking => "soaking",
            Self::Rest => "rest",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether something can still follow by itself.
    #[must_use]
    pub fn is_open(self) -> bool {
        self < Self::Done
    }
}

/// Why a rollout goes no further.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Who paused it; none: failures did.
    pub account: Option<String>,
    /// Why, for people.
    pub reason: String,
}

/// One box in a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Whether it is one of the first.
    pub is_canary: bool,
    /// How far it is.
    pub state: MemberState,
    /// How often a command was given to it.
    pub attempt: u32,
    /// Why it failed or was skipped, for people.
    pub detail: String,
    /// When its state last changed, milliseconds since 1970 UTC.
    pub changed_ms: i64,
}

/// How far a box is. Every box is counted in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberState {
    /// Its turn has not come, or it is away.
    Waiting,
    /// It has been given a command that has not ended.
    Given,
    /// It runs the version.
    Done,
    /// It was tried and did not work, or nobody knows.
    Failed,
    /// It is left out.
    Skipped,
}

impl MemberState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Given, Self::Done, Self::Failed, Self::Skipped];

    /// The state as one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Given => "given",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// How many boxes are in each state.
pub type Tally = BTreeMap<MemberState, usize>;

/// A rollout: the plan, how far it is, and every box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// What somebody wants.
    pub plan: Plan,
    /// How far it is.
    pub progress: Progress,
    /// Every box of the target group.
    pub members: BTreeMap<SiteId, Member>,
}

impl Rollout {
    /// A rollout that begins; without a canary group it begins with the rest.
    #[must_use]
    pub fn new(plan: Plan, sites: impl IntoIterator<Item = (SiteId, bool)>) -> Self {
        let changed_ms = plan.created_ms;
        let member = |is_canary| {
            let state = MemberState::Waiting;
            Member { is_canary, state, attempt: 0, detail: String::new(), changed_ms }
        };
        let members: BTreeMap<SiteId, Member> =
            sites.into_iter().map(|(site, is_canary)| (site, member(is_canary))).collect();
        let has_canary = members.values().any(|member| member.is_canary);
        let stage = if has_canary { Stage::Canary } else { Stage::Rest };
        Self { plan, progress: Progress { stage, since_ms: changed_ms, pause: None, forgiven: 0 }, members }
    }

    /// How many boxes are in each state.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally: Tally = MemberState::ALL.into_iter().map(|state| (state, 0)).collect();
        for member in self.members.values() {
            *tally.entry(member.state).or_default() += 1;
        }
        tally
    }

    fn count(&self, is_meant: impl Fn(&Member) -> bool) -> usize {
        self.members.values().filter(|member| is_meant(member)).count()
    }

    fn failures(&self) -> usize {
        self.count(|member| member.state == MemberState::Failed)
    }
}

impl Member {
    fn turn(&mut self, state: MemberState, detail: String, now_ms: i64) {
        (self.state, self.detail, self.changed_ms) = (state, detail, now_ms);
    }
}
