//! Restarts the machine.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, sleep};
use vigie_shared::wire::command::Reboot as Parameters;

use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::privileged::{Privileges, Refusal, Verb};

/// A machine that has not gone down by then does not go down.
const DOWN_MAX: Duration = Duration::from_secs(180);

/// The section `commands.reboot` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `reboot`.
struct Reboot {
    privileges: Arc<dyn Privileges>,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    Reboot { privileges: Arc::clone(&context.privileges) }
}

#[async_trait]
impl Act for Reboot {
    type Parameters = Parameters;

    async fn run(&self, _parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        underway.stage("restarting the machine");
        match self.privileges.act(Verb::Reboot).await {
            // Who was to answer may be the first to go down.
            Ok(()) | Err(Refusal::Unanswered(_)) => {}
            Err(refusal) => return Err(refusal.into()),
        }
        // The machine takes this program down with it; the next start settles the command.
        sleep(DOWN_MAX).await;
        Err(Failure::Failed(format!("the machine is still up {} s after the order", DOWN_MAX.as_secs())))
    }

    async fn dry_run(&self, _parameters: &Parameters) -> Result<Answer, Failure> {
        Ok(Answer::said("the machine would restart; everything on it stops for about a minute"))
    }

    async fn settle(&self, _parameters: &Parameters, past: &Past, _underway: &Underway) -> Settled {
        Settled::Ended(if past.has_rebooted {
            Ok(Answer::said("the machine was restarted"))
        } else {
            Err(Failure::Failed("the agent was stopped before the machine went down".to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AgentConfig;
    use crate::testing::{Acts, Kept, command_context, underway};

    /// The part with root, which the machine takes down before it can answer.
    struct Gone;

    #[async_trait]
    impl Privileges for Gone {
        async fn act(&self, _: Verb) -> Result<(), Refusal> {
            Err(Refusal::Unanswered("it hung up".to_owned()))
        }
    }

    #[tokio::test]
    async fn who_goes_down_before_it_answers_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let acts = Arc::new(Acts::default());
        let context = command_context(AgentConfig::in_folder(folder.path().to_owned()), acts);
        let reboot = new(&Config::default(), &Context { privileges: Arc::new(Gone), ..context });
        let underway = underway(Arc::new(Kept::default()));
        let run = reboot.run(&Parameters {}, &underway);
        assert!(tokio::time::timeout(Duration::from_millis(50), run).await.is_err(), "it waits for the end");
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_stays_up_is_a_failure_and_one_that_came_back_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let acts = Arc::new(Acts::default());
        let context = command_context(AgentConfig::in_folder(folder.path().to_owned()), Arc::clone(&acts));
        let reboot = new(&Config::default(), &context);
        let underway = underway(Arc::new(Kept::default()));

        let ended = reboot.run(&Parameters {}, &underway).await;

        assert_eq!(acts.done(), [Verb::Reboot]);
        assert!(matches!(ended, Err(Failure::Failed(text)) if text.contains("still up")));
        let settle =
            async |has_rebooted| reboot.settle(&Parameters {}, &Past { note: None, has_rebooted }, &underway).await;
        assert!(matches!(settle(true).await, Settled::Ended(Ok(_))));
        assert!(matches!(settle(false).await, Settled::Ended(Err(Failure::Failed(_)))));
    }
}
