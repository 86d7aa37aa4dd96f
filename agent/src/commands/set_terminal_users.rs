//! Puts people on a time clock, or changes what it knows of them, and says truthfully what became of each.

mod steps;
mod wanted;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vigie_shared::wire::command::{SetTerminalUsers as Parameters, WantedUser};

use super::at_terminal::{ask, hold, person, serial};
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::desk::Facts;
use crate::terminals::profile::Dialect;
use crate::terminals::reply::Order;
use crate::terminals::{AskError, Serial, Terminals};

/// The section `commands.set_terminal_users` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `set_terminal_users`.
struct SetTerminalUsers {
    terminals: Terminals,
}

/// What is wrong with each person; nothing is wrong with those who are not in it.
type Problems = BTreeMap<u64, Vec<String>>;

/// People who are being put on a terminal.
struct Work<'a> {
    terminals: &'a Terminals,
    serial: &'a Serial,
    facts: Facts,
    problems: Problems,
    /// What the terminal does that nobody may expect.
    warnings: Vec<String>,
    /// It answered nothing for a while: it is not asked for more.
    is_silent: bool,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    SetTerminalUsers { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for SetTerminalUsers {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        let facts = self.terminals.facts(&serial)?;
        let mut work = Work {
            terminals: &self.terminals,
            serial: &serial,
            facts,
            problems: Problems::new(),
            warnings: Vec::new(),
            is_silent: false,
        };
        let users = work.sound(&parameters.users);
        let must_close = work.facts.dialect == Dialect::Aiface;
        if must_close {
            // Written down first: a restart in between opens the terminal again.
            self.terminals.mark_disabled(&serial, true).await?;
            drop(ask(&self.terminals, &serial, Order::new("disabledevice")).await);
        }
        work.all(&users, underway).await;
        if must_close && ask(&self.terminals, &serial, Order::new("enabledevice")).await.is_ok() {
            self.terminals.mark_disabled(&serial, false).await?;
        }
        work.answer(&parameters.users)
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Again
    }

    fn hold(&self, parameters: &Parameters) -> Option<String> {
        hold(&self.terminals, &parameters.terminal)
    }
}

impl Work<'_> {
    /// Those who can be put on the terminal; the others have a problem already.
    fn sound<'u>(&mut self, users: &'u [WantedUser]) -> Vec<&'u WantedUser> {
        let mut sound = Vec::new();
        for user in users {
            match wanted::check(user) {
                Ok(()) => sound.push(user),
                Err(reason) => self.problem(user.enrol_id, format!("not tried: {reason}")),
            }
            self.warnings.extend(wanted::warning(user));
        }
        sound
    }

    fn problem(&mut self, enrol_id: u64, problem: String) {
        self.problems.entry(enrol_id).or_default().push(problem);
    }

    fn answer(self, users: &[WantedUser]) -> Result<Answer, Failure> {
        let none = Vec::new();
        let problems = |user: &WantedUser| self.problems.get(&user.enrol_id).unwrap_or(&none);
        let done = users.iter().filter(|user| problems(user).is_empty()).count();
        let (count, serial) = (users.len(), self.serial);
        if done == 0 && count > 0 {
            let first = users.first().and_then(|user| problems(user).first()).cloned().unwrap_or_default();
            return Err(Failure::Failed(format!("none of {count} people is on terminal {serial} as wanted: {first}")));
        }
        let people: Vec<Value> = users.iter().map(|user| person(user.enrol_id, problems(user))).collect();
        let said = format!("{done} of {count} people are on terminal {serial} as wanted");
        Ok(Answer::with(said, json!({ "people": people, "warnings": self.warnings })))
    }

    /// Asks once more for all; a silent terminal is left alone after that.
    async fn try_order(&mut self, order: Order) -> Result<crate::terminals::session::Answered, String> {
        if self.is_silent {
            return Err("not tried, because the terminal does not answer".to_owned());
        }
        let cmd = order.cmd;
        let asking = crate::terminals::Asking::new(order).repeated(super::at_terminal::REPEATS);
        let asking = if cmd == "setuserinfo" { asking.answered_within(wanted::LONG_ANSWER) } else { asking };
        match self.terminals.ask(self.serial, asking).await {
            Ok(answered) => Ok(answered),
            Err(error) => {
                self.is_silent = !matches!(error, AskError::Busy);
                Err(format!("{error} ({cmd})"))
            }
        }
    }
}
