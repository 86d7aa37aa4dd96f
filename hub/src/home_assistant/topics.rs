//! The topics of what Home Assistant is told, and of what it asks. Pure.

use vigie_shared::id::{SiteId, to_hex};

/// What Home Assistant says when it starts: everything is told again.
const STARTED: &[u8] = b"online";

/// Bytes of the CA's hash that stand for the hub: enough that two hubs on one broker differ.
const HUB_BYTES: usize = 4;

/// What a device's name ends with that is nothing but a site's buttons; no site's id has an underscore.
const BUTTONS: &str = "_buttons";

/// Names the topics of one hub on one broker.
#[derive(Debug, Clone)]
pub(crate) struct Topics {
    prefix: String,
    /// What stands for this hub: two hubs share a broker and nothing else.
    pub(super) hub: String,
}

/// Something that came from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Home Assistant has started.
    Again,
    /// Home Assistant says something that changes nothing, as that it goes.
    Nothing,
    /// Somebody pressed a button of a site.
    Press {
        /// The site, as it was written.
        site: String,
        /// The button.
        button: String,
    },
    /// The broker keeps something under this hub's name.
    Kept(String),
}

impl Topics {
    /// The topics of a hub, under Home Assistant's prefix.
    pub(super) fn new(prefix: &str, hub: &str) -> Self {
        Self { prefix: prefix.to_owned(), hub: hub.to_owned() }
    }

    /// Those of the hub that lets boxes in with this CA.
    pub(super) fn of_hub(prefix: &str, ca_sha256: &[u8]) -> Self {
        Self::new(prefix, &to_hex(ca_sha256.get(..HUB_BYTES).unwrap_or_default()))
    }

    /// Where a device is described.
    pub(super) fn device(&self, node: &str) -> String {
        format!("{}/device/{}/config", self.prefix, self.node(node))
    }

    /// Where the buttons of a site are described.
    pub(super) fn buttons(&self, site: &SiteId) -> String {
        self.device(&format!("{site}{BUTTONS}"))
    }

    /// Whether buttons are described there.
    pub(super) fn is_of_buttons(&self, topic: &str) -> bool {
        topic.ends_with(&format!("{BUTTONS}/config"))
    }

    /// Where Home Assistant says that it has started, and that it goes: also its last will.
    pub(crate) fn birth(&self) -> String {
        format!("{}/status", self.prefix)
    }

    /// Whether a filter brings nothing but what this hub tells Home Assistant: what may be asked for at its own listener.
    pub(crate) fn grants(&self, filter: &str) -> bool {
        let is_name = |level: &str| level == "+" || !level.contains(['+', '#']);
        let below = |root: &str| filter.strip_prefix(root).map(|rest| rest.split('/').collect::<Vec<_>>());
        if let Some(levels) = below(&format!("{}/", self.prefix)) {
            return match levels.as_slice() {
                ["#"] => true,
                ["+" | "device", node, "config"] => is_name(node),
                _ => false,
            };
        }
        match below(&format!("vigie/{}/", self.hub)).as_deref() {
            Some(["#" | "status"]) => true,
            Some(["sites" | "people", one]) => is_name(one),
            _ => false,
        }
    }

    /// The name of a device among all of the broker.
    pub(super) fn node(&self, node: &str) -> String {
        format!("vigie_{}_{node}", self.hub)
    }

    /// Whether the hub is there.
    pub(super) fn status(&self) -> String {
        format!("vigie/{}/status", self.hub)
    }

    /// How a site is.
    pub(super) fn site(&self, site: &SiteId) -> String {
        format!("vigie/{}/sites/{site}", self.hub)
    }

    /// Where a button of a site is pressed.
    pub(super) fn press(&self, site: &SiteId, button: &str) -> String {
        format!("{}/press/{button}", self.site(site))
    }

    /// Whether somebody is home.
    pub(super) fn person(&self, key: &str) -> String {
        format!("vigie/{}/people/{key}", self.hub)
    }

    /// Everything that the hub wants to hear.
    pub(super) fn wanted(&self) -> [String; 3] {
        [self.birth(), format!("{}/device/+/config", self.prefix), format!("vigie/{}/#", self.hub)]
    }

    /// What a message is about, if it is about this hub. What is kept was not said now: a kept press presses nothing.
    pub(crate) fn read(&self, topic: &str, payload: &[u8], is_kept: bool) -> Option<Asked> {
        if topic == self.birth() {
            return Some(if payload == STARTED && !is_kept { Asked::Again } else { Asked::Nothing });
        }
        let own = topic.strip_prefix(&format!("vigie/{}/", self.hub));
        let device = || topic.starts_with(&format!("{}/device/{}", self.prefix, self.node("")));
        match own {
            _ if is_kept => (own.is_some() || device()).then(|| Asked::Kept(topic.to_owned())),
            Some(rest) => {
                let (site, button) = rest.strip_prefix("sites/")?.split_once("/press/")?;
                Some(Asked::Press { site: site.to_owned(), button: button.to_owned() })
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics() -> Topics {
        Topics::new("homeassistant", "ab12")
    }

    #[test]
    fn a_press_names_its_site_and_button_and_a_kept_one_presses_nothing() {
        let metz = "metz".parse().unwrap();
        let topic = topics().press(&metz, "reboot");
        let press = Asked::Press { site: "metz".to_owned(), button: "reboot".to_owned() };
        assert_eq!(topics().read(&topic, b"PRESS", false), Some(press));
        assert_eq!(topics().read(&topic, b"PRESS", true), Some(Asked::Kept(topic.clone())));
        assert_eq!(Topics::new("homeassistant", "cd").read(&topic, b"PRESS", false), None);
    }

    #[test]
    fn what_is_kept_is_heard_of_only_under_the_hubs_own_name() {
        let own = topics().device("metz");
        assert_eq!(topics().read(&own, b"{}", true), Some(Asked::Kept(own.clone())));
        assert_eq!(topics().read(&own, b"{}", false), None, "its own words come back");
        assert_eq!(topics().read("homeassistant/device/vigie_ff_metz/config", b"{}", true), None);
        assert_eq!(topics().read("homeassistant/device/lamp/config", b"{}", true), None);
    }

    #[test]
    fn everything_is_told_again_when_home_assistant_starts() {
        assert_eq!(topics().read("homeassistant/status", b"online", false), Some(Asked::Again));
        assert_eq!(topics().read("homeassistant/status", b"offline", false), Some(Asked::Nothing));
        assert_eq!(topics().read("homeassistant/status", b"online", true), Some(Asked::Nothing), "that was earlier");
    }

    #[test]
    fn only_what_this_hub_tells_can_be_asked_for_at_its_own_listener() {
        let metz = "metz".parse().unwrap();
        let told = [topics().device("metz"), topics().buttons(&metz), topics().site(&metz), topics().status()];
        let wide = ["homeassistant/#", "homeassistant/device/+/config", "homeassistant/+/+/config", "vigie/ab12/#"];
        for filter in told.iter().map(String::as_str).chain(wide).chain(["vigie/ab12/sites/+", "vigie/ab12/people/+"]) {
            assert!(topics().grants(filter), "{filter}");
        }
        let press = topics().press(&metz, "reboot");
        for filter in [
            "#",
            "+/#",
            "homeassistant",
            "homeassistant/light/+/config",
            "homeassistant/+/+/+/config",
            &press,
            "homeassistant/status",
            "vigie/cd/#",
            "vigie/+/sites/metz",
            "vigie/ab12/sites/m+",
            "vigie/ab12",
            "vigie/ab12/x",
        ] {
            assert!(!topics().grants(filter), "{filter}");
        }
    }
}
