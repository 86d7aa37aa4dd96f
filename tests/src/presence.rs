//! A coworking space made up: members with devices, the log of a probe that sees them, and the list of who they are.
//!
//! Everything follows from a seed, so that two programs read the same days.

use std::fmt::Write as _;
use std::io::{self, Write};

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use vigie_hub::imports::presence::Terms;
use vigie_hub::presence::coverage::Coverage;
use vigie_hub::presence::facts::Place;
use vigie_hub::presence::{Counts, Ownership};
use vigie_hub::store::projections::CoverageSpan;
use vigie_shared::id::SiteId;
use vigie_shared::mac::Mac;
use vigie_shared::pseudonym::PseudonymKey;

/// The first day of the log, a Monday of winter.
pub const FIRST: Date = date(2025, 1, 6);

/// Long after every day of the log.
pub const LATER_MS: i64 = 1_900_000_000_000;

/// Minutes that a device stays on average if the day does not end before: some 65 million lines a year of 400 devices.
const STAY_MIN: u32 = 490;

/// How large a space is.
#[derive(Debug, Clone, Copy)]
pub struct Space {
    /// People.
    pub members: u32,
    /// Devices of each.
    pub devices: u32,
}

impl Space {
    /// The address of a device.
    #[must_use]
    pub fn mac(member: u32, device: u32) -> Mac {
        let [_, _, high, low] = member.to_be_bytes();
        Mac([0x8e, 0x1b, 0x7c, device.to_be_bytes()[3], high, low])
    }

    /// The e-mail address of a member.
    #[must_use]
    pub fn email(member: u32) -> String {
        format!("member{member:03}@example.org")
    }

    /// The date of a day, counted from [`FIRST`].
    #[must_use]
    pub fn date(day: u32) -> Date {
        FIRST.checked_add(jiff::Span::new().days(i64::from(day))).unwrap_or(FIRST)
    }

    /// Writes who has which device: address, e-mail address, first name, last name, with tabs between.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write_map(self, to: &mut impl Write) -> io::Result<()> {
        for (member, device) in self.pairs() {
            let (mac, email) = (Self::mac(member, device).to_string().to_uppercase(), Self::email(member));
            writeln!(to, "{mac}\t{email}\tMember\t{member}")?;
        }
        Ok(())
    }

    /// The log of a day, a scan a minute, and how many lines it has.
    ///
    /// # Panics
    ///
    /// Never: a text takes all that is written.
    #[must_use]
    pub fn day(self, day: u32) -> (String, u64) {
        let on = Self::date(day);
        let offset =
            if TimeZone::get("Europe/Paris").is_ok_and(|zone| is_summer(on, &zone)) { "+02:00" } else { "+01:00" };
        let stays: Vec<(String, u32, u32)> = self
            .pairs()
            .map(|(member, device)| {
                let mut random =
                    fastrand::Rng::with_seed(u64::from(day) << 32 | u64::from(member) << 8 | u64::from(device));
                let (begins, stays) = (random.u32(360..840), random.u32(0..2 * STAY_MIN));
                (Self::mac(member, device).to_string().to_uppercase(), begins, (begins + stays).min(1_439))
            })
            .collect();
        let (mut text, mut lines) = (String::new(), 0);
        for minute in 0..1_440_u32 {
            let here = stays.iter().filter(|(_, from, to)| (*from..=*to).contains(&minute));
            for (number, (mac, ..)) in here.enumerate() {
                let (hour, minute, second) = (minute / 60, minute % 60, number * 20 / stays.len());
                writeln!(text, "{on}T{hour:02}:{minute:02}:{second:02}{offset}\t{mac}").expect("a text takes all");
                lines += 1;
            }
        }
        (text, lines)
    }

    /// Who has which device, as the hub knows it.
    #[must_use]
    pub fn ownerships(self, member: u32) -> Vec<Ownership> {
        let key = key();
        let owned = (0..self.devices).map(|device| Ownership {
            device: key.name(Self::mac(member, device)).to_string(),
            site: Some(site()),
            person: Self::email(member),
            from_ms: 0,
            to_ms: None,
            counts: Counts::Yes,
            grace_min: None,
        });
        owned.collect()
    }

    fn pairs(self) -> impl Iterator<Item = (u32, u32)> {
        (0..self.members).flat_map(move |member| (0..self.devices).map(move |device| (member, device)))
    }
}

fn is_summer(on: Date, zone: &TimeZone) -> bool {
    on.at(12, 0, 0, 0).to_zoned(zone.clone()).is_ok_and(|noon| noon.offset().seconds() == 7_200)
}

/// The site of the log.
///
/// # Panics
///
/// Never: its name is one.
#[must_use]
pub fn site() -> SiteId {
    "metz".parse().expect("letters are a site's name")
}

/// The site's key.
#[must_use]
pub fn key() -> PseudonymKey {
    PseudonymKey::new(&[7; PseudonymKey::BYTES])
}

/// How the log is read.
///
/// # Panics
///
/// If the hub does not know the zone of Paris.
#[must_use]
pub fn terms() -> Terms {
    Terms {
        site: site(),
        zone: TimeZone::get("Europe/Paris").expect("the hub brings the zones along"),
        key: key(),
        known: None,
        now_ms: LATER_MS,
        date: None,
        written_ms: None,
        lease_s: None,
    }
}

/// The site, with observers that always saw everything.
#[must_use]
pub fn place() -> Place {
    let always = CoverageSpan { network: "log".to_owned(), from_ms: 0, to_ms: LATER_MS, blind: None };
    Place { zone: terms().zone, coverage: Coverage::new(&[always]), complete_ms: Some(LATER_MS) }
}
