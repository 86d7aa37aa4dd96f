//! Pure: a message for machines, the command that brings it to a site's, and what became of it.

use jiff::civil::Date;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Map, Value};
use vigie_shared::id::{CommandId, SiteId};
use vigie_shared::wire::command::ShowMessage;
use vigie_shared::wire::{Command, CommandHeader, CommandKind};

use crate::store::commands::StoredCommand;
use crate::text::Lang;

/// The kind of the commands that bring messages.
pub const KIND: &str = "show_message";

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The heading.
    pub title: String,
    /// The message.
    pub text: String,
    /// Seconds after which it disappears by itself.
    pub give_up_s: u32,
}

impl Words {
    /// What Clean Desk says if its owner does not word it, for a minute.
    #[must_use]
    pub fn usual(lang: Lang) -> Self {
        let (title, text) = match lang {
            Lang::Fr => (
                "Opération Clean Desk",
                "La semaine se termine : rangez votre bureau, nettoyez l’écran avec un chiffon sec uniquement, et remettez \
                 câbles et accessoires à leur place. Merci.",
            ),
            Lang::En => (
                "Clean Desk",
                "The week is ending: tidy your desk, wipe the screen with a dry cloth only, and put cables and accessories \
                 back in their place. Thank you.",
            ),
        };
        Self { title: title.to_owned(), text: text.to_owned(), give_up_s: 60 }
    }
}

/// The name of the command that says it at a site on a day: the same whoever asks how often.
#[must_use]
pub fn command_id(date: Date, site: &SiteId) -> CommandId {
    let hash = digest(&SHA256, format!("vigie clean desk 1\n{date}\n{site}\n").as_bytes());
    CommandId(*hash.as_ref().first_chunk().unwrap_or(&[0; 16]))
}

/// The command that shows a message on some of a site's machines, or on all.
#[must_use]
pub fn order(header: CommandHeader, words: &Words, machines: Option<Vec<String>>) -> Command {
    let Words { title, text, give_up_s } = words.clone();
    let kind = CommandKind::ShowMessage(ShowMessage { machines, title, text, give_up_s: Some(give_up_s) });
    Command { header, is_dry_run: false, kind }
}

/// What became of a message at a site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Machines on which it was shown.
    pub shown: u64,
    /// Machines on which somebody said to have seen it.
    pub acknowledged: u64,
    /// Each machine that was meant.
    pub machines: Vec<Shown>,
}

/// What became of a message on one machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// Its serial number, name or address.
    pub machine: String,
    /// Whether it was shown.
    pub shown: bool,
    /// Whether somebody said to have seen it.
    pub acknowledged: bool,
    /// Why not.
    pub reason: Option<String>,
}

impl Tally {
    /// What a box answered; nothing before it did.
    #[must_use]
    pub fn of(command: &StoredCommand) -> Self {
        // Read as an object first: a list would be taken for its fields in their order.
        let answer =
            command.answer.as_deref().and_then(|answer| serde_json::from_str::<Map<String, Value>>(answer).ok());
        answer.and_then(|answer| serde_json::from_value(Value::Object(answer)).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn site(id: &str) -> SiteId {
        id.parse().unwrap()
    }

    fn given() -> StoredCommand {
        let day = date(2026, 11, 20);
        let header =
            CommandHeader { site: site("metz"), id: command_id(day, &site("metz")), issued_ms: 1, expires_ms: 2 };
        StoredCommand::waiting(&order(header, &Words::usual(Lang::Fr), None), "clean desk", None)
    }

    #[test]
    fn one_day_and_site_is_one_command() {
        let day = date(2026, 11, 20);
        let ids = [
            command_id(day, &site("metz")),
            command_id(day, &site("brest")),
            command_id(date(2026, 11, 27), &site("metz")),
        ];
        assert_eq!(ids[0], command_id(day, &site("metz")));
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
        assert_eq!(given().kind, KIND);
    }

    #[test]
    fn the_usual_words_fit_a_dialog() {
        for lang in Lang::ALL {
            let words = Words::usual(lang);
            assert!(words.title.chars().count() <= 100 && words.text.chars().count() <= 500);
        }
    }

    #[test]
    fn what_the_box_answered_is_counted_and_nonsense_is_nothing() {
        let answer = r#"{"shown":1,"acknowledged":1,"machines":[{"machine":"A","shown":true,"acknowledged":true,"reason":null},
            {"machine":"B","shown":false,"acknowledged":false,"reason":"its screen is locked"}]}"#;
        let tally = Tally::of(&StoredCommand { answer: Some(answer.to_owned()), ..given() });
        assert_eq!((tally.shown, tally.acknowledged, tally.machines.len()), (1, 1, 2));
        assert_eq!(tally.machines[1].reason.as_deref(), Some("its screen is locked"));
        for nothing in [None, Some("x".to_owned()), Some("[1]".to_owned())] {
            assert_eq!(Tally::of(&StoredCommand { answer: nothing, ..given() }), Tally::default());
        }
    }
}
