//! Policies: what presence is worth, as data with a name and a version. Nothing of a rule is in the code that counts.
//!
//! ```toml
//! name = "slots10"
//! version = 1
//! window = "08:00-22:00"
//! grace = "15m"
//! arrival = "3m"
//! [rule]
//! is = "slots10"
//! half_slots = 3
//! full_slots = 30
//! ```

use std::time::Duration;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use vigie_shared::units;

use super::session::GRACE_MAX_MS;
use super::window::Window;

/// Longest text of a policy, bytes.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Longest name, characters.
const NAME_MAX: usize = 40;

/// What presence is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name: small letters, digits and `-`, at most 40.
    pub name: String,
    /// Its version, from 1.
    pub version: u32,
    /// The first day that it holds for; all days if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The part of a local day that counts.
    #[serde(default)]
    pub window: Window,
    /// A silence up to this long belongs to a session, at most an hour; a device may have its own.
    #[serde(default = "grace", with = "units::duration")]
    pub grace: Duration,
    /// A session begins with a strong sight, or with two weak ones so far apart at most; with any sight if it is zero. At
    /// most the grace. Slots are counted from sights, whatever this says.
    #[serde(default, skip_serializing_if = "Duration::is_zero", with = "units::duration")]
    pub arrival: Duration,
    /// The rule.
    pub rule: Rule,
}

fn grace() -> Duration {
    Duration::from_secs(15 * 60)
}

/// How a day is valued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// By different slots of ten minutes in which the person was seen, as coworking Metz counts.
    Slots10 {
        /// Slots from which it is half a day.
        #[serde(default = "half_slots")]
        half_slots: u16,
        /// Slots from which it is a day.
        #[serde(default = "full_slots")]
        full_slots: u16,
    },
    /// By the minutes of all sessions together.
    Minutes {
        /// Minutes from which it is half a day.
        #[serde(default = "half_min")]
        half_min: u16,
        /// Minutes from which it is a day.
        #[serde(default = "full_min")]
        full_min: u16,
    },
    /// By morning and afternoon, each worth half a day.
    Halves {
        /// When the afternoon begins.
        #[serde(default = "noon")]
        noon: Time,
        /// Minutes of sessions from which a half counts.
        #[serde(default = "least_min")]
        least_min: u16,
    },
    /// By the time from coming first to going last, whatever lies between.
    Blocks {
        /// Minutes from which it is half a day.
        #[serde(default = "half_min")]
        half_min: u16,
        /// Minutes from which it is a day.
        #[serde(default = "full_min")]
        full_min: u16,
    },
}

fn half_slots() -> u16 {
    3
}

fn full_slots() -> u16 {
    30
}

fn half_min() -> u16 {
    30
}

fn full_min() -> u16 {
    300
}

fn least_min() -> u16 {
    120
}

fn noon() -> Time {
    jiff::civil::time(13, 0, 0, 0)
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It is too long.
    #[error("a policy has at most {TEXT_BYTES_MAX} bytes")]
    TooLong,
    /// It is neither TOML nor JSON of the right form.
    #[error("the policy cannot be read, line {line}: {says}")]
    Unreadable {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        says: String,
    },
    /// It can be read and makes no sense; every reason.
    #[error("the policy makes no sense: {}", .0.join("; "))]
    Senseless(Vec<String>),
}

impl Policy {
    /// Reads a policy from TOML, or from JSON if the text begins with `{`.
    ///
    /// # Errors
    ///
    /// Every [`PolicyError`]; the person who wrote the text reads it.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(PolicyError::TooLong);
        }
        let policy: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| of_json(&error))?
        } else {
            toml::from_str(text).map_err(|error| of_toml(&error, text))?
        };
        policy.check()?;
        Ok(policy)
    }

    /// The policy as TOML, as [`Policy::parse`] reads it.
    ///
    /// # Panics
    ///
    /// Never: TOML can write whatever a policy holds.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a policy is made of texts, numbers and one table, which comes last")
    }

    /// The four policies that come with the hub.
    #[must_use]
    pub fn shipped() -> [Self; 4] {
        let rules = [
            ("slots10", Rule::Slots10 { half_slots: half_slots(), full_slots: full_slots() }),
            ("minutes", Rule::Minutes { half_min: half_min(), full_min: full_min() }),
            ("halves", Rule::Halves { noon: noon(), least_min: least_min() }),
            ("blocks", Rule::Blocks { half_min: half_min(), full_min: full_min() }),
        ];
        rules.map(|(name, rule)| Self {
            name: name.to_owned(),
            version: 1,
            from: None,
            window: Window::default(),
            grace: grace(),
            arrival: Duration::ZERO,
            rule,
        })
    }

    /// The grace in milliseconds.
    #[must_use]
    pub fn grace_ms(&self) -> i64 {
        i64::try_from(self.grace.as_millis()).unwrap_or(GRACE_MAX_MS).min(GRACE_MAX_MS)
    }

    /// How far two weak sights of an arrival are apart at most, milliseconds; 0 if any sight is one.
    #[must_use]
    pub fn arrival_ms(&self) -> i64 {
        i64::try_from(self.arrival.as_millis()).unwrap_or(GRACE_MAX_MS).min(GRACE_MAX_MS)
    }

    /// Whether it makes sense, for one that was not read by [`Policy::parse`].
    ///
    /// # Errors
    ///
    /// [`PolicyError::Senseless`] with every reason.
    pub fn check(&self) -> Result<(), PolicyError> {
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let has_name = (1..=NAME_MAX).contains(&self.name.len()) && self.name.bytes().all(is_name);
        let reasons = [
            (!has_name).then(|| format!("`name` has 1 to {NAME_MAX} small letters, digits or `-`")),
            (self.version == 0).then(|| "`version` begins with 1".to_owned()),
            (self.grace.as_millis() > GRACE_MAX_MS.unsigned_abs().into())
                .then(|| format!("`grace` is at most {} minutes", GRACE_MAX_MS / 60_000)),
            (self.arrival > self.grace).then(|| "`arrival` is not longer than `grace`".to_owned()),
            self.rule.nonsense(self.window),
        ];
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        if reasons.is_empty() { Ok(()) } else { Err(PolicyError::Senseless(reasons)) }
    }
}

impl Rule {
    fn nonsense(self, window: Window) -> Option<String> {
        let order = |half: u16, full: u16, unit: &str| {
            let is_right = 0 < half && half <= full;
            (!is_right).then(|| format!("`half_{unit}` is at least 1 and not above `full_{unit}`"))
        };
        match self {
            Self::Slots10 { half_slots, full_slots } => order(half_slots, full_slots, "slots"),
            Self::Minutes { half_min, full_min } | Self::Blocks { half_min, full_min } => {
                order(half_min, full_min, "min")
            }
            Self::Halves { least_min: 0, .. } => Some("`least_min` is at least 1".to_owned()),
            Self::Halves { noon, .. } => {
                (!window.splits_at(noon)).then(|| format!("`noon` lies within the window, {window}"))
            }
        }
    }
}

/// The policy that holds on a day: of those whose first day has come, the one that came last.
#[must_use]
pub fn holding(policies: &[Policy], date: Date) -> Option<&Policy> {
    let begun = policies.iter().filter(|policy| policy.from.is_none_or(|from| from <= date));
    begun.max_by_key(|policy| (policy.from, policy.version))
}

fn of_json(error: &serde_json::Error) -> PolicyError {
    PolicyError::Unreadable { line: error.line().max(1), says: error.to_string() }
}

fn of_toml(error: &toml::de::Error, text: &str) -> PolicyError {
    let at = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    PolicyError::Unreadable { line, says: error.message().to_owned() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_comes_with_the_hub_reads_back_in_both_forms() {
        for policy in Policy::shipped() {
            assert_eq!(Policy::parse(&policy.to_toml()), Ok(policy.clone()));
            assert_eq!(Policy::parse(&serde_json::to_string(&policy).unwrap()), Ok(policy));
        }
    }

    #[test]
    fn a_short_policy_has_the_values_of_the_field() {
        let policy = Policy::parse("name = \"slots10\"\nversion = 1\nrule = { is = \"slots10\" }").unwrap();
        assert_eq!(policy, Policy::shipped()[0]);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let error = |text: &str| Policy::parse(text).unwrap_err().to_string();
        let head = "name = \"a\"\nversion = 1\n";
        let unknown = error(&format!("{head}windows = \"08:00-22:00\"\nrule = {{ is = \"slots10\" }}"));
        assert!(unknown.contains("line 3") && unknown.contains("windows") && unknown.contains("window`"), "{unknown}");
        let rule = error(&format!("{head}[rule]\nis = \"slot10\""));
        assert!(rule.contains("slot10") && rule.contains("slots10"), "{rule}");
        let window = error(&format!("{head}window = \"22:00-08:00\"\nrule = {{ is = \"slots10\" }}"));
        assert!(window.contains("line 3") && window.contains("08:00-22:00"), "{window}");
        assert!(error("{\"name\": 1}").contains("line 1"));
        assert_eq!(Policy::parse(&"#".repeat(TEXT_BYTES_MAX + 1)), Err(PolicyError::TooLong));
    }

    #[test]
    fn everything_that_makes_no_sense_is_said_at_once() {
        let text = "name = \"Slots 10\"\nversion = 0\ngrace = \"2h\"\narrival = \"3h\"\n[rule]\nis = \"minutes\"\nhalf_min = 301";
        let Err(PolicyError::Senseless(reasons)) = Policy::parse(text) else { panic!("accepted") };
        assert_eq!(reasons.len(), 5, "{reasons:?}");
        let noon = "name = \"a\"\nversion = 1\nwindow = \"14:00-20:00\"\nrule = { is = \"halves\" }";
        assert!(Policy::parse(noon).unwrap_err().to_string().contains("`noon` lies within the window, 14:00-20:00"));
    }

    #[test]
    fn a_new_version_leaves_the_days_before_it_to_the_old_one() {
        let [old, ..] = Policy::shipped();
        let new = Policy { version: 2, from: Some(date(2026, 7, 1)), ..old.clone() };
        let policies = [new, old];
        assert_eq!(holding(&policies, date(2026, 6, 30)).map(|policy| policy.version), Some(1));
        assert_eq!(holding(&policies, date(2026, 7, 1)).map(|policy| policy.version), Some(2));
        assert_eq!(holding(&policies[..1], date(2026, 6, 30)), None);
    }
}
