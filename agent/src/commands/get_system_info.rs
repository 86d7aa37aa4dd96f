//! Says what the box is: hardware, model, system, network and current metrics.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::GetSystemInfo as Parameters;

use super::{Act, Answer, Context, Failure, Underway};

/// The section `commands.get_system_info` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `get_system_info`.
struct GetSystemInfo {}

/// Makes the executor.
pub fn new(_config: &Config, _context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    GetSystemInfo {}
}

#[async_trait]
impl Act for GetSystemInfo {
    type Parameters = Parameters;

    async fn run(&self, _parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        Err(Failure::Refused("this version of the agent cannot do it".to_owned()))
    }
}
