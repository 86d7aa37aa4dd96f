//! Shows a message on the owner's Macs and PCs, where somebody is logged in, and counts who has seen it.
//!
//! Only machines that were read before are meant, each by its pinned key. One try each: who is not there, or has locked
//! the screen, is told of and not bothered later. The text reaches the machine as data, see
//! [`script`](crate::machines::script).

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vigie_shared::mac::Mac;
use vigie_shared::wire::command::ShowMessage as Parameters;

use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::config::AgentConfig;
use crate::machines::config::NOT_OWNED;
use crate::machines::known::{Known, Machine, Place};
use crate::machines::pins::Pins;
use crate::machines::secrets;
use crate::machines::visit::{Message, Round, Seen};

/// Longest heading and message, characters; a dialog must stay readable.
const TITLE_CHARS_MAX: usize = 100;
const TEXT_CHARS_MAX: usize = 500;

/// Seconds for which a message stays.
const GIVE_UP_S: std::ops::RangeInclusive<u32> = 5..=300;
const GIVE_UP_DEFAULT_S: u32 = 60;

/// Most machines in one command. Four rounds of five minutes each end before a command's time does.
const MACHINES_MAX: usize = 256;

/// Messages shown at once: each is a connection that mostly waits for a person.
const AT_ONCE: usize = 64;

/// The section `commands.show_message` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `show_message`.
struct ShowMessage {
    settings: Arc<AgentConfig>,
    data: PathBuf,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    ShowMessage { settings: Arc::clone(&context.settings), data: context.data.clone() }
}

#[async_trait]
impl Act for ShowMessage {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        let plan = self.plan(parameters)?;
        let round = self.round()?;
        underway.stage(format!("showing it on {} machines", plan.targets.len()));
        let (title, text) = (plan.title.as_str(), plan.text.as_str());
        let message = Message { title, text, give_up_s: plan.give_up_s };
        let shows = plan.targets.into_iter().map(|target| {
            let round = &round;
            async move {
                let seen = match target.place {
                    Ok(place) => round.show(place, &target.key, message).await,
                    Err(why) => Seen::NotShown(why),
                };
                (target.name, seen)
            }
        });
        let mut rows: Vec<(String, Seen)> = stream::iter(shows).buffer_unordered(AT_ONCE).collect().await;
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(answer(&rows))
    }

    async fn dry_run(&self, parameters: &Parameters) -> Result<Answer, Failure> {
        let plan = self.plan(parameters)?;
        self.round()?;
        let names: Vec<&str> = plan.targets.iter().map(|target| target.name.as_str()).collect();
        Ok(Answer::with(format!("it would be shown on {} machines", names.len()), json!({ "machines": names })))
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Unknown(
            "the agent was stopped in the middle of it; some may have seen the message, and it is not shown again"
                .to_owned(),
        )
    }
}

impl ShowMessage {
    /// What is shown where.
    fn plan(&self, parameters: &Parameters) -> Result<Plan, Failure> {
        if !self.settings.collect.machines.enabled {
            return Err(Failure::Refused(
                "this box reads no machines: its owner has not set `enabled` in the section `collect.machines`"
                    .to_owned(),
            ));
        }
        if !self.settings.devices.inventory {
            return Err(Failure::Refused(NOT_OWNED.to_owned()));
        }
        let is_excluded = |mac: Mac| self.settings.devices.exclude.contains(&mac);
        plan(parameters, &Pins::of(&self.data).load(), is_excluded)
    }

    fn round(&self) -> Result<Round, Failure> {
        let config = self.settings.collect.machines.clone();
        let login = secrets::load(&config, &self.data)?;
        Ok(Round { config, login, known: Arc::default(), may_pin: false })
    }
}

/// A message and where it goes.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    title: String,
    text: String,
    give_up_s: u32,
    targets: Vec<Target>,
}

/// One machine.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    /// As it was asked for, or as it is known.
    name: String,
    key: String,
    /// Where it is, or why nobody knows.
    place: Result<Place, String>,
}

/// Decides what is shown where; pure.
fn plan(parameters: &Parameters, known: &Known, is_excluded: impl Fn(Mac) -> bool) -> Result<Plan, Failure> {
    let refused = |why: &str| Err(Failure::Refused(why.to_owned()));
    let (title, text) = (line(&parameters.title, TITLE_CHARS_MAX), paragraphs(&parameters.text));
    if text.is_empty() {
        return refused("the message says nothing");
    }
    let give_up_s = parameters.give_up_s.unwrap_or(GIVE_UP_DEFAULT_S);
    if !GIVE_UP_S.contains(&give_up_s) {
        return refused("`give_up_s` is 5 to 300 seconds");
    }
    let mut targets = match &parameters.machines {
        Some(words) => words.iter().take(MACHINES_MAX + 1).map(|word| named(word, known)).collect(),
        None => everybody(known),
    };
    targets.retain(|target: &Target| !matches!(&target.place, Ok(Place { mac: Some(mac), .. }) if is_excluded(*mac)));
    if targets.len() > MACHINES_MAX {
        return refused("at most 256 machines in one command; name them in several");
    }
    if targets.is_empty() {
        return refused("the box has read no machine yet; `vigie-agent machine list` shows whom it knows");
    }
    Ok(Plan { title, text, give_up_s, targets })
}

/// Everybody who was read before.
fn everybody(known: &Known) -> Vec<Target> {
    let is_read = |(_, machine): &(&str, &Machine)| machine.read_ms.is_some();
    known.iter().filter(is_read).map(|(key, machine)| target(name(machine), key, machine)).collect()
}

fn named(word: &str, known: &Known) -> Target {
    let nobody =
        |why: &str| Target { name: line(word, TITLE_CHARS_MAX), key: String::new(), place: Err(why.to_owned()) };
    match known.find(word).as_slice() {
        [(key, machine)] => target(line(word, TITLE_CHARS_MAX), key, machine),
        [] => nobody("the box knows no machine of this serial number, name or address"),
        _ => nobody("several machines are called so; say the serial number"),
    }
}

fn target(name: String, key: &str, machine: &Machine) -> Target {
    let place = |ip: IpAddr| Place { ip, mac: machine.mac };
    let place = machine.ip.map(place).ok_or_else(|| "nobody knows where it is now".to_owned());
    Target { name, key: key.to_owned(), place }
}

fn name(machine: &Machine) -> String {
    let address = || machine.ip.map(|ip| ip.to_string());
    machine.serial.clone().or_else(|| machine.name.clone()).or_else(address).unwrap_or_default()
}

/// One line without control characters.
fn line(text: &str, chars_max: usize) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(chars_max).collect()
}

/// Text without control characters but the ends of its lines.
fn paragraphs(text: &str) -> String {
    text.trim().chars().filter(|c| *c == '\n' || !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

fn answer(rows: &[(String, Seen)]) -> Answer {
    let acknowledged = rows.iter().filter(|(_, seen)| *seen == Seen::Acknowledged).count();
    let shown = rows.iter().filter(|(_, seen)| !matches!(seen, Seen::NotShown(_))).count();
    let row = |(machine, seen): &(String, Seen)| {
        let reason = match seen {
            Seen::NotShown(why) => Some(why.as_str()),
            Seen::Unseen => Some("nobody pressed its button"),
            Seen::Shown => Some("nothing there can say whether somebody saw it"),
            Seen::Acknowledged => None,
        };
        json!({
            "machine": machine,
            "shown": !matches!(seen, Seen::NotShown(_)),
            "acknowledged": *seen == Seen::Acknowledged,
            "reason": reason,
        })
    };
    let said = format!("shown on {shown} of {} machines, acknowledged on {acknowledged}", rows.len());
    let machines: Vec<Value> = rows.iter().map(row).collect();
    Answer::with(said, json!({ "shown": shown, "acknowledged": acknowledged, "machines": machines }))
}

#[cfg(test)]
mod tests;
