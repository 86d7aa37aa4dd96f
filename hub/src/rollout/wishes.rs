//! What people do with a rollout: pause, resume, cancel, retry.

use vigie_shared::id::SiteId;

use super::{MemberState, Pause, Progress, Rollout, Stage};

/// Why a person's wish cannot be done; for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has ended.
    #[error("the rollout is {0}; start a new one")]
    Over(&'static str),
    /// It is paused already.
    #[error("the rollout is paused already")]
    Paused,
    /// It is not paused.
    #[error("the rollout is not paused")]
    NotPaused,
    /// There is nothing to try again.
    #[error("no box that is meant has failed, so there is nothing to try again")]
    NothingFailed,
}

impl Rollout {
    /// Gives nothing more until somebody resumes it.
    ///
    /// # Errors
    ///
    /// [`Refusal::Over`], [`Refusal::Paused`].
    pub fn pause(&mut self, account: &str, reason: String, now_ms: i64) -> Result<(), Refusal> {
        self.ensure_open()?;
        if self.progress.pause.is_some() {
            return Err(Refusal::Paused);
        }
        self.progress.pause = Some(Pause { at_ms: now_ms, account: Some(account.to_owned()), reason });
        Ok(())
    }

    /// Goes on; the failures so far count no more.
    ///
    /// # Errors
    ///
    /// [`Refusal::Over`], [`Refusal::NotPaused`].
    pub fn resume(&mut self) -> Result<(), Refusal> {
        self.ensure_open()?;
        self.progress.pause.take().ok_or(Refusal::NotPaused)?;
        self.progress.forgiven = self.failures();
        Ok(())
    }

    /// Ends it: who has not got a command gets none.
    ///
    /// # Errors
    ///
    /// [`Refusal::Over`].
    pub fn cancel(&mut self, account: &str, now_ms: i64) -> Result<(), Refusal> {
        self.ensure_open()?;
        self.progress = Progress { stage: Stage::Cancelled, since_ms: now_ms, pause: None, ..self.progress.clone() };
        for member in self.members.values_mut().filter(|member| member.state == MemberState::Waiting) {
            member.turn(MemberState::Skipped, format!("{account} cancelled the rollout"), now_ms);
        }
        Ok(())
    }

    /// Tries boxes again that failed, one or all, and goes on; one that is named also if it was skipped.
    ///
    /// # Errors
    ///
    /// [`Refusal::Over`] once it is cancelled, [`Refusal::NothingFailed`].
    pub fn retry(&mut self, site: Option<&SiteId>, now_ms: i64) -> Result<(), Refusal> {
        if self.progress.stage == Stage::Cancelled {
            return self.ensure_open();
        }
        let mut is_any = false;
        for (id, member) in &mut self.members {
            let is_meant = match member.state {
                MemberState::Failed => site.is_none_or(|site| site == id),
                MemberState::Skipped => site == Some(id),
                _ => false,
            };
            if is_meant {
                member.turn(MemberState::Waiting, String::new(), now_ms);
                is_any = true;
            }
        }
        if !is_any {
            return Err(Refusal::NothingFailed);
        }
        if self.progress.stage == Stage::Done {
            (self.progress.stage, self.progress.since_ms) = (Stage::Rest, now_ms);
        }
        self.progress.pause = None;
        self.progress.forgiven = self.failures();
        Ok(())
    }

    fn ensure_open(&self) -> Result<(), Refusal> {
        let stage = self.progress.stage;
        if stage.is_open() { Ok(()) } else { Err(Refusal::Over(stage.as_str())) }
    }
}
