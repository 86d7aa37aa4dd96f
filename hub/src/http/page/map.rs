//! The map of the pages: one line for each, from which the rail, the phone's bar and the keys follow.

use super::words::{Said, said};
use crate::store::accounts::Role;

/// What pages are about, in the order of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Supervision,
    People,
    Equipment,
    Sending,
    Administration,
}

impl Group {
    pub(super) const ALL: [Self; 5] =
        [Self::Supervision, Self::People, Self::Equipment, Self::Sending, Self::Administration];

    pub(super) fn words(self) -> Said {
        match self {
            Self::Supervision => said("Supervision", "Watch"),
            Self::People => said("Personnes", "People"),
            Self::Equipment => said("Équipements", "Equipment"),
            Self::Sending => said("Envois", "Sending"),
            Self::Administration => said("Administration", "Administration"),
        }
    }
}

/// One page of the map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Its address.
    pub(super) path: &'static str,
    /// Its name.
    pub(super) name: Said,
    /// Among which others it stands.
    pub(super) group: Group,
    /// Who may read it.
    pub(super) least: Role,
    /// The key that leads there after `g`.
    pub(super) key: char,
    /// Its symbol in `icons.svg`.
    pub(super) icon: &'static str,
    /// Whether it stands in the phone's bar; at most three do.
    pub(super) is_near: bool,
}

impl Place {
    const fn new(path: &'static str, name: Said, group: Group, least: Role, (key, icon): (char, &'static str)) -> Self {
        Self { path, name, group, least, key, icon, is_near: false }
    }

    /// The same in the phone's bar too.
    const fn near(mut self) -> Self {
        self.is_near = true;
        self
    }

    /// Whether the address is this page or lies below it.
    pub(super) fn is_at(&self, here: &str) -> bool {
        let here = here.split('?').next().unwrap_or(here);
        match self.path {
            "/" => here == "/" || here == "/sites" || here.starts_with("/sites/"),
            path => here == path || here.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')),
        }
    }
}

/// Every page that the rail leads to, in its order.
pub(super) const PLACES: &[Place] = &[
    Place::new("/", said("Parc", "Fleet"), Group::Supervision, Role::Viewer, ('f', "fleet")).near(),
    Place::new("/incidents", said("Incidents", "Incidents"), Group::Supervision, Role::Viewer, ('i', "incident"))
        .near(),
    Place::new("/presence", said("Présences", "Presence"), Group::People, Role::Viewer, ('p', "presence")).near(),
    Place::new("/attendance", said("Pointages", "Attendance"), Group::People, Role::Operator, ('t', "clock")),
    Place::new("/schedules", said("Horaires", "Schedules"), Group::People, Role::Viewer, ('h', "schedule")),
    Place::new(
        "/people",
        said("Personnes et appareils", "People and devices"),
        Group::People,
        Role::Operator,
        ('d', "device"),
    ),
    Place::new("/terminals", said("Pointeuses", "Terminals"), Group::Equipment, Role::Viewer, ('k', "terminal")),
    Place::new("/machines", said("Machines", "Machines"), Group::Equipment, Role::Viewer, ('m', "machine")),
    Place::new("/connectors", said("Connecteurs", "Connectors"), Group::Sending, Role::Viewer, ('c', "connector")),
    Place::new("/media", said("Médias", "Media"), Group::Sending, Role::Viewer, ('v', "media")),
    Place::new("/releases", said("Versions", "Releases"), Group::Sending, Role::Viewer, ('r', "release")),
    Place::new("/mails", said("Courriels", "Mails"), Group::Sending, Role::Operator, ('e', "mail")),
    Place::new("/settings", said("Réglages", "Settings"), Group::Administration, Role::Owner, ('s', "settings")),
    Place::new("/audit", said("Journal d’audit", "Audit log"), Group::Administration, Role::Owner, ('j', "audit")),
    Place::new("/account", said("Mon compte", "My account"), Group::Administration, Role::Viewer, ('a', "account")),
];

/// A member's first page.
pub(super) const OWN_MONTH: &str = "/presence/month";

/// The pages of a member: nobody's data but the own.
pub(super) const OWN_PLACES: &[Place] = &[
    Place::new(OWN_MONTH, said("Mon mois", "My month"), Group::People, Role::Member, ('m', "presence")).near(),
    Place::new("/my-data", said("Mes données", "My data"), Group::People, Role::Member, ('d', "device")).near(),
    Place::new("/account", said("Mon compte", "My account"), Group::Administration, Role::Member, ('a', "account")),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::text::Lang;

    #[test]
    fn every_page_has_an_address_and_a_key_of_its_own_and_words_that_are_not_banned() {
        let paths: BTreeSet<&str> = PLACES.iter().map(|place| place.path).collect();
        let keys: BTreeSet<char> = PLACES.iter().map(|place| place.key).collect();
        assert_eq!((paths.len(), keys.len()), (PLACES.len(), PLACES.len()));
        let names = PLACES.iter().chain(OWN_PLACES).map(|place| place.name).chain(Group::ALL.map(Group::words));
        for name in names {
            for lang in Lang::ALL {
                crate::http::page::assert_no_banned_word(lang, name.of(lang));
            }
        }
        assert!(PLACES.iter().filter(|place| place.is_near).count() <= 3);
    }

    #[test]
    fn a_site_belongs_to_the_fleet_and_nothing_else_does() {
        let fleet = PLACES[0];
        assert!(fleet.is_at("/") && fleet.is_at("/?q=x") && fleet.is_at("/sites/metz?after=1"));
        assert!(!fleet.is_at("/machines"));
        assert!(PLACES[1].is_at("/incidents/x") && !PLACES[1].is_at("/incident"));
    }

    #[test]
    fn every_page_has_a_symbol() {
        let sprite = include_str!("../../../assets/icons.svg");
        for place in PLACES.iter().chain(OWN_PLACES) {
            assert!(sprite.contains(&format!("id=\"{}\"", place.icon)), "{} has no symbol {}", place.path, place.icon);
        }
    }
}
