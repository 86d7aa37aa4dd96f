//! Restarts a time clock.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::RebootTerminal as Parameters;

use super::at_terminal::{reason, serial};
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::reply::Order;
use crate::terminals::{AskError, Asking, Terminals};

/// The section `commands.reboot_terminal` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `reboot_terminal`.
struct RebootTerminal {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    RebootTerminal { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for RebootTerminal {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        self.terminals.facts(&serial)?;
        match self.terminals.ask(&serial, Asking::new(Order::new("reboot"))).await {
            Ok(answered) if !answered.is_done => Err(Failure::Failed(reason(&answered))),
            // Most programs go down without a word.
            Ok(_) | Err(AskError::NoAnswer | AskError::Cut) => {
                Ok(Answer::said(format!("terminal {serial} was told to restart; it is back in about a minute")))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Unknown(
            "the agent was stopped in the middle of it; the terminal may have been told to restart".to_owned(),
        )
    }
}
