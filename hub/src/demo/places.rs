//! The places of the demo's fleet: what stands where, and where something is wrong.

use jiff::tz::TimeZone;

/// What is wrong at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing.
    None,
    /// Its box has not been heard for hours.
    Silent,
    /// Its disk fills, and is full today.
    FullDisk,
    /// Its box stood still for three hours yesterday: nothing was measured, nothing is on its way.
    StoodStill,
}

/// A site of the demo.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Its site id.
    pub(super) id: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// The club or firm.
    pub(super) club: &'static str,
    /// The town.
    pub(super) town: &'static str,
    /// The region.
    pub(super) region: &'static str,
    /// Its IANA zone.
    pub(super) zone: &'static str,
    /// Its tags.
    pub(super) tags: &'static [&'static str],
    /// How many members come and go with their devices.
    pub(super) members: usize,
    /// Serial numbers of the time clocks.
    pub(super) clocks: &'static [&'static str],
    /// How many people work here and use the first of them.
    pub(super) employees: usize,
    /// How many Macs and PCs are read.
    pub(super) machines: usize,
    /// Whether videos are shown.
    pub(super) has_screens: bool,
    /// What is wrong.
    pub(super) trouble: Trouble,
}

/// The door that visitors pass all day.
pub(super) const DOOR: &str = "MRS-PORTE-01";

/// A time clock that nobody admitted yet.
pub(super) const PENDING_CLOCK: &str = "TM20-7781";

const NOTHING: Place = Place {
    id: "",
    name: "",
    club: "",
    town: "",
    region: "",
    zone: "Europe/Paris",
    tags: &[],
    members: 0,
    clocks: &[],
    employees: 0,
    machines: 0,
    has_screens: false,
    trouble: Trouble::None,
};

/// Every place, in the order of their ids.
pub(super) const PLACES: [Place; 12] = [
    Place {
        id: "bordeaux",
        name: "Bordeaux Chartrons",
        club: "Atelier des Quais",
        town: "Bordeaux",
        region: "Nouvelle-Aquitaine",
        tags: &["bureau"],
        machines: 5,
        ..NOTHING
    },
    Place {
        id: "grenoble",
        name: "Grenoble Presqu'île",
        club: "Vertical Club",
        town: "Grenoble",
        region: "Auvergne-Rhône-Alpes",
        tags: &["escalade", "écran"],
        has_screens: true,
        trouble: Trouble::Silent,
        ..NOTHING
    },
    Place {
        id: "lille",
        name: "Lille Fives",
        club: "Ateliers de Fives",
        town: "Lille",
        region: "Hauts-de-France",
        tags: &["atelier"],
        clocks: &["TM20-2201"],
        employees: 8,
        ..NOTHING
    },
    Place {
        id: "lyon",
        name: "Lyon Confluence",
        club: "Imprimerie Bellecombe",
        town: "Lyon",
        region: "Auvergne-Rhône-Alpes",
        tags: &["atelier"],
        clocks: &["TM20-1101", "TM20-1102"],
        employees: 14,
        ..NOTHING
    },
    Place {
        id: "marseille",
        name: "Marseille Joliette",
        club: "Vertical Club",
        town: "Marseille",
        region: "Provence-Alpes-Côte d'Azur",
        tags: &["escalade", "écran"],
        clocks: &[DOOR],
        has_screens: true,
        ..NOTHING
    },
    Place {
        id: "metz",
        name: "Metz Coworking",
        club: "Le Poulailler",
        town: "Metz",
        region: "Grand Est",
        tags: &["coworking"],
        members: 18,
        ..NOTHING
    },
    Place {
        id: "nancy",
        name: "Nancy Coworking",
        club: "La Fabrique",
        town: "Nancy",
        region: "Grand Est",
        tags: &["coworking"],
        members: 6,
        ..NOTHING
    },
    Place {
        id: "nantes",
        name: "Nantes Île de Nantes",
        club: "Futsal Arena",
        town: "Nantes",
        region: "Pays de la Loire",
        tags: &["futsal", "écran"],
        has_screens: true,
        trouble: Trouble::StoodStill,
        ..NOTHING
    },
    Place {
        id: "rennes",
        name: "Rennes Cleunay",
        club: "Futsal Arena",
        town: "Rennes",
        region: "Bretagne",
        tags: &["futsal", "écran"],
        has_screens: true,
        ..NOTHING
    },
    Place {
        id: "saintdenis",
        name: "Saint-Denis Le Port",
        club: "Futsal Arena",
        town: "Saint-Denis",
        region: "La Réunion",
        zone: "Indian/Reunion",
        tags: &["futsal", "écran"],
        has_screens: true,
        ..NOTHING
    },
    Place {
        id: "strasbourg",
        name: "Strasbourg Neudorf",
        club: "Studio Ill",
        town: "Strasbourg",
        region: "Grand Est",
        tags: &["studio"],
        machines: 9,
        ..NOTHING
    },
    Place {
        id: "toulouse",
        name: "Toulouse Compans",
        club: "Futsal Arena",
        town: "Toulouse",
        region: "Occitanie",
        tags: &["futsal", "écran"],
        has_screens: true,
        trouble: Trouble::FullDisk,
        ..NOTHING
    },
];

impl Place {
    /// Its zone; UTC on a machine that does not know it.
    pub(super) fn time_zone(&self) -> TimeZone {
        TimeZone::get(self.zone).unwrap_or(TimeZone::UTC)
    }

    /// Its place among all, from 0.
    pub(super) fn number(&self) -> u8 {
        PLACES.iter().position(|one| one.id == self.id).and_then(|at| u8::try_from(at).ok()).unwrap_or_default()
    }
}
