//! Restarts a service of the owner's list.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::RestartService as Parameters;

use super::{Act, Answer, Context, Failure, Underway};

/// The section `commands.restart_service` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `restart_service`.
struct RestartService {}

/// Makes the executor.
pub fn new(_config: &Config, _context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    RestartService {}
}

#[async_trait]
impl Act for RestartService {
    type Parameters = Parameters;

    async fn run(&self, _parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        Err(Failure::Refused("this version of the agent cannot do it".to_owned()))
    }
}
