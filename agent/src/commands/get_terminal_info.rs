//! Says what a time clock is, and how its clock, its memories and its doors are set.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use vigie_shared::wire::command::GetTerminalInfo as Parameters;

use super::at_terminal::{ask, reason, serial, shown};
use super::{Act, Answer, Context, Failure, Underway};
use crate::terminals::reply::Order;
use crate::terminals::{AskError, Serial, Terminals};

/// What is asked, and under which name the answer stands.
const QUESTIONS: [(&str, &str); 3] = [("gettime", "time"), ("getdevinfo", "settings"), ("getdevlock", "doors")];

/// The section `commands.get_terminal_info` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `get_terminal_info`.
struct GetTerminalInfo {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    GetTerminalInfo { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for GetTerminalInfo {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        self.terminals.facts(&serial)?;
        let (mut told, mut silent) = (Map::new(), Vec::new());
        for (question, name) in QUESTIONS {
            match ask(&self.terminals, &serial, Order::new(question)).await {
                Ok(answered) if answered.is_done => {
                    if let Some(time) = answered.fields.get("time").and_then(Value::as_str) {
                        self.terminals.time_was_shown(&serial, time);
                    }
                    told.insert(name.to_owned(), shown(&answered));
                }
                Ok(answered) => drop(told.insert(name.to_owned(), json!({ "refused": reason(&answered) }))),
                Err(AskError::NoAnswer) => silent.push(question),
                Err(error) => return Err(error.into()),
            }
        }
        if silent.len() == QUESTIONS.len() {
            return Err(AskError::NoAnswer.into());
        }
        told.insert("unanswered".to_owned(), json!(silent));
        told.insert("terminal".to_owned(), self.known(&serial));
        Ok(Answer::with(format!("terminal {serial} answered"), Value::Object(told)))
    }

    fn is_read(&self) -> bool {
        true
    }
}

impl GetTerminalInfo {
    fn known(&self, serial: &Serial) -> Value {
        let known = self.terminals.list().into_iter().find(|known| known.serial == *serial);
        known.and_then(|known| serde_json::to_value(known).ok()).unwrap_or_default()
    }
}
