//! Pure: what people do not want to be told of for a while.

use serde::{Deserialize, Serialize};
use vigie_shared::id::SiteId;

use super::alert::Key;

/// Silences at once: more than anybody keeps an eye on.
pub const SILENCES_MAX: usize = 1_000;

/// What a silence is about: whatever fits all that is said. One that says nothing is about everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// Only at this site.
    pub site: Option<SiteId>,
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only of this subject, as the alert names it.
    pub subject: Option<String>,
}

impl Matcher {
    /// Whether an alert is one of those meant.
    #[must_use]
    pub fn fits(&self, key: &Key) -> bool {
        self.site.as_ref().is_none_or(|site| key.site.as_ref() == Some(site))
            && self.rule.as_ref().is_none_or(|rule| key.rule == *rule)
            && self.subject.as_ref().is_none_or(|subject| key.subject == *subject)
    }
}

/// What people do not want to be told of until a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its number, never used again.
    pub no: u64,
    /// What it is about.
    pub matcher: Matcher,
    /// When it ends, milliseconds since 1970 UTC.
    pub until_ms: i64,
    /// Why, for others.
    pub note: String,
    /// Who wants it.
    pub account: String,
    /// Since when, milliseconds since 1970 UTC.
    pub made_ms: i64,
}

/// The silence that keeps an alert from being told at a moment; of several the one that ends last.
#[must_use]
pub fn silence_of<'a>(silences: &'a [Silence], key: &Key, now_ms: i64) -> Option<&'a Silence> {
    let holding = silences.iter().filter(|silence| silence.until_ms > now_ms && silence.matcher.fits(key));
    holding.max_by_key(|silence| (silence.until_ms, silence.no))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(site: Option<&str>) -> Key {
        let site = site.map(|site| site.parse().unwrap());
        Key { rule: "disk".to_owned(), site, subject: "/".to_owned() }
    }

    fn silence(no: u64, until_ms: i64, matcher: Matcher) -> Silence {
        Silence { no, matcher, until_ms, note: String::new(), account: "anna".to_owned(), made_ms: 0 }
    }

    #[test]
    fn all_that_is_said_must_fit() {
        let metz = Matcher { site: Some("metz".parse().unwrap()), ..Matcher::default() };
        assert!(metz.fits(&key(Some("metz"))) && !metz.fits(&key(Some("brest"))) && !metz.fits(&key(None)));
        let rule = |rule: &str| Matcher { rule: Some(rule.to_owned()), ..metz.clone() };
        assert!(rule("disk").fits(&key(Some("metz"))) && !rule("memory").fits(&key(Some("metz"))));
        let subject = Matcher { subject: Some("/data".to_owned()), ..Matcher::default() };
        assert!(!subject.fits(&key(None)) && Matcher::default().fits(&key(None)));
    }

    #[test]
    fn a_silence_ends_at_its_moment_and_the_longest_counts() {
        let silences = [silence(1, 10, Matcher::default()), silence(2, 20, Matcher::default())];
        let holding = |now_ms| silence_of(&silences, &key(None), now_ms).map(|silence| silence.no);
        assert_eq!([holding(9), holding(19), holding(20)], [Some(2), Some(2), None]);
    }
}
