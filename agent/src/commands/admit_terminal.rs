//! Lets a time clock deliver, or refuses it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::AdmitTerminal as Parameters;

use super::at_terminal::serial;
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::Terminals;

/// The section `commands.admit_terminal` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `admit_terminal`.
struct AdmitTerminal {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    AdmitTerminal { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for AdmitTerminal {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        self.terminals.admit(&serial, parameters.is_admitted).await?;
        Ok(Answer::said(if parameters.is_admitted {
            format!("terminal {serial} may deliver; it calls again by itself within about a minute")
        } else {
            format!("terminal {serial} is refused; it keeps its log")
        }))
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Again
    }
}
