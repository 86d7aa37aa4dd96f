//! One step: hear how commands ended, leave out who cannot get it, pause or go on, give new commands.

use vigie_shared::id::SiteId;

use super::{Around, Known, Member, MemberState, Ordered, Pause, Progress, Rollout, Stage};
use crate::store::commands::CommandState;

/// A box that is away for so long is left out.
const AWAY_MAX_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// What to do for one box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Give it the command of that attempt; if it has it already, nothing changes.
    Give {
        /// Which box.
        site: SiteId,
        /// Which attempt.
        attempt: u32,
    },
    /// Take the command of that attempt back, if it was not sent yet.
    TakeBack {
        /// Which box.
        site: SiteId,
        /// Which attempt.
        attempt: u32,
    },
}

impl Rollout {
    /// Moves the rollout on, and says what to do once that is stored.
    pub fn step(&mut self, around: &Around) -> Vec<Act> {
        let mut acts = self.hear(around);
        if self.progress.stage.is_open() {
            self.leave_out(around);
            self.pause_on_failures(around.now_ms);
            while let Some(next) = self.next_stage(around) {
                self.progress = Progress { stage: next, since_ms: around.now_ms, ..self.progress.clone() };
            }
            acts.extend(self.give(around));
        }
        acts
    }

    /// Whether nothing new may be given.
    fn is_halted(&self) -> bool {
        self.progress.pause.is_some() || !self.progress.stage.is_open()
    }

    /// Takes in how far the commands are.
    fn hear(&mut self, around: &Around) -> Vec<Act> {
        let is_halted = self.is_halted();
        let is_over = !self.progress.stage.is_open();
        let version = self.plan.version.as_str();
        let mut acts = Vec::new();
        for (site, member) in &mut self.members {
            let known = around.boxes.get(site);
            let command = known.and_then(|known| known.command.as_ref());
            match member.state {
                MemberState::Given => {
                    let needs_it = known.is_some_and(|known| known.verdict(version).is_none());
                    acts.extend(member.hear(site, command, (is_halted || !needs_it, is_halted), around.now_ms));
                }
                // A box that was silent, or could not tell, may say later that it worked.
                MemberState::Failed if command.is_some_and(|one| one.state == CommandState::Succeeded) => {
                    member.turn(MemberState::Done, String::new(), around.now_ms);
                }
                _ => {}
            }
            if is_over && member.state == MemberState::Waiting {
                member.turn(MemberState::Skipped, "the rollout was cancelled".to_owned(), around.now_ms);
            }
        }
        self.progress.forgiven = self.progress.forgiven.min(self.failures());
        acts
    }

    /// Ends the waiting of those who need nothing, or can get nothing.
    fn leave_out(&mut self, around: &Around) {
        let (version, since_ms) = (self.plan.version.clone(), self.plan.created_ms);
        for (site, member) in self.members.iter_mut().filter(|(_, member)| member.state == MemberState::Waiting) {
            let verdict = match around.boxes.get(site) {
                Some(known) => known.verdict(&version),
                None => Some((MemberState::Skipped, "there is no such site any more".to_owned())),
            };
            let is_away = || around.now_ms.saturating_sub(since_ms.max(member.changed_ms)) >= AWAY_MAX_MS;
            if let Some((state, detail)) = verdict {
                member.turn(state, detail, around.now_ms);
            } else if is_away() {
                member.turn(MemberState::Skipped, "it was away for 30 days".to_owned(), around.now_ms);
            }
        }
    }

    fn pause_on_failures(&mut self, now_ms: i64) {
        let is_first = self.progress.stage < Stage::Rest;
        let group = self.count(|member| member.is_canary || !is_first);
        let failed = self.failures().saturating_sub(self.progress.forgiven);
        if self.progress.pause.is_none() && failed >= self.plan.failures_max.of(group).max(1) {
            let whole = if is_first { "the canary group" } else { "all" };
            let limit = self.plan.failures_max;
            self.halt(format!("{failed} of {group} boxes of {whole} failed; {limit} pause it"), now_ms);
        }
    }

    fn halt(&mut self, reason: String, now_ms: i64) {
        self.progress.pause = Some(Pause { at_ms: now_ms, account: None, reason });
    }

    /// The stage that follows now; none if this one goes on.
    fn next_stage(&mut self, around: &Around) -> Option<Stage> {
        if self.is_halted() {
            return None;
        }
        match self.progress.stage {
            Stage::Canary => {
                let is_canary_in = |state| move |member: &Member| member.is_canary && member.state == state;
                let is_due = self.members.iter().any(|(site, member)| {
                    let is_here = around.boxes.get(site).is_some_and(|known| known.is_connected);
                    member.is_canary && member.state == MemberState::Waiting && is_here
                });
                if is_due || self.count(is_canary_in(MemberState::Given)) > 0 {
                    return None;
                }
                if self.count(is_canary_in(MemberState::Done)) > 0 {
                    return Some(Stage::Soaking);
                }
                if self.count(is_canary_in(MemberState::Waiting)) == 0 {
                    self.halt("no box of the canary group runs it, so nothing is proved".to_owned(), around.now_ms);
                }
                None
            }
            Stage::Soaking => {
                let has_soaked = around.now_ms.saturating_sub(self.progress.since_ms) >= self.plan.soak_ms;
                has_soaked.then_some(Stage::Rest)
            }
            Stage::Rest => {
                let open = self.count(|member| member.state <= MemberState::Given);
                (open == 0).then_some(Stage::Done)
            }
            Stage::Done | Stage::Cancelled => None,
        }
    }

    /// Gives the next boxes their commands.
    fn give(&mut self, around: &Around) -> Vec<Act> {
        let stage = self.progress.stage;
        if self.is_halted() || stage == Stage::Soaking {
            return Vec::new();
        }
        let own_max = self.plan.batch_max.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        let under_way = self.count(|member| member.state == MemberState::Given);
        let room = own_max.min(around.batch_max).saturating_sub(under_way);
        let mut due: Vec<(&SiteId, &mut Member)> = self
            .members
            .iter_mut()
            .filter(|(site, member)| {
                let is_turn = member.is_canary || stage == Stage::Rest;
                let is_here = around.boxes.get(*site).is_some_and(|known| known.is_connected);
                member.state == MemberState::Waiting && is_turn && is_here
            })
            .collect();
        due.sort_by_key(|(site, member)| (!member.is_canary, (*site).clone()));
        due.into_iter()
            .take(room)
            .map(|(site, member)| {
                member.attempt = member.attempt.saturating_add(1);
                member.turn(MemberState::Given, String::new(), around.now_ms);
                Act::Give { site: site.clone(), attempt: member.attempt }
            })
            .collect()
    }
}

impl Member {
    /// Takes in how far the command of a member is that was given one.
    fn hear(
        &mut self,
        site: &SiteId,
        command: Option<&Ordered>,
        (is_unwanted, is_halted): (bool, bool),
        now_ms: i64,
    ) -> Option<Act> {
        let (site, attempt) = (site.clone(), self.attempt);
        let Some(Ordered { state, is_expired, detail }) = command else {
            // The hub stopped between noting it here and storing the command.
            if !is_unwanted {
                return Some(Act::Give { site, attempt });
            }
            self.turn(MemberState::Waiting, String::new(), now_ms);
            return None;
        };
        let (state, detail) = match state {
            CommandState::Waiting if is_halted => return Some(Act::TakeBack { site, attempt }),
            CommandState::Waiting | CommandState::Sent | CommandState::Running => return None,
            CommandState::Succeeded => (MemberState::Done, String::new()),
            CommandState::Refused if *is_expired => {
                (MemberState::Waiting, "it went away before it began; it gets the command again".to_owned())
            }
            CommandState::Cancelled if is_halted => (MemberState::Waiting, String::new()),
            CommandState::Cancelled => (MemberState::Skipped, detail.clone()),
            CommandState::Silent
            | CommandState::Unknown
            | CommandState::Failed
            | CommandState::RolledBack
            | CommandState::Refused => (MemberState::Failed, detail.clone()),
        };
        self.turn(state, detail, now_ms);
        None
    }
}

impl Known {
    /// Why a box needs no command; none if it does.
    fn verdict(&self, version: &str) -> Option<(MemberState, String)> {
        let skipped = |why: String| Some((MemberState::Skipped, why));
        match &self.pinned {
            _ if self.is_revoked => skipped("its site is revoked".to_owned()),
            Some(pinned) if pinned != version => skipped(format!("it is pinned to {pinned}")),
            _ if self.version.as_deref() == Some(version) => Some((MemberState::Done, "it runs it already".to_owned())),
            _ => self.obstacle.clone().and_then(skipped),
        }
    }
}
