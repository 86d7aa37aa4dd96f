//! One alert: what is wrong with what, since when, and how far it is.

use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use super::news::{Line, Severity, Words};

/// What an alert is about: of each there is one at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The rule's name.
    pub rule: String,
    /// At which site, if at one.
    pub site: Option<SiteId>,
    /// What the rule looks at there: a mount point, a serial number…; empty for the site itself.
    pub subject: String,
}

/// How grave something is. A higher one is told anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grade {
    /// How grave.
    pub severity: Severity,
    /// Which of several steps within it, as the days that a certificate has left: 0 is the first.
    pub step: u8,
}

impl Grade {
    /// The first step of a warning.
    pub const WARNING: Self = Self { severity: Severity::Warning, step: 0 };
    /// The first step of what is critical.
    pub const CRITICAL: Self = Self { severity: Severity::Critical, step: 0 };
}

/// How far an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is so, but not long enough.
    Pending,
    /// It is so.
    Firing,
    /// It is so no longer.
    Over,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Firing, Self::Over];
}

/// Who has taken an alert on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The account.
    pub account: String,
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What others should know; may be empty.
    pub note: String,
}

/// How much the hub held of a site when an alert began to fire: so that it can say what arrived since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Positions of all its queues together that the hub held or named as gaps.
    pub through: u64,
    /// Positions that were known never to arrive.
    pub missing: u64,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its number, for people: never used again.
    pub no: u64,
    /// What it is about.
    pub key: Key,
    /// What is concerned, as people call it.
    pub name: String,
    /// How grave it is, or was when it ended.
    pub grade: Grade,
    /// How far it is.
    pub stage: Stage,
    /// Since when it is so, milliseconds since 1970 UTC.
    pub since_ms: i64,
    /// When it began to fire; 0 until then.
    pub fired_ms: i64,
    /// When it was over.
    pub ended_ms: Option<i64>,
    /// When what is over came up again, as long as that is not long enough to fire.
    pub returning_ms: Option<i64>,
    /// What is wrong, what is safe, what to do.
    pub text: Words,
    /// How it ended, if there is something to say.
    pub ending: Option<Words>,
    /// Whether more may be said of how it ended.
    pub is_ending_open: bool,
    /// What the hub held when it began to fire.
    pub mark: Option<Mark>,
    /// Nobody can tell at present, because its box is not heard.
    pub is_suspended: bool,
    /// Since when its rule does not see it, though its box is heard.
    pub absent_ms: Option<i64>,
    /// The number of the silence that keeps it from being told.
    pub silence: Option<u64>,
    /// Who has taken it on.
    pub acknowledged: Option<Acknowledgement>,
    /// The incident that it belongs to.
    pub incident: Option<String>,
    /// How grave it was when it was last told; none if it was not.
    pub told: Option<Grade>,
    /// Whether it was told that it is over.
    pub is_end_told: bool,
    /// How often it came back within an hour of an incident's end.
    pub returns: u32,
}

impl Alert {
    /// What is so since that moment, and fires later or never.
    #[must_use]
    pub fn pending(no: u64, key: Key, name: String, since_ms: i64) -> Self {
        Self {
            no,
            key,
            name,
            grade: Grade::WARNING,
            stage: Stage::Pending,
            since_ms,
            fired_ms: 0,
            ended_ms: None,
            returning_ms: None,
            text: Words::default(),
            ending: None,
            is_ending_open: false,
            mark: None,
            is_suspended: false,
            absent_ms: None,
            silence: None,
            acknowledged: None,
            incident: None,
            told: None,
            is_end_told: false,
            returns: 0,
        }
    }

    /// Whether it fires.
    #[must_use]
    pub fn is_firing(&self) -> bool {
        self.stage == Stage::Firing
    }

    /// Whether it fires and somebody should be told of it at some time.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.is_firing() && !self.is_suspended && self.silence.is_none()
    }

    /// How far it is, in one word: `pending`, `firing`, `silenced`, `acknowledged`, `suspended` or `resolved`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self.stage {
            Stage::Pending => "pending",
            Stage::Over => "resolved",
            Stage::Firing if self.is_suspended => "suspended",
            Stage::Firing if self.silence.is_some() => "silenced",
            Stage::Firing if self.acknowledged.is_some() => "acknowledged",
            Stage::Firing => "firing",
        }
    }

    /// Whether the two differ in more than the words for what is the same: only that is worth a write.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        let ending = if self.is_ending_open { &other.ending } else { &self.ending };
        Self { text: other.text.clone(), ending: ending.clone(), ..self.clone() } != *other
    }

    /// It as people are told of it.
    #[must_use]
    pub fn line(&self) -> Line {
        Line {
            rule: self.key.rule.clone(),
            severity: self.grade.severity,
            site: self.key.site.clone(),
            subject: self.name.clone(),
            text: self.text.clone(),
            since_ms: self.since_ms,
            ended_ms: self.ended_ms,
            ending: self.ending.clone(),
        }
    }
}
