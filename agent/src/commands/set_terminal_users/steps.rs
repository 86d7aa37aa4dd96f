//! The messages that put people on a terminal, in their order: names, credentials, hours of access, enabled or not.

use serde_json::Value;
use vigie_shared::wire::command::WantedUser;

use super::wanted::{self, LOCKS_AT_ONCE, NAMES_AT_ONCE};
use super::{Underway, Work};
use crate::commands::at_terminal::reason;
use crate::terminals::frame::int;
use crate::terminals::profile::{PHOTO, photo_refusal};
use crate::terminals::reply::Order;
use crate::terminals::session::Answered;

impl Work<'_> {
    /// Everything that is wished of these people.
    pub(super) async fn all(&mut self, users: &[&WantedUser], underway: &Underway) {
        underway.stage("setting names");
        let named: Vec<&WantedUser> = users.iter().copied().filter(|user| user.name.is_some()).collect();
        for part in named.chunks(NAMES_AT_ONCE) {
            self.together(part, wanted::names(part), "the name").await;
        }
        for (number, user) in users.iter().enumerate() {
            underway.stage(format!("{number} of {} people set", users.len()));
            if let Err(problem) = self.credential(user).await {
                self.problem(user.enrol_id, problem);
            }
        }
        let locked: Vec<&WantedUser> = users.iter().copied().filter(|user| wanted::has_lock(user)).collect();
        for part in locked.chunks(LOCKS_AT_ONCE) {
            self.together(part, wanted::locks(part), "the hours of access").await;
        }
        for user in users {
            if let Some(is_enabled) = user.is_enabled {
                self.enable(user.enrol_id, is_enabled).await;
            }
            // The box decides by this where the terminal asks, whatever the terminal itself took.
            self.terminals.person_wanted(self.serial, user);
        }
    }

    async fn together(&mut self, users: &[&WantedUser], order: Order, what: &str) {
        let problem = match self.try_order(order).await {
            Ok(answered) if answered.is_done => return,
            Ok(answered) => format!("{what}: {}", reason(&answered)),
            Err(problem) => format!("{what}: {problem}"),
        };
        for user in users {
            self.problem(user.enrol_id, problem.clone());
        }
    }

    async fn credential(&mut self, user: &WantedUser) -> Result<(), String> {
        let dialect = self.facts.dialect;
        let name = user.name.as_deref();
        let (slot, order) = match (user.slot, &user.record) {
            (Some(slot), Some(record)) => {
                (slot, wanted::credential(user, slot, wanted::record(dialect, slot, record), name))
            }
            _ if user.admin.is_some() => self.same_credential(user).await?,
            _ => match dialect.empty_credential() {
                Some((slot, record)) if name.is_some() && !self.terminals.knows_person(self.serial, user.enrol_id) => {
                    (slot, wanted::credential(user, slot, Value::from(record), name))
                }
                _ => return Ok(()),
            },
        };
        let answered = self.try_order(order).await?;
        if answered.is_done {
            return Ok(());
        }
        Err(refusal(slot, &answered))
    }

    /// Rights travel with a credential only: one that the terminal has is sent back as it is.
    async fn same_credential(&mut self, user: &WantedUser) -> Result<(i32, Order), String> {
        let answered = self.try_order(Order::new("getuserinfo").with("enrollid", user.enrol_id)).await?;
        let record = answered.record.as_deref().and_then(|record| serde_json::from_str::<Value>(record).ok());
        let slot = answered.fields.get("backupnum").and_then(int).and_then(|slot| i32::try_from(slot).ok());
        let known_name = answered.fields.get("name").and_then(Value::as_str);
        let name = user.name.as_deref().or(known_name);
        match (answered.is_done, record, self.facts.dialect.empty_credential()) {
            (true, Some(record), _) => {
                let slot = slot.unwrap_or(0);
                Ok((slot, wanted::credential(user, slot, record, name)))
            }
            (_, _, Some((slot, record))) => Ok((slot, wanted::credential(user, slot, Value::from(record), name))),
            (_, _, None) => Err("the rights: the terminal sets them only for somebody with a credential".to_owned()),
        }
    }

    async fn enable(&mut self, enrol_id: u64, is_enabled: bool) {
        let order = Order::new("enableuser").with("enrollid", enrol_id).with("enflag", u8::from(is_enabled));
        let problem = match self.try_order(order).await {
            Ok(answered) if answered.is_done => return,
            Ok(answered) => reason(&answered),
            Err(problem) => problem,
        };
        self.problem(enrol_id, format!("enabled or not: {problem}"));
    }
}

fn refusal(slot: i32, answered: &Answered) -> String {
    match answered.fields.get("reason").and_then(int) {
        Some(number) if slot == PHOTO => photo_refusal(number).to_owned(),
        _ => format!("the credential: {}", reason(answered)),
    }
}
