//! Brings a schedule to a time clock that knows what a schedule is; few do.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vigie_shared::wire::command::SetTerminalSchedule as Parameters;

use super::at_terminal::{ask, hold, reason, serial};
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::reply::Order;
use crate::terminals::{AskError, Terminals};

/// What holds whatever the terminal says.
const HOLDS: &str = "the hub's own schedule stays in force";

/// The section `commands.set_terminal_schedule` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `set_terminal_schedule`.
struct SetTerminalSchedule {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    SetTerminalSchedule { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for SetTerminalSchedule {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        if !self.terminals.facts(&serial)?.terms.has_schedules {
            return Err(Failure::Refused(format!(
                "terminal {serial} does not know schedules, by the owner's settings \
                 (`terminals.terminal.{serial}.schedules`); {HOLDS}"
            )));
        }
        let Ok(Value::Object(fields)) = serde_json::from_str(&parameters.schedule) else {
            return Err(Failure::Refused("the schedule is no JSON object".to_owned()));
        };
        let own = |key: &String| key == "cmd" || key == "sn";
        let fields = fields.into_iter().filter(|(key, _)| !own(key));
        let order = fields.fold(Order::new("setschedule"), |order, (key, value)| order.with(key, value));
        match ask(&self.terminals, &serial, order).await {
            Ok(answered) if answered.is_done => Ok(Answer::said(format!("terminal {serial} took the schedule"))),
            Ok(answered) => Err(Failure::Failed(format!("not supported: {}; {HOLDS}", reason(&answered)))),
            Err(AskError::NoAnswer) => {
                Err(Failure::Failed(format!("no answer: the terminal may not know schedules; {HOLDS}")))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Again
    }

    fn hold(&self, parameters: &Parameters) -> Option<String> {
        hold(&self.terminals, &parameters.terminal)
    }
}
