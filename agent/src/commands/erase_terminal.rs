//! Erases what a time clock holds.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::wire::command::{EraseTerminal as Parameters, Erased};

use super::at_terminal::{reason, serial};
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::reply::Order;
use crate::terminals::{Asking, Terminals};

/// The section `commands.erase_terminal` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `erase_terminal`.
struct EraseTerminal {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    EraseTerminal { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for EraseTerminal {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        self.terminals.facts(&serial)?;
        let (cmd, words) = words(parameters.what);
        let answered = self.terminals.ask(&serial, Asking::new(Order::new(cmd))).await?;
        if !answered.is_done {
            return Err(Failure::Failed(reason(&answered)));
        }
        if matches!(parameters.what, Erased::Users | Erased::Everything) {
            self.terminals.person_deleted(&serial, None);
        }
        Ok(Answer::said(format!("{words} on terminal {serial}")))
    }

    async fn dry_run(&self, parameters: &Parameters) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        let facts = self.terminals.facts(&serial)?;
        let unsent = self.terminals.list().into_iter().find(|known| known.serial == serial);
        let unsent = unsent.and_then(|known| known.unsent).unwrap_or(0);
        let users = facts.users_max.map_or_else(String::new, |users| format!(", which can hold {users} people"));
        let (_, words) = words(parameters.what);
        Ok(Answer::said(format!("{words} on terminal {serial}{users}; {unsent} rows of its log are not delivered yet")))
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Unknown("the agent was stopped in the middle of it; look at what the terminal still holds".to_owned())
    }
}

/// The terminal's command, and what is so afterwards.
fn words(what: Erased) -> (&'static str, &'static str) {
    match what {
        Erased::Users => ("cleanuser", "nobody is enrolled any more"),
        Erased::Log => ("cleanlog", "the log is empty"),
        Erased::Admins => ("cleanadmin", "nobody is an administrator any more"),
        Erased::Everything => ("initsys", "nobody is enrolled any more and the log is empty"),
    }
}
