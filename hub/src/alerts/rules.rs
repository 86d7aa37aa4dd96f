//! Port: what can be wrong, and how that is seen.
//!
//! Adding a rule is one file in `rules/` and one line in `registry!` below. The line declares its module, its section of
//! the configuration and its place in the catalogue.
//!
//! The file provides `Config`: what an owner can set, with a field `enabled` and defaults, unknown keys refused; and the
//! [`Rule`] that follows from it. Rules know the facts, never each other, and remember nothing: two limits for each
//! grade, one at which it begins and one at which it is clearly over, keep a value between them from going to and fro.

mod limits;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vigie_shared::id::SiteId;

use super::alert::{Alert, Grade};
use super::facts::{Facts, SiteFacts};
use super::news::Words;
use super::telling::Telling;

/// What a rule saw of one subject, right or wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// At which site, if at one.
    pub site: Option<SiteId>,
    /// What the rule looks at there, by a name that stays; empty for the site itself.
    pub subject: String,
    /// What is concerned, as people call it.
    pub name: String,
    /// How grave it is by the limits at which something begins; none if nothing is wrong.
    pub reached: Option<Grade>,
    /// How grave it may stay by the limits at which something is over; none if all is well.
    pub holds: Option<Grade>,
    /// Since when it is so, milliseconds since 1970 UTC; since this look if nobody can say.
    pub since_ms: Option<i64>,
    /// What is wrong, what is safe, what to do.
    pub text: Words,
}

/// How something ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// For reassurance: `all 212 received at 14:02`.
    pub words: Words,
    /// Whether more may follow, so that people are told a little later.
    pub is_open: bool,
}

/// Looks at the facts for one thing that can be wrong.
pub trait Rule: Send + Sync {
    /// Everything that it can judge at this moment. What it cannot judge it leaves out: then nothing begins or ends.
    fn look(&self, facts: &Facts) -> Vec<Seen>;

    /// For how long it must be so before it fires, milliseconds.
    fn after_ms(&self) -> i64 {
        0
    }

    /// Whether only the box can tell: while it is not heard, nothing begins or ends.
    fn needs_box(&self) -> bool {
        true
    }

    /// Whether many sites can have it at once for one cause, as an outage of the provider.
    fn is_root(&self) -> bool {
        false
    }

    /// What is to be said of how an alert ended, if anything.
    fn ending(&self, _alert: &Alert, _facts: &Facts) -> Option<Ending> {
        None
    }
}

/// A rule that is on.
pub struct Armed {
    /// Its name.
    pub name: &'static str,
    /// The rule.
    pub rule: Box<dyn Rule>,
}

/// A rule as people are told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// What it looks at, in one sentence.
    pub about: &'static str,
    /// What the owner set, by the names of the configuration.
    pub settings: Value,
}

/// Declares every rule: the first sentence of its file, and its name.
macro_rules! registry {
    ($(#[doc = $about:literal] $name:ident,)+) => {
        $(pub mod $name;)+

        /// The section `alerts` of the configuration: how people are told, and one part per rule.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct AlertsConfig {
            /// How often people are told.
            pub telling: Telling,
            $(#[doc = $about] pub $name: $name::Config,)+
        }

        /// Every rule: its name and what it looks at, in one sentence.
        pub const CATALOGUE: &[(&str, &str)] = &[$((stringify!($name), $about.trim_ascii())),+];

        impl AlertsConfig {
            /// The rules that are on.
            #[must_use]
            pub fn armed(&self) -> Vec<Armed> {
                let mut armed = Vec::new();
                $(if self.$name.enabled {
                    armed.push(Armed { name: stringify!($name), rule: Box::new(self.$name.clone()) });
                })+
                armed
            }

            /// Every rule, on or off, with what the owner set.
            #[must_use]
            pub fn described(&self) -> Vec<Described> {
                vec![$(Described {
                    name: stringify!($name),
                    about: $about.trim_ascii(),
                    settings: serde_json::to_value(&self.$name).unwrap_or_default(),
                }),+]
            }
        }
    };
}

registry! {
    /// A box that is not heard any more.
    site_offline,
    /// Two boxes that live under one identity.
    box_cloned,
    /// A box that is too hot.
    temperature,
    /// A disk of a box that is nearly full.
    disk,
    /// A disk of a box that will be full soon, if it goes on as it did.
    disk_filling,
    /// A box whose memory is nearly used up.
    memory,
    /// A clock that is wrong: of a box, or of a time clock.
    clock_wrong,
    /// Records that wait on a box for long although it is heard.
    queue_growing,
    /// Records that a box had to give up, or found damaged.
    queue_loss,
    /// A certificate of a box that ends soon.
    certificate_ending,
    /// An update that did not work and was undone.
    update_undone,
    /// A network whose observer cannot see.
    blind_observer,
    /// A time clock that is not heard by its box.
    terminal_silent,
    /// A memory of a time clock that will be full soon.
    terminal_memory,
    /// A Mac or PC whose disk is nearly full.
    machine_disk,
    /// A battery that is full and still plugged in.
    battery_full,
    /// A battery that is nearly empty.
    battery_low,
    /// A third party that gets nothing any more.
    connector_stopped,
}

/// A sentence in both languages.
fn words(en: impl Into<String>, fr: impl Into<String>) -> Words {
    Words { en: en.into(), fr: fr.into() }
}

/// What is seen of every site's box.
fn of_boxes(facts: &Facts, look: impl Fn(&SiteId, &SiteFacts) -> Option<Seen>) -> Vec<Seen> {
    facts.sites.iter().filter_map(|(id, site)| look(id, site)).collect()
}

impl Seen {
    /// Something of a site, with the site's own name.
    fn of_site(id: &SiteId, site: &SiteFacts) -> Self {
        Self { site: Some(id.clone()), name: site.name.clone(), ..Self::default() }
    }

    /// Something at a site: by which name it stays, and what people call it.
    fn of_part(id: &SiteId, site: &SiteFacts, subject: &str, name: &str) -> Self {
        Self { subject: subject.to_owned(), name: format!("{}, {name}", site.name), ..Self::of_site(id, site) }
    }

    /// The same, graded.
    fn graded(self, (reached, holds): (Option<Grade>, Option<Grade>)) -> Self {
        Self { reached, holds, ..self }
    }

    /// The same, with its words.
    fn saying(self, text: Words) -> Self {
        Self { text, ..self }
    }
}

#[cfg(test)]
pub(super) mod tests;
