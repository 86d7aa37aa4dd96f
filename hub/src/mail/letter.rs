//! A letter: one message to one reader, on its way; pure.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::to_hex;

/// How a letter travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LetterWay)]
pub enum Way {
    /// By SMTP, to a person.
    Mail,
    /// By HTTP, to a program.
    Webhook,
}

impl Way {
    /// Both; the order is that of their codes in tables.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Webhook];

    /// As the API writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }
}

/// What a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// News of an incident.
    Incident,
    /// Storage and batteries of all machines, because one is nearly full.
    Storage,
    /// The report of a week.
    Weekly,
    /// A trial, asked for by a person.
    Test,
    /// A link to choose a password.
    PasswordReset,
}

impl Kind {
    /// All; the order is that of their codes in tables.
    pub const ALL: [Self; 5] = [Self::Incident, Self::Storage, Self::Weekly, Self::Test, Self::PasswordReset];

    /// As the API writes it, and files that override it begin.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Storage => "storage",
            Self::Weekly => "weekly",
            Self::Test => "test",
            Self::PasswordReset => "password_reset",
        }
    }
}

/// How far a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LetterState {
    /// It is tried, and again if need be.
    Waiting,
    /// The reader's server, or program, took it.
    Sent,
    /// It was refused for good, or its time is over; a person may have it tried again.
    Dead,
}

impl LetterState {
    /// All; the order is that of their codes in tables.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Dead];

    /// As the API writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// The name of a letter: there is one of each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LetterName {
    /// How it travels.
    pub way: Way,
    /// What it is.
    pub kind: Kind,
    /// What it is about: an incident, a week.
    pub about: String,
    /// The how-manieth about it, from 1.
    pub number: u32,
    /// The reader: an address, or the name of a webhook.
    pub reader: String,
}

impl LetterName {
    /// What tells this letter from every other one, the same for ever: 32 hexadecimal digits that say nothing of
    /// the reader.
    #[must_use]
    pub fn mark(&self) -> String {
        let Self { way, kind, about, number, reader } = self;
        let text = [way.word(), kind.word(), about, &number.to_string(), reader].join("\0");
        let mut mark = to_hex(digest(&SHA256, text.as_bytes()).as_ref());
        mark.truncate(32);
        mark
    }
}

/// What a letter says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The subject.
    pub subject: String,
    /// As plain text; of a webhook the JSON.
    pub text: String,
    /// As HTML; empty for a webhook.
    pub html: String,
}

/// A letter that was not kept yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// Its name.
    pub name: LetterName,
    /// What it says.
    pub content: Content,
    /// The mark of the first letter to this reader about the same, if this is not the first.
    pub thread: Option<String>,
    /// When it was written, milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// When its time is over.
    pub expires_ms: i64,
}

/// A letter on its way, or at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its number.
    pub no: i64,
    /// Its name.
    pub name: LetterName,
    /// What it says.
    pub content: Content,
    /// The mark of the first letter to this reader about the same, if this is not the first.
    pub thread: Option<String>,
    /// How far it is.
    pub state: LetterState,
    /// How often it was tried.
    pub attempts: u32,
    /// What was said last, for people.
    pub last_error: Option<String>,
    /// When it is tried next, milliseconds since 1970 UTC.
    pub next_try_ms: i64,
    /// When its time is over.
    pub expires_ms: i64,
    /// Since when it is being sent; none if it is not. Found after a start, it says that nobody knows how it ended.
    pub sending_ms: Option<i64>,
    /// Why the reader may have it twice.
    pub maybe_twice: Option<String>,
    /// When it was written.
    pub created_ms: i64,
    /// When anything of this changed.
    pub changed_ms: i64,
}

impl NewLetter {
    /// The letter with its number.
    #[must_use]
    pub fn into_letter(self, no: i64) -> Letter {
        let Self { name, content, thread, created_ms, expires_ms } = self;
        Letter {
            no,
            name,
            content,
            thread,
            state: LetterState::Waiting,
            attempts: 0,
            last_error: None,
            next_try_ms: created_ms,
            expires_ms,
            sending_ms: None,
            maybe_twice: None,
            created_ms,
            changed_ms: created_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_has_a_mark_of_its_own_that_does_not_name_its_reader() {
        let name = |number, reader: &str| LetterName {
            way: Way::Mail,
            kind: Kind::Incident,
            about: "i1".to_owned(),
            number,
            reader: reader.to_owned(),
        };
        assert_eq!(name(1, "a@b").mark(), name(1, "a@b").mark());
        assert_ne!(name(1, "a@b").mark(), name(2, "a@b").mark());
        assert_ne!(name(1, "a@b").mark(), name(1, "a@c").mark());
        assert_eq!(name(1, "a@b").mark().len(), 32);
    }
}
