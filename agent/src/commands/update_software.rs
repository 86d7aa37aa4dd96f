//! Installs another version of the agent or of the owner's software, and undoes it if it does not work.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::UpdateSoftware as Parameters;

use super::{Act, Answer, Context, Failure, Underway};

/// The section `commands.update_software` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `update_software`.
struct UpdateSoftware {}

/// Makes the executor.
pub fn new(_config: &Config, _context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    UpdateSoftware {}
}

#[async_trait]
impl Act for UpdateSoftware {
    type Parameters = Parameters;

    async fn run(&self, _parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        Err(Failure::Refused("this version of the agent cannot do it".to_owned()))
    }
}
