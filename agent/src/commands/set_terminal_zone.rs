//! Says in which zone a time clock stands; kept through a restart. What the owner's file says of that clock holds above it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::SetTerminalZone as Parameters;

use super::at_terminal::serial;
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::Terminals;
use crate::terminals::clock::Zone;

/// The section `commands.set_terminal_zone` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `set_terminal_zone`.
struct SetTerminalZone {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    SetTerminalZone { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for SetTerminalZone {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        let zone = parameters.zone.as_deref().map(str::parse::<Zone>).transpose().map_err(Failure::Refused)?;
        let zone = self.terminals.set_zone(&serial, zone).await?;
        let zone = zone.name();
        Ok(Answer::said(format!("the local times of terminal {serial} are read in the zone {zone} from now on")))
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Again
    }
}
