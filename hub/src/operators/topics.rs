//! The topics of operators: what the hub tells, where commands are given, and which filters are granted. Pure.
//!
//! [`FORMS`] is the whole list. A filter is granted if it is one of these forms with each word in capitals replaced by
//! a value, or by `+`. Everything else is refused, so that nobody waits for what never comes.
//!
//! | topic | what is told |
//! |---|---|
//! | `vigie/v1/SITE/state` | how the site and its box are, at once and after each change |
//! | `vigie/v1/SITE/events/KIND` | what happened, as the diary has it; and `connected`, `disconnected` |
//! | `vigie/v1/SITE/commands/ID/outcome` | how the command ended; at once if it has |
//! | `vigie/v1/SITE/commands/ID/progress` | how far it is, until it ends |
//! | `vigie/v1/SITE/commands/refused` | why the reader's own command was not taken, if it had no id |
//!
//! Ids of commands are 32 hexadecimal digits in small letters, as the hub writes them: another spelling would be
//! another topic.

use vigie_shared::id::{CommandId, SiteId};

use crate::home_assistant::Topics;
use crate::store::accounts::Role;

/// What every topic begins with.
const ROOT: &str = "vigie/v1";

/// Parts of the API, as its document tags them.
const SITES: &str = "sites";
const COMMANDS: &str = "commands";

/// Longest word that may stand for a site or a type, bytes.
const WORD_BYTES_MAX: usize = 64;

/// The filters that are granted, and the role that may have each. What a filter with `#` brings depends on the role.
const FORMS: &[(&str, Role)] = &[
    ("vigie/v1/SITE/state", Role::Viewer),
    ("vigie/v1/SITE/events/KIND", Role::Viewer),
    ("vigie/v1/SITE/events/#", Role::Viewer),
    ("vigie/v1/SITE/commands/refused", Role::Viewer),
    ("vigie/v1/SITE/commands/ID/outcome", Role::Operator),
    ("vigie/v1/SITE/commands/ID/progress", Role::Operator),
    ("vigie/v1/SITE/commands/#", Role::Operator),
    ("vigie/v1/SITE/#", Role::Viewer),
    ("vigie/v1/#", Role::Viewer),
];

/// A granted filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter(String);

impl Filter {
    /// Reads a filter as somebody of this role may have it; none if they may not, or if it is of no form.
    pub(super) fn grant(text: &[u8], role: Role) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let is_granted = FORMS.iter().any(|(form, needed)| role >= *needed && is_of_form(text, form));
        is_granted.then(|| Self(text.to_owned()))
    }

    /// Reads a filter that is one of Home Assistant's.
    pub(super) fn of_home(text: &[u8], home: &Topics) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        home.grants(text).then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a topic is one of those asked for.
    pub(super) fn matches(&self, topic: &str) -> bool {
        let mut levels = topic.split('/');
        for wanted in self.0.split('/') {
            match (wanted, levels.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (wanted, Some(level)) if wanted == level => {}
                (_, _) => return false,
            }
        }
        levels.next().is_none()
    }

    /// The one site that it is about, if it is about one only.
    pub(super) fn site(&self) -> Option<&str> {
        self.0.split('/').nth(2).filter(|level| *level != "+" && *level != "#")
    }

    /// The parts of the API that it brings something of.
    pub(super) fn areas(&self) -> &'static [&'static str] {
        match self.0.split('/').nth(3) {
            Some("commands") => &[COMMANDS],
            Some("state" | "events") => &[SITES],
            Some(_) | None => &[SITES, COMMANDS],
        }
    }

    /// The one command that it is about, if it is about one only.
    pub(super) fn command(&self) -> Option<(SiteId, CommandId)> {
        let mut levels = self.0.split('/').skip(2);
        let site = levels.next()?.parse().ok()?;
        let id = levels.next().filter(|level| *level == "commands").and_then(|_| levels.next())?;
        Some((site, id.parse().ok()?))
    }
}

fn is_of_form(text: &str, form: &str) -> bool {
    let mut levels = text.split('/');
    form.split('/').all(|wanted| levels.next().is_some_and(|level| stands_for(level, wanted)))
        && levels.next().is_none()
}

fn stands_for(level: &str, wanted: &str) -> bool {
    match wanted {
        "SITE" => level == "+" || level.parse::<SiteId>().is_ok(),
        "KIND" => level == "+" || is_kind(level),
        "ID" => level == "+" || level.parse::<CommandId>().is_ok_and(|id| id.to_string() == level),
        _ => level == wanted,
    }
}

/// Whether a word may be the kind of an event.
pub(super) fn is_kind(word: &str) -> bool {
    (1..=WORD_BYTES_MAX).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The site that a topic of the hub is about.
pub(super) fn site(topic: &str) -> &str {
    topic.split('/').nth(2).unwrap_or_default()
}

/// The part of the API that a topic of the hub belongs to, as tokens are limited by it.
pub(super) fn area(topic: &str) -> &'static str {
    if topic.split('/').nth(3) == Some("commands") { COMMANDS } else { SITES }
}

/// Where the state of a site is told.
pub(super) fn state(site: &SiteId) -> String {
    format!("{ROOT}/{site}/state")
}

/// Where events of a kind are told.
pub(super) fn event(site: &SiteId, kind: &str) -> String {
    format!("{ROOT}/{site}/events/{kind}")
}

/// Where it is told how a command ended.
pub(super) fn outcome(site: &str, id: CommandId) -> String {
    format!("{ROOT}/{site}/commands/{id}/outcome")
}

/// Where it is told how far a command is.
pub(super) fn progress(site: &SiteId, id: CommandId) -> String {
    format!("{ROOT}/{site}/commands/{id}/progress")
}

/// Where it is told why a command without an id was not taken.
pub(super) fn refused(site: &str) -> String {
    format!("{ROOT}/{site}/commands/refused")
}

/// Where a command is given: `vigie/v1/SITE/commands/TYPE`. Whether there are such a site and type is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// For which site, as it was written.
    pub(super) site: String,
    /// What to do, as it was written.
    pub(super) kind: String,
}

impl Address {
    /// Reads a topic; none if commands are not given there.
    pub(super) fn parse(topic: &[u8]) -> Option<Self> {
        let rest = std::str::from_utf8(topic).ok()?.strip_prefix(ROOT)?.strip_prefix('/')?;
        let (site, rest) = rest.split_once('/')?;
        let kind = rest.strip_prefix("commands/")?;
        (is_word(site) && is_word(kind)).then(|| Self { site: site.to_owned(), kind: kind.to_owned() })
    }
}

/// Whether a text can be one level of a topic, and can be shown.
fn is_word(text: &str) -> bool {
    (1..=WORD_BYTES_MAX).contains(&text.len()) && !text.contains(|c: char| "/+#".contains(c) || c.is_control())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "00112233445566778899aabbccddeeff";

    fn granted(text: &str, role: Role) -> bool {
        Filter::grant(text.as_bytes(), role).is_some()
    }

    #[test]
    fn every_form_is_granted_with_values_and_with_wildcards() {
        for (form, needed) in FORMS {
            for (site, kind, id) in [("metz", "two_boxes", ID), ("+", "+", "+")] {
                let filter = form.replace("SITE", site).replace("KIND", kind).replace("ID", id);
                assert!(granted(&filter, *needed), "{filter}");
                assert_eq!(granted(&filter, Role::Viewer), *needed == Role::Viewer, "{filter}");
            }
        }
    }

    #[test]
    fn what_is_of_no_form_is_refused() {
        let upper = format!("vigie/v1/metz/commands/{}/outcome", ID.to_uppercase());
        for filter in [
            "#",
            "+",
            "",
            "+/v1/#",
            "vigie/+/metz/state",
            "vigie/v1",
            "vigie/v1/+",
            "vigie/v1/me-tz/state",
            "vigie/v1/metz/state/",
            "/vigie/v1/metz/state",
            "vigie/v1/metz/+",
            "vigie/v1/metz/state/#",
            "vigie/v1/metz/events",
            "vigie/v1/metz/events/two/boxes",
            "vigie/v1/metz/commands/reboot",
            "vigie/v1/metz/commands/+",
            "vigie/v1/metz/commands/7/outcome",
            "vigie/v1/m+/state",
            "vigie/v1/#/state",
            "$share/g/vigie/v1/metz/state",
            "/tenants/+/up/#",
            "vigie/v1/é/state",
            &upper,
        ] {
            assert!(!granted(filter, Role::Owner), "{filter}");
        }
        assert!(Filter::grant(b"vigie/v1/\xff/state", Role::Owner).is_none());
    }

    #[test]
    fn a_command_is_given_under_its_site_and_type_and_nowhere_else() {
        let address = Address { site: "metz".to_owned(), kind: "reboot".to_owned() };
        assert_eq!(Address::parse(b"vigie/v1/metz/commands/reboot"), Some(address));
        for topic in [
            "",
            "vigie/v1/metz/state",
            "vigie/v1/metz/commands/",
            "vigie/v1//commands/reboot",
            "vigie/v1/metz/commands",
            "vigie/v1/metz/commands/reboot/x",
            "vigie/v1/+/commands/reboot",
            "vigie/v1/metz/commands/#",
            "/tenants/metz/down/command",
            "vigie/v2/metz/commands/reboot",
            "vigie/v1/me\u{0}tz/commands/reboot",
        ] {
            assert_eq!(Address::parse(topic.as_bytes()), None, "{topic}");
        }
    }

    fn any_topic() -> impl Strategy<Value = String> {
        let site = prop_oneof![Just("metz"), Just("brest")].prop_map(|site| site.parse::<SiteId>().unwrap());
        let id = any::<[u8; 16]>().prop_map(CommandId);
        (site, "[a-z_]{1,12}", id, 0..5u8).prop_map(|(site, kind, id, which)| match which {
            0 => state(&site),
            1 => event(&site, &kind),
            2 => outcome(site.as_str(), id),
            3 => progress(&site, id),
            _ => refused(site.as_str()),
        })
    }

    proptest! {
        #[test]
        fn whatever_is_told_can_be_asked_for_by_its_name_and_that_brings_nothing_else(one in any_topic(), other in any_topic()) {
            let filter = Filter::grant(one.as_bytes(), Role::Operator).unwrap();
            prop_assert!(filter.matches(&one));
            prop_assert_eq!(filter.matches(&other), one == other);
        }

        #[test]
        fn the_widest_filter_brings_everything_and_a_sites_filter_only_its_own(topic in any_topic()) {
            prop_assert!(Filter::grant(b"vigie/v1/#", Role::Viewer).unwrap().matches(&topic));
            let is_own = topic.starts_with("vigie/v1/metz/");
            prop_assert_eq!(Filter::grant(b"vigie/v1/metz/#", Role::Viewer).unwrap().matches(&topic), is_own);
        }

        #[test]
        fn a_wildcard_in_one_place_brings_what_differs_there_only(topic in any_topic(), at in 2..6usize) {
            let mut levels: Vec<&str> = topic.split('/').collect();
            prop_assume!(at < levels.len());
            levels[at] = "+";
            if let Some(filter) = Filter::grant(levels.join("/").as_bytes(), Role::Operator) {
                prop_assert!(filter.matches(&topic));
                let longer = format!("{topic}/more");
                prop_assert!(!filter.matches(&longer));
            }
        }

        #[test]
        fn garbage_is_never_granted_beyond_the_forms(text in "(vigie|\\+|#)?/?(v1|\\+)?/?\\PC{0,12}/?(state|#|\\+|events)?") {
            if granted(&text, Role::Owner) {
                prop_assert!(text.starts_with("vigie/v1/") && !text.contains('$'));
                prop_assert!(text.find('#').is_none_or(|at| at + 1 == text.len()));
            }
        }
    }
}
