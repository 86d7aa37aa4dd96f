//! Port: what people are told of an incident, and who tells them.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use crate::text::Lang;

/// One piece of news of an incident: each is told once to each who wants to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// The incident's name: the same in all its news, never used again.
    pub incident: String,
    /// The how-manieth news of the incident this is, from 1: with `incident` the name under which it is told once.
    pub number: u32,
    /// What happened to the incident.
    pub phase: Phase,
    /// The gravest of its alerts.
    pub severity: Severity,
    /// When the incident began, milliseconds since 1970 UTC.
    pub began_ms: i64,
    /// When what is told here was known, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What is or was wrong, the gravest first, at most [`LINES_MAX`].
    pub lines: Vec<Line>,
    /// Lines that found no room.
    pub more: u32,
}

/// Lines that one piece of news may have: more than that nobody reads in a mail.
pub const LINES_MAX: usize = 200;

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It began.
    Opened,
    /// Something came to it, or it lasts.
    Continues,
    /// All of it is over.
    Closed,
}

/// How grave an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody should look when there is time.
    Warning,
    /// Somebody should act.
    Critical,
}

/// One alert of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The rule's name: `site_offline`.
    pub rule: String,
    /// How grave.
    pub severity: Severity,
    /// At which site, if at one.
    pub site: Option<SiteId>,
    /// What is concerned, as people call it: `Rennes Club`, `Rennes Club, Mac de Marie`.
    pub subject: String,
    /// What is wrong, what is safe, what to do.
    pub text: Words,
    /// Since when, milliseconds since 1970 UTC.
    pub since_ms: i64,
    /// Until when; none if it lasts.
    pub ended_ms: Option<i64>,
    /// How it ended, for reassurance: `all 212 received at 14:02`.
    pub ending: Option<Words>,
}

/// A sentence in the languages of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// In English.
    pub en: String,
    /// In French.
    pub fr: String,
}

impl Words {
    /// The sentence in one language.
    #[must_use]
    pub fn of(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Fr => &self.fr,
        }
    }
}

/// Tells people.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Takes news over: when this returns, no crash loses it. The same news twice is told once.
    ///
    /// # Errors
    ///
    /// If it could not be kept; try again.
    async fn tell(&self, news: &News) -> anyhow::Result<()>;
}
