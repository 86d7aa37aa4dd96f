//! Sets a time clock's clock to the box's, if the box's own can be believed.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::SetTerminalTime as Parameters;

use super::at_terminal::{ask, hold, reason, serial};
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::Terminals;
use crate::terminals::reply::Order;

/// The section `commands.set_terminal_time` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `set_terminal_time`.
struct SetTerminalTime {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    SetTerminalTime { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for SetTerminalTime {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        self.terminals.facts(&serial)?;
        let Some(time) = self.terminals.time_to_show(&serial) else {
            return Err(Failure::Refused(
                "the box's own clock is not synchronised, so it sets no other; look at its network time".to_owned(),
            ));
        };
        let order = Order::new("settime").with("cloudtime", time.as_str());
        let answered = ask(&self.terminals, &serial, order).await?;
        if !answered.is_done {
            return Err(Failure::Failed(reason(&answered)));
        }
        self.terminals.time_was_set(&serial);
        Ok(Answer::said(format!("terminal {serial} shows {time}")))
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Again
    }

    fn hold(&self, parameters: &Parameters) -> Option<String> {
        hold(&self.terminals, &parameters.terminal)
    }
}
