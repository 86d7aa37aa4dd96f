//! Replaces the local application's configuration, or the agent's settings.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::UpdateConfig as Parameters;

use super::{Act, Answer, Context, Failure, Underway};

/// The section `commands.update_config` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `update_config`.
struct UpdateConfig {}

/// Makes the executor.
pub fn new(_config: &Config, _context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    UpdateConfig {}
}

#[async_trait]
impl Act for UpdateConfig {
    type Parameters = Parameters;

    async fn run(&self, _parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        Err(Failure::Refused("this version of the agent cannot do it".to_owned()))
    }
}
