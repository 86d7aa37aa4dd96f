//! Topics as a type: strings with slashes exist nowhere else.

use std::fmt;
use std::str::FromStr;

use crate::id::SiteId;
use crate::wire::Lane;

/// One MQTT topic of a box. The prefix is the one that the embedded broker can isolate by itself, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// From the box to the hub.
    Up(SiteId, Up),
    /// From the hub to the box.
    Down(SiteId, Down),
}

/// What a box may publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Up {
    /// Opens every connection.
    Hello,
    /// Records of one lane.
    Lane(Lane),
    /// Heartbeats and progress, not stored as fact.
    Live,
}

/// What a box may subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down {
    /// Receipts, and the order to take a new queue id.
    Receipt,
    /// Signed commands.
    Command,
}

/// A topic that no box of this protocol uses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a topic of a box")]
pub struct TopicError(String);

impl Topic {
    /// The filter by which the hub receives everything that boxes say.
    pub const ALL_UP: &'static str = "/tenants/+/up/#";

    /// The filter by which one box receives everything that is for it.
    #[must_use]
    pub fn all_down(site: &SiteId) -> String {
        format!("/tenants/{site}/down/#")
    }
}

const UP: [(&str, Up); 5] = [
    ("hello", Up::Hello),
    ("ledger", Up::Lane(Lane::Ledger)),
    ("observations", Up::Lane(Lane::Observations)),
    ("telemetry", Up::Lane(Lane::Telemetry)),
    ("live", Up::Live),
];
const DOWN: [(&str, Down); 2] = [("receipt", Down::Receipt), ("command", Down::Command)];

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up(site, up) => {
                let leaf = UP.iter().find(|(_, known)| known == up).map_or("", |(leaf, _)| leaf);
                write!(f, "/tenants/{site}/up/{leaf}")
            }
            Self::Down(site, down) => {
                let leaf = DOWN.iter().find(|(_, known)| known == down).map_or("", |(leaf, _)| leaf);
                write!(f, "/tenants/{site}/down/{leaf}")
            }
        }
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        let unknown = || TopicError(text.chars().take(96).collect());
        let mut levels = text.strip_prefix("/tenants/").ok_or_else(unknown)?.splitn(3, '/');
        let (Some(site), Some(direction), Some(leaf)) = (levels.next(), levels.next(), levels.next()) else {
            return Err(unknown());
        };
        let site: SiteId = site.parse().map_err(|_bad_site| unknown())?;
        let up = UP.iter().find(|(name, _)| *name == leaf).map(|(_, up)| *up);
        let down = DOWN.iter().find(|(name, _)| *name == leaf).map(|(_, down)| *down);
        match (direction, up, down) {
            ("up", Some(up), _) => Ok(Self::Up(site, up)),
            ("down", _, Some(down)) => Ok(Self::Down(site, down)),
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_topic() -> impl Strategy<Value = Topic> {
        let up = prop::sample::select(UP.to_vec());
        let down = prop::sample::select(DOWN.to_vec());
        ("[a-zA-Z0-9]{1,32}", up, down, any::<bool>()).prop_map(|(site, up, down, is_up)| {
            let site = site.parse().expect("the pattern is a site id");
            if is_up { Topic::Up(site, up.1) } else { Topic::Down(site, down.1) }
        })
    }

    proptest! {
        #[test]
        fn writing_and_reading_a_topic_are_inverse(topic in any_topic()) {
            prop_assert_eq!(topic.to_string().parse::<Topic>(), Ok(topic));
        }

        #[test]
        fn reading_a_topic_never_panics(text in "\\PC*") {
            drop(text.parse::<Topic>());
        }
    }

    #[test]
    fn foreign_topics_are_refused() {
        for bad in
            ["", "/tenants", "/tenants/a/up", "/tenants/a/up/hello/x", "/tenants/a/down/hello", "tenants/a/up/live"]
        {
            assert!(bad.parse::<Topic>().is_err(), "{bad:?} was accepted");
        }
    }
}
