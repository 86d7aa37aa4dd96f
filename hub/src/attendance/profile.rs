//! What the numbers of one terminal mean: the tables of firmwares contradict each other, so each terminal has its own.
//!
//! A profile is data: the tables of a family, and what somebody found out to be different on that terminal. The numbers
//! themselves stay as the terminal said them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::store::attendance::{Direction, Punch, PunchKind};

/// Numbers of one table that may differ from the family's: more than any firmware has.
pub const NUMBERS_MAX: usize = 64;

/// How one terminal is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Whose tables hold where nothing else is said.
    pub family: Family,
    /// What its numbers for in or out mean, where that differs.
    #[schema(value_type = BTreeMap<String, Way>)]
    pub inout: BTreeMap<i32, Way>,
    /// What its numbers for how somebody was recognised mean, where that differs.
    #[schema(value_type = BTreeMap<String, Means>)]
    pub mode: BTreeMap<i32, Means>,
    /// With which day its weekly tables begin.
    pub week_begins: WeekBegins,
}

/// Firmwares that share their tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// What no firmware contradicts: for a terminal of which nobody knows more.
    #[default]
    Common,
    /// Finger and card terminals since version 2 of the protocol.
    Classic,
    /// Finger and card terminals before it.
    ClassicV1,
    /// EVO turnstiles.
    Evo,
    /// Topdata face terminals.
    Topdata,
    /// Other face terminals.
    Aiface,
}

/// What a number for in or out means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Passage)]
pub enum Way {
    /// Somebody came.
    In,
    /// Somebody went.
    Out,
    /// Somebody was recognised and did not pass: no attendance.
    NotPassed,
    /// Nothing: whether somebody came or went follows from the punch before.
    Unsaid,
}

/// How somebody was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// By a finger.
    Finger,
    /// By the veins of a finger.
    Vein,
    /// By a palm.
    Palm,
    /// By the face.
    Face,
    /// By a card.
    Card,
    /// By a password.
    Password,
    /// By a QR code.
    QrCode,
}

/// The day that weekly tables begin with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeekBegins {
    /// As the protocol's documents say.
    #[default]
    Monday,
    /// As the maker's own programs send it.
    Sunday,
}

/// A number and what it means.
type Table<T> = &'static [(i32, T)];

/// In and out of work, breaks and overtime. 5 is left out: for some it is overtime, for others a direction.
const WORK: Table<Way> = &[
    (0, Way::In),
    (1, Way::Out),
    (2, Way::Out),
    (3, Way::In),
    (4, Way::In),
    // A turnstile's; no other firmware has it, and nobody shall be present who did not pass.
    (7, Way::NotPassed),
];

impl Family {
    fn inout(self) -> Table<Way> {
        match self {
            Self::Common | Self::Classic | Self::ClassicV1 | Self::Topdata => WORK,
            Self::Evo => &[(0, Way::In), (1, Way::Out), (5, Way::Out), (6, Way::In), (7, Way::NotPassed)],
            Self::Aiface => &[(0, Way::In), (1, Way::Out), (2, Way::Out), (3, Way::In), (4, Way::In), (5, Way::Out)],
        }
    }

    fn mode(self) -> Table<Means> {
        match self {
            Self::Common => &[],
            Self::Classic => &[(1, Means::Finger), (2, Means::Card), (3, Means::Password), (8, Means::Face)],
            Self::ClassicV1 => &[(0, Means::Finger), (1, Means::Card), (2, Means::Password)],
            Self::Evo => &[(8, Means::Face)],
            Self::Topdata => &[(1, Means::Face)],
            Self::Aiface => &[
                (0, Means::Password),
                (1, Means::Finger),
                (2, Means::Card),
                (3, Means::Face),
                (4, Means::Vein),
                (5, Means::Palm),
                (6, Means::QrCode),
                (8, Means::Face),
            ],
        }
    }
}

impl WeekBegins {
    /// The place of a weekday in a table, from 0; `weekday` is 1 for Monday to 7 for Sunday.
    #[must_use]
    pub fn place(self, weekday: i8) -> i8 {
        match self {
            Self::Monday => (weekday - 1).rem_euclid(7),
            Self::Sunday => weekday.rem_euclid(7),
        }
    }
}

impl Profile {
    /// The punch as this profile reads its numbers.
    #[must_use]
    pub fn applied(&self, mut punch: Punch) -> Punch {
        let way = punch.in_out.and_then(|number| meaning(number, &self.inout, self.family.inout()));
        if matches!(punch.kind, PunchKind::Person | PunchKind::NotPassed) {
            let has_passed = way != Some(Way::NotPassed) && punch.access != Some(false);
            punch.kind = if has_passed { PunchKind::Person } else { PunchKind::NotPassed };
        }
        punch.direction = match way {
            Some(Way::In) => Some(Direction::In),
            Some(Way::Out) => Some(Direction::Out),
            Some(Way::NotPassed | Way::Unsaid) | None => None,
        };
        punch.means = punch.mode.and_then(|number| meaning(number, &self.mode, self.family.mode()));
        punch.counts = punch.counts_by_itself();
        punch
    }
}

fn meaning<T: Copy>(number: i32, own: &BTreeMap<i32, T>, of_family: Table<T>) -> Option<T> {
    let common = || of_family.iter().find(|(known, _)| *known == number).map(|(_, meaning)| *meaning);
    own.get(&number).copied().or_else(common)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::attendance::{MORNING, told};

    fn read(profile: &Profile, in_out: i32, mode: i32) -> Punch {
        let punch = told("ZX1", 7, "2031-05-06 08:00:00", MORNING).punch;
        profile.applied(Punch { in_out: Some(in_out), mode: Some(mode), ..punch })
    }

    #[test]
    fn one_number_means_what_the_terminals_family_means_by_it() {
        let of = |family| {
            let profile = Profile { family, ..Profile::default() };
            let punch = read(&profile, 5, 1);
            (punch.direction, punch.means)
        };

        assert_eq!(of(Family::Common), (None, None));
        assert_eq!(of(Family::Classic), (None, Some(Means::Finger)));
        assert_eq!(of(Family::ClassicV1), (None, Some(Means::Card)));
        assert_eq!(of(Family::Topdata), (None, Some(Means::Face)));
        assert_eq!(of(Family::Evo), (Some(Direction::Out), None));
        assert_eq!(of(Family::Aiface), (Some(Direction::Out), Some(Means::Finger)));
    }

    #[test]
    fn what_is_said_of_one_terminal_holds_before_its_family() {
        let inout = BTreeMap::from([(5, Way::In), (6, Way::NotPassed), (0, Way::Unsaid)]);
        let profile = Profile { family: Family::Evo, inout, ..Profile::default() };
        let ways = [5, 6, 0, 1].map(|number| read(&profile, number, 0));

        assert_eq!(
            ways.each_ref().map(|punch| punch.direction),
            [Some(Direction::In), None, None, Some(Direction::Out)]
        );
        assert_eq!(ways.each_ref().map(|punch| punch.counts), [true, false, true, true]);
    }

    #[test]
    fn a_door_stays_a_door_and_a_refused_person_is_refused_by_every_profile() {
        let door = told("ZX1", 0, "2031-05-06 08:00:00", MORNING).punch;
        let refused = Punch { access: Some(false), ..told("ZX1", 7, "2031-05-06 08:00:00", MORNING).punch };
        let all_pass = Profile { inout: BTreeMap::from([(7, Way::In)]), ..Profile::default() };

        assert_eq!(all_pass.applied(door).kind, PunchKind::Door);
        assert_eq!(all_pass.applied(refused).kind, PunchKind::NotPassed);
        assert_eq!(read(&all_pass, 7, 0).kind, PunchKind::Person);
        assert_eq!(read(&Profile::default(), 7, 0).kind, PunchKind::NotPassed);
    }

    #[test]
    fn a_week_begins_where_the_profile_says() {
        let places = |begins: WeekBegins| (1..=7).map(|weekday| begins.place(weekday)).collect::<Vec<_>>();
        assert_eq!(places(WeekBegins::Monday), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(places(WeekBegins::Sunday), [1, 2, 3, 4, 5, 6, 0]);
    }
}
