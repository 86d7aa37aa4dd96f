//! Takes people, or one credential of each, from a time clock, and looks whether they are gone.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vigie_shared::wire::command::DeleteTerminalUsers as Parameters;

use super::at_terminal::{ask, hold, person, reason, serial};
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::profile::{deletions, is_credential};
use crate::terminals::reply::Order;
use crate::terminals::{AskError, Serial, Terminals};

/// The section `commands.delete_terminal_users` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `delete_terminal_users`.
struct DeleteTerminalUsers {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    DeleteTerminalUsers { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for DeleteTerminalUsers {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        self.terminals.facts(&serial)?;
        if let Some(slot) = parameters.slot.filter(|slot| !is_credential(*slot)) {
            return Err(Failure::Refused(format!("{slot} is no credential; leave `slot` out for the whole person")));
        }
        let mut people = Vec::new();
        let mut gone = 0;
        for (number, enrol_id) in parameters.enrol_ids.iter().enumerate() {
            underway.stage(format!("{number} of {} people deleted", parameters.enrol_ids.len()));
            let problem = match self.delete(&serial, *enrol_id, parameters.slot).await {
                Ok(true) => None,
                Ok(false) => Some("not confirmed: the terminal still tells of the person".to_owned()),
                Err(AskError::NoAnswer) => Some("not confirmed: the terminal did not answer".to_owned()),
                Err(error @ (AskError::Off | AskError::Unknown | AskError::Away | AskError::Busy | AskError::Cut)) => {
                    Some(format!("not confirmed: {error}"))
                }
            };
            gone += usize::from(problem.is_none());
            people.push(person(*enrol_id, problem.as_slice()));
        }
        answer(&serial, gone, &people)
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Again
    }

    fn hold(&self, parameters: &Parameters) -> Option<String> {
        hold(&self.terminals, &parameters.terminal)
    }
}

impl DeleteTerminalUsers {
    /// True once the terminal knows nothing of it any more.
    async fn delete(&self, serial: &Serial, enrol_id: u64, slot: Option<i32>) -> Result<bool, AskError> {
        if let Some(slot) = slot {
            self.step(serial, enrol_id, slot).await?;
            return Ok(!self.is_there(serial, enrol_id, Some(slot)).await?);
        }
        for step in deletions() {
            self.step(serial, enrol_id, step).await?;
            if !self.is_there(serial, enrol_id, None).await? {
                self.terminals.person_deleted(serial, Some(enrol_id));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A refusal is no end: what matters is whether the person is there afterwards.
    async fn step(&self, serial: &Serial, enrol_id: u64, slot: i32) -> Result<(), AskError> {
        let order = Order::new("deleteuser").with("enrollid", enrol_id).with("backupnum", slot);
        let answered = ask(&self.terminals, serial, order).await?;
        if !answered.is_done {
            tracing::debug!(terminal = %serial, slot, "a credential was not deleted: {}", reason(&answered));
        }
        Ok(())
    }

    async fn is_there(&self, serial: &Serial, enrol_id: u64, slot: Option<i32>) -> Result<bool, AskError> {
        let mut order = Order::new("getuserinfo").with("enrollid", enrol_id);
        if let Some(slot) = slot {
            order = order.with("backupnum", slot);
        }
        Ok(ask(&self.terminals, serial, order).await?.is_done)
    }
}

fn answer(serial: &Serial, gone: usize, people: &[Value]) -> Result<Answer, Failure> {
    let count = people.len();
    if gone == 0 && count > 0 {
        let first = people.first().and_then(|person| person.pointer("/problems/0")).and_then(Value::as_str);
        let reason = first.unwrap_or("not confirmed");
        return Err(Failure::Failed(format!("none of {count} people is gone from terminal {serial}: {reason}")));
    }
    let said = format!("{gone} of {count} people are gone from terminal {serial}");
    Ok(Answer::with(said, json!({ "people": people })))
}
