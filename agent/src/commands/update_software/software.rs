//! The owner's software: install it, and settle what was interrupted.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use vigie_shared::version;
use vigie_shared::wire::command::UpdateSoftware as Parameters;

use super::UpdateSoftware;
use super::package::forget;
use crate::commands::{Answer, Failure, Past, Settled, Underway};
use crate::update::declared;
use crate::update::install::{Hears, Installer};
use crate::update::machine::{Ending, Phase};
use crate::update::place::{Installed, Journal};

impl UpdateSoftware {
    pub(super) fn installer(&self, name: &str) -> Result<Installer, Failure> {
        declared::installer(&self.context.settings, name, Arc::clone(&self.context.privileges))
            .map_err(|error| Failure::Refused(format!("{error:#}")))
    }

    pub(super) async fn run_software(
        &self,
        name: &str,
        parameters: &Parameters,
        underway: &Underway,
    ) -> Result<Answer, Failure> {
        let installer = self.installer(name)?;
        let present = installer.place.installed();
        ensure_not_older(&parameters.version, present.as_ref().map(|present| present.version.as_str()))?;
        if is_there(present.as_ref(), parameters) {
            return Ok(Answer::said(format!("{name} {} is installed already", parameters.version)));
        }
        let turn = installer.turn()?;
        installer.resume(&turn, &Told(underway)).await?;
        let verified = self.verified(name, parameters, underway).await?;
        let to = Installed { version: parameters.version.clone(), sha256: Some(verified.is.sha256.clone()) };
        let id = underway.id().to_string();
        let installed = installer.install(&turn, &id, (&verified.file, to), &Told(underway)).await;
        forget(&verified.file);
        let (journal, ending) = installed?;
        outcome(name, &journal, ending)
    }

    pub(super) async fn settle_software(
        &self,
        name: &str,
        parameters: &Parameters,
        past: &Past,
        underway: &Underway,
    ) -> Result<Settled, Failure> {
        let installer = self.installer(name)?;
        let turn = installer.turn()?;
        let id = underway.id().to_string();
        if let Some((journal, ending)) = installer.resume(&turn, &Told(underway)).await?
            && journal.id == id
        {
            return Ok(Settled::Ended(outcome(name, &journal, ending)));
        }
        // The journal is gone: it had not begun, or it was over and only the outcome was not written.
        let noted = past.note.as_ref().and_then(|note| serde_json::from_value::<Phase>(note.clone()).ok());
        Ok(match noted {
            None => Settled::Again,
            Some(Phase::Undoing { reason }) => Settled::Ended(Err(taken_back(name, &reason))),
            Some(_) if is_there(installer.place.installed().as_ref(), parameters) => {
                Settled::Ended(Ok(Answer::said(format!("{name} {} is installed", parameters.version))))
            }
            Some(_) => Settled::Ended(Err(Failure::Failed(format!("{name} was not changed: it was interrupted")))),
        })
    }
}

/// A version that is older than the one here does not come by a command; `rollback` on the box puts one back.
pub(super) fn ensure_not_older(wanted: &str, present: Option<&str>) -> Result<(), Failure> {
    match present {
        Some(present) if version::is_older(wanted, present) => Err(Failure::Refused(format!(
            "version {wanted} is older than {present}, which is installed; `vigie-agent update rollback` goes back"
        ))),
        _ => Ok(()),
    }
}

/// Whether exactly that is installed.
fn is_there(present: Option<&Installed>, parameters: &Parameters) -> bool {
    let Some(present) = present.filter(|present| present.version == parameters.version) else { return false };
    match (&present.sha256, &parameters.checksum) {
        (Some(present), Some(wanted)) => present.eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

fn outcome(name: &str, journal: &Journal, ending: Ending) -> Result<Answer, Failure> {
    let to = &journal.to.version;
    let from = journal.from.as_deref().unwrap_or("what was there before");
    match ending {
        Ending::Kept => Ok(Answer::with(
            format!("{name} {to} is installed and works; {from} is kept as a backup"),
            json!({ "target": name, "from": journal.from, "to": to, "sha256": journal.to.sha256 }),
        )),
        Ending::Untouched(reason) => Err(Failure::Failed(format!("{name} was not changed: {reason}"))),
        Ending::TakenBack(reason) => Err(taken_back(name, &reason)),
        Ending::Stuck(reason) => {
            Err(Failure::Failed(format!("{name}: {reason}; it is tried again at the next update")))
        }
    }
}

fn taken_back(name: &str, reason: &str) -> Failure {
    Failure::RolledBack(format!("{name} is as it was before: {reason}"))
}

/// Passes the phases on to the command's book and to whoever watches.
struct Told<'a>(&'a Underway);

#[async_trait]
impl Hears for Told<'_> {
    async fn phase(&self, journal: &Journal) -> anyhow::Result<()> {
        self.0.stage(match journal.phase {
            Phase::Preparing => "unpacking",
            Phase::Stopping => "stopping the services",
            Phase::Switching => "putting the new version in place",
            Phase::Proving { .. } => "starting the services and checking that they work",
            Phase::Keeping => "putting away the backup",
            Phase::Undoing { .. } => "putting the version before back in place",
        });
        self.0.note(serde_json::to_value(&journal.phase)?).await
    }
}
