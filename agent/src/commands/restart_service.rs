//! Restarts a service of the owner's list.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, sleep};
use vigie_shared::wire::command::RestartService as Parameters;

use super::common::OWN_UNIT;
use super::{Act, Answer, Context, Failure, Past, Services, Settled, Underway};
use crate::privileged::{Privileges, Verb};

/// An agent that was not stopped by then was not restarted.
const DOWN_MAX: Duration = Duration::from_secs(60);

/// The section `commands.restart_service` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `restart_service`.
struct RestartService {
    services: Services,
    privileges: Arc<dyn Privileges>,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    RestartService { services: context.settings.commands.services.clone(), privileges: Arc::clone(&context.privileges) }
}

#[async_trait]
impl Act for RestartService {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        let unit = self.listed(parameters)?;
        underway.stage(format!("restarting {unit}"));
        self.privileges.act(Verb::RestartUnit { unit: unit.clone() }).await?;
        if unit == OWN_UNIT {
            // The service manager stops this program; the next start settles the command.
            sleep(DOWN_MAX).await;
            return Err(Failure::Failed(format!("the agent still runs {} s after the order", DOWN_MAX.as_secs())));
        }
        Ok(Answer::said(format!("{unit} was restarted")))
    }

    async fn dry_run(&self, parameters: &Parameters) -> Result<Answer, Failure> {
        Ok(Answer::said(format!("{} would be restarted", self.listed(parameters)?)))
    }

    async fn settle(&self, parameters: &Parameters, past: &Past, _underway: &Underway) -> Settled {
        match self.listed(parameters) {
            Ok(unit) if unit == OWN_UNIT => Settled::Ended(Ok(Answer::said("the agent was restarted"))),
            Ok(unit) if past.has_rebooted => {
                Settled::Ended(Ok(Answer::said(format!("the whole machine was restarted, and {unit} with it"))))
            }
            Ok(unit) => Settled::Unknown(format!("the agent was stopped while {unit} was being restarted")),
            Err(failure) => Settled::Ended(Err(failure)),
        }
    }
}

impl RestartService {
    fn listed(&self, parameters: &Parameters) -> Result<String, Failure> {
        self.services
            .unit(&parameters.service)
            .ok_or_else(|| Failure::Refused(self.services.refusal(&parameters.service)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AgentConfig;
    use crate::testing::{Acts, Kept, command_context, underway};

    fn order(service: &str) -> Parameters {
        Parameters { service: service.to_owned() }
    }

    #[tokio::test(start_paused = true)]
    async fn only_services_of_the_owners_list_are_restarted() {
        let folder = tempfile::tempdir().unwrap();
        let acts = Arc::new(Acts::default());
        let context = command_context(AgentConfig::in_folder(folder.path().to_owned()), Arc::clone(&acts));
        let act = new(&Config::default(), &context);
        let underway = underway(Arc::new(Kept::default()));

        assert!(act.run(&order("neopro-app"), &underway).await.is_ok());
        for foreign in ["ssh", "../neopro-app", "neopro-app; reboot", ""] {
            let refused = act.run(&order(foreign), &underway).await;
            assert!(matches!(&refused, Err(Failure::Refused(text)) if text.contains("neopro-admin")), "{refused:?}");
        }
        assert_eq!(acts.done(), [Verb::RestartUnit { unit: "neopro-app".to_owned() }]);
    }

    #[tokio::test]
    async fn the_agents_own_restart_is_settled_by_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let context = command_context(AgentConfig::in_folder(folder.path().to_owned()), Arc::default());
        let act = new(&Config::default(), &context);
        let (past, underway) = (Past { note: None, has_rebooted: false }, underway(Arc::new(Kept::default())));
        let own = act.settle(&order("neopro-sync-agent"), &past, &underway).await;
        assert!(matches!(own, Settled::Ended(Ok(_))));
        assert!(matches!(act.settle(&order("neopro-app"), &past, &underway).await, Settled::Unknown(_)));
    }
}
