//! Reads lines of a service's journal or of a log file on the owner's list.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::GetLogs as Parameters;

use super::{Act, Answer, Context, Failure, Underway};

/// The section `commands.get_logs` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `get_logs`.
struct GetLogs {}

/// Makes the executor.
pub fn new(_config: &Config, _context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    GetLogs {}
}

#[async_trait]
impl Act for GetLogs {
    type Parameters = Parameters;

    async fn run(&self, _parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        Err(Failure::Refused("this version of the agent cannot do it".to_owned()))
    }
}
