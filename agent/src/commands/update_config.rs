//! Replaces the local application's configuration, or the agent's settings.
//!
//! The application's file is checked, kept aside and replaced whole ([`app`]). The agent's settings go on trial: they
//! stay only if the hub confirms a record that the agent made with them ([`agent`], [`crate::layers`]).

mod agent;
mod app;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::units;
use vigie_shared::wire::command::{ConfigTarget, UpdateConfig as Parameters};

use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::status::Board;
use agent::AgentSettings;
use app::AppFile;

/// The section `commands.update_config` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Time within which the hub must confirm a record made with new settings of the agent; else they are undone.
    #[serde(with = "units::duration")]
    pub confirm_within: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { confirm_within: Duration::from_secs(180) }
    }
}

/// Executes `update_config`.
struct UpdateConfig {
    app: AppFile,
    agent: AgentSettings,
    board: Board,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    UpdateConfig {
        app: AppFile::new(context.settings.app.clone(), &context.data),
        agent: AgentSettings::new(Arc::clone(&context.settings), context.upkeep.clone()),
        board: context.board.clone(),
    }
}

#[async_trait]
impl Act for UpdateConfig {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        match parameters.target {
            ConfigTarget::App => self.app.replace(&parameters.configuration, underway).await,
            ConfigTarget::Agent => self.agent.try_out(&parameters.configuration, underway).await,
        }
    }

    async fn dry_run(&self, parameters: &Parameters) -> Result<Answer, Failure> {
        match parameters.target {
            ConfigTarget::App => self.app.preview(&parameters.configuration),
            ConfigTarget::Agent => self.agent.preview(&parameters.configuration),
        }
    }

    async fn settle(&self, parameters: &Parameters, past: &Past, underway: &Underway) -> Settled {
        match parameters.target {
            // What is there already is not replaced again.
            ConfigTarget::App => Settled::Again,
            ConfigTarget::Agent => self.agent.settle(past, underway).await,
        }
    }

    /// Without the hub nothing could be proved, and good settings would be undone.
    fn hold(&self, parameters: &Parameters) -> Option<String> {
        let is_cut_off = self.board.link().connected_since_ms.is_none();
        (parameters.target == ConfigTarget::Agent && is_cut_off)
            .then(|| "waits for the hub, without which new settings cannot be proved".to_owned())
    }
}

#[cfg(test)]
mod tests;
