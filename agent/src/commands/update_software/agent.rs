//! The agent itself: hand the verified program over, end, and settle as the version that the guard lets run.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::sleep;
use vigie_shared::release::AGENT;
use vigie_shared::wire::command::UpdateSoftware as Parameters;

use super::UpdateSoftware;
use super::package::forget;
use crate::commands::{Answer, Failure, Past, Settled, Underway};
use crate::privileged::Package;
use crate::update::own::Standing;

/// A process that was told to end has ended by then.
const END_MAX: Duration = Duration::from_secs(120);

/// How often a trial is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Longer than any trial: its timer is outside.
const TRIAL_MAX: Duration = Duration::from_secs(3600);

/// What is noted before each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Noted {
    Installing,
    Ending,
}

impl UpdateSoftware {
    pub(super) async fn run_agent(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        if let Some(objection) = self.own.objection(&parameters.version) {
            return Err(Failure::Refused(objection));
        }
        let Some(signature) = parameters.signature.clone() else {
            return Err(Failure::Refused(
                "the agent itself is never taken without a release key's signature".to_owned(),
            ));
        };
        let verified = self.verified(AGENT, parameters, underway).await?;
        underway.note(json!(Noted::Installing)).await?;
        underway.stage("trying the new version and putting it in place");
        let (id, version) = (underway.id().to_string(), parameters.version.clone());
        let package = Package { id, file: verified.file.clone(), version, signature };
        let installed = self.own.install(self.context.privileges.as_ref(), package).await;
        forget(&verified.file);
        installed?;

        underway.note(json!(Noted::Ending)).await?;
        underway.stage("starting the new version");
        self.own.end();
        // The next start settles the command.
        sleep(END_MAX).await;
        Err(Failure::Failed(format!("the agent did not end within {} s for its update", END_MAX.as_secs())))
    }

    pub(super) async fn settle_agent(
        &self,
        parameters: &Parameters,
        past: &Past,
        underway: &Underway,
    ) -> Result<Settled, Failure> {
        let noted = past.note.as_ref().and_then(|note| serde_json::from_value::<Noted>(note.clone()).ok());
        if noted.is_none() {
            // It was only fetched: the rest of it can follow.
            return Ok(Settled::Again);
        }
        let (id, version) = (underway.id().to_string(), &parameters.version);
        let deadline = tokio::time::Instant::now() + TRIAL_MAX;
        loop {
            match self.own.standing(&id, version) {
                Standing::Kept => {
                    let value = json!({ "target": "agent", "to": version });
                    return Ok(Settled::Ended(Ok(Answer::with(
                        format!("the agent {version} runs and has proved itself"),
                        value,
                    ))));
                }
                Standing::TakenBack(reason) => {
                    let present = self.own.version();
                    let text = format!("the agent {version} was taken back, {present} runs: {reason}");
                    return Ok(Settled::Ended(Err(Failure::RolledBack(text))));
                }
                Standing::Absent => {
                    let text = format!("the agent {version} was not put in place; {} runs", self.own.version());
                    return Ok(Settled::Ended(Err(Failure::Failed(text))));
                }
                Standing::OnTrial if tokio::time::Instant::now() >= deadline => {
                    return Ok(Settled::Unknown(format!("the agent {version} is on trial and nothing ends it")));
                }
                Standing::OnTrial => {
                    underway.stage("the new version runs and must prove itself: the hub must confirm a record of it");
                    sleep(LOOK).await;
                }
            }
        }
    }
}
