//! What commands may ask of the running server of terminals, besides asking the terminals themselves.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vigie_shared::wire::Reading;
use vigie_shared::wire::command::WantedUser;
use vigie_shared::wire::reading::{LogOrigin, Standing, TerminalRoom, TerminalUser, TerminalUsers, UserStretch};

use super::clock;
use super::config::Terms;
use super::frame::elements;
use super::profile::Dialect;
use super::row::Batch;
use super::serial::Serial;
use super::terminal::{Origin, Terminal};
use super::{AskError, Terminals};
use crate::status::TerminalCount;

/// Rows of one reading about people; a credential that is kept makes a reading of its own.
const USERS_AT_ONCE: usize = 200;

/// What commands must know of a terminal.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What the owner decided about it.
    pub terms: Terms,
    /// The family of its program.
    pub dialect: Dialect,
    /// People it can hold.
    pub users_max: Option<u64>,
    /// Rows that its log can hold.
    pub log_max: Option<u64>,
}

/// How a terminal is, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its serial number.
    pub serial: Serial,
    /// Whether it may deliver.
    pub standing: Standing,
    /// Whether it is connected.
    pub is_connected: bool,
    /// Where it calls from.
    pub address: Option<std::net::IpAddr>,
    /// Its model.
    pub model: Option<String>,
    /// Its program's version.
    pub firmware: Option<String>,
    /// How far its clock was ahead when last measured, milliseconds.
    pub clock_ahead_ms: Option<i64>,
    /// Rows that nobody acknowledged yet, by its own count.
    pub unsent: Option<u64>,
    /// How full its memories are.
    pub room: Vec<TerminalRoom>,
    /// People whom the box knows on it.
    pub people: usize,
}

impl Terminals {
    /// Whether the server runs.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.hall.is_some()
    }

    /// How many there are; none if the server is off.
    #[must_use]
    pub fn count(&self) -> Option<TerminalCount> {
        self.hall.as_ref()?;
        let list = self.list();
        let standing = |standing| list.iter().filter(|known| known.standing == standing).count();
        let connected = list.iter().filter(|known| known.is_connected).count();
        let (admitted, pending) = (standing(Standing::Admitted), standing(Standing::Pending));
        Some(TerminalCount { admitted, connected, pending })
    }

    /// Every terminal that anybody knows of.
    #[must_use]
    pub fn list(&self) -> Vec<Shown> {
        let Some(hall) = &self.hall else { return Vec::new() };
        let state = hall.lock();
        let show = |(serial, standing, address): (&Serial, Standing, Option<std::net::IpAddr>)| {
            let known = state.terminals.get(serial);
            let device = known.map(|known| known.device.clone()).unwrap_or_default();
            Shown {
                serial: serial.clone(),
                standing,
                is_connected: known.is_some_and(|known| known.is_connected),
                address: address.or_else(|| known.and_then(|known| known.address)),
                model: device.hardware.model,
                firmware: device.hardware.firmware,
                clock_ahead_ms: known.and_then(|known| known.clock.measured_ms),
                unsent: device.unsent,
                room: device.room,
                people: known.map_or(0, |known| known.roster.count()),
            }
        };
        state.registry.all().map(show).collect()
    }

    /// What commands must know of a terminal that was admitted and called since the agent started.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    pub fn facts(&self, serial: &Serial) -> Result<Facts, AskError> {
        let hall = self.hall.as_ref().ok_or(AskError::Off)?;
        let state = hall.lock();
        if state.registry.standing(serial) != Some(Standing::Admitted) {
            return Err(AskError::Unknown);
        }
        let terminal = state.terminals.get(serial).ok_or(AskError::Away)?;
        Ok(Facts {
            terms: terminal.terms.clone(),
            dialect: terminal.dialect(),
            users_max: terminal.device.capacity("users"),
            log_max: terminal.device.capacity("log"),
        })
    }

    /// Whether a terminal may deliver but is not connected: then a command can wait for it.
    #[must_use]
    pub fn is_away(&self, serial: &Serial) -> bool {
        let Some(hall) = &self.hall else { return false };
        let state = hall.lock();
        state.registry.standing(serial) == Some(Standing::Admitted) && !state.links.contains_key(serial)
    }

    /// What its clock should show; none if the box's own clock cannot be believed.
    #[must_use]
    pub fn time_to_show(&self, serial: &Serial) -> Option<String> {
        self.hall.as_ref()?.cloudtime(serial)
    }

    /// Its clock was set to the box's.
    pub fn time_was_set(&self, serial: &Serial) {
        self.change(serial, |terminal, wall_ms| terminal.clock.correct(wall_ms));
    }

    /// Its clock shows this, now.
    pub fn time_was_shown(&self, serial: &Serial, text: &str) {
        self.change(serial, |terminal, wall_ms| {
            if let Some(shown) = clock::local(text) {
                terminal.clock.measure(shown, &terminal.terms.zone, wall_ms);
            }
        });
    }

    /// Somebody should pass on it as said.
    pub fn person_wanted(&self, serial: &Serial, wanted: &WantedUser) {
        self.change(serial, |terminal, _| terminal.roster.learn(wanted));
    }

    /// Whether the box knows somebody on it.
    #[must_use]
    pub fn knows_person(&self, serial: &Serial, enrol_id: u64) -> bool {
        let known =
            self.hall.as_ref().and_then(|hall| hall.with(serial, |terminal| terminal.roster.get(enrol_id).is_some()));
        known.unwrap_or_default()
    }

    /// Somebody was deleted from it; none: everybody.
    pub fn person_deleted(&self, serial: &Serial, enrol_id: Option<u64>) {
        self.change(serial, |terminal, _| match enrol_id {
            Some(enrol_id) => terminal.roster.forget(enrol_id),
            None => terminal.roster.retain(|_| false),
        });
    }

    /// Marks on the disk that it was closed for people, or opened again: a restart in between opens it.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub async fn mark_disabled(&self, serial: &Serial, is_disabled: bool) -> anyhow::Result<()> {
        let hall = self.hall.as_ref().ok_or(AskError::Off)?;
        hall.with(serial, |terminal| terminal.is_disabled = is_disabled);
        hall.save().await
    }

    /// Stores who is enrolled: everybody, one person, or only news.
    ///
    /// # Errors
    ///
    /// Words: the ledger has no room.
    pub async fn store_users(
        &self,
        serial: &Serial,
        mut rows: Vec<TerminalUser>,
        stretch: Option<UserStretch>,
    ) -> anyhow::Result<()> {
        let hall = self.hall.as_ref().ok_or(AskError::Off)?;
        rows.sort_by_key(|row| (row.enrol_id, row.slot));
        self.change(serial, |terminal, _| {
            for row in &rows {
                terminal.roster.meet(row.enrol_id, row.name.as_deref());
            }
            if let Some(UserStretch { from, through }) = stretch {
                let is_there = |id| rows.binary_search_by_key(&id, |row| row.enrol_id).is_ok();
                terminal.roster.retain(|id| !(from..=through).contains(&id) || is_there(id));
            }
        });
        for (rows, stretch) in stretches(rows, stretch) {
            let reading = Reading::TerminalUsers(TerminalUsers { terminal: serial.to_string(), stretch, rows });
            anyhow::ensure!(hall.store(reading).await, "the box has no room for what the terminal told");
        }
        Ok(())
    }

    /// Stores one page of its log; how many rows it had.
    ///
    /// # Errors
    ///
    /// Words: the page is no list, or the ledger has no room.
    pub async fn store_page(&self, serial: &Serial, record: &str) -> anyhow::Result<u64> {
        let hall = self.hall.as_ref().ok_or(AskError::Off)?;
        let raw: &RawValue = serde_json::from_str(record)?;
        let rows = elements(raw).ok_or_else(|| anyhow::anyhow!("the terminal's page is no list of rows"))?;
        let batch = Batch { declared: None, log_index: None, rows };
        let origin = Origin {
            origin: LogOrigin::Asked,
            log_index: None,
            checksum: crc32fast::hash(record.as_bytes()),
            flags: 0,
            is_single: false,
        };
        let stored = hall.store_rows(serial, &batch, origin).await;
        let stored =
            stored.ok_or_else(|| anyhow::anyhow!("the box has no room for the terminal's log; what it took stays"))?;
        hall.keep(stored.attachments).await;
        Ok(batch.rows.len() as u64)
    }

    fn change<T>(&self, serial: &Serial, change: impl FnOnce(&mut Terminal, i64) -> T) {
        let Some(hall) = &self.hall else { return };
        let (wall_ms, _) = hall.wall();
        hall.with(serial, |terminal| {
            change(terminal, wall_ms);
        });
        hall.people_changed(serial);
    }
}

/// Cuts a list so that each part fits a record and says which people it covers. `rows` are in the order of people.
fn stretches(rows: Vec<TerminalUser>, whole: Option<UserStretch>) -> Vec<(Vec<TerminalUser>, Option<UserStretch>)> {
    let mut parts: Vec<Vec<TerminalUser>> = vec![Vec::new()];
    let mut last = None;
    for row in rows {
        let is_other = last != Some(row.enrol_id);
        let is_full = parts.last().is_some_and(|part| {
            let has_credential = row.record.is_some() || part.iter().any(|row| row.record.is_some());
            !part.is_empty() && (part.len() >= USERS_AT_ONCE || has_credential)
        });
        last = Some(row.enrol_id);
        match parts.last_mut() {
            Some(part) if !(is_full && is_other) => part.push(row),
            _ => parts.push(vec![row]),
        }
    }
    let Some(whole) = whole else { return parts.into_iter().map(|part| (part, None)).collect() };
    let mut from = whole.from;
    let count = parts.len();
    let cover = |(number, part): (usize, Vec<TerminalUser>)| {
        let last = part.last().map_or(whole.through, |row| row.enrol_id);
        let through = if number + 1 == count { whole.through } else { last };
        let stretch = UserStretch { from, through };
        from = through.saturating_add(1);
        (part, Some(stretch))
    };
    parts.into_iter().enumerate().map(cover).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_between_people_and_covers_everybody() {
        let row = |enrol_id, slot| TerminalUser { enrol_id, slot, ..TerminalUser::default() };
        let rows: Vec<TerminalUser> = (0..500).flat_map(|id| [row(id, 0), row(id, 11)]).collect();
        let whole = UserStretch { from: 0, through: u64::MAX };
        let parts = stretches(rows, Some(whole));
        assert!(parts.iter().all(|(rows, _)| rows.len() <= USERS_AT_ONCE + 2));
        assert_eq!(parts.iter().map(|(rows, _)| rows.len()).sum::<usize>(), 1_000);
        let covered: Vec<UserStretch> = parts.iter().filter_map(|(_, stretch)| *stretch).collect();
        assert_eq!((covered[0].from, covered.last().unwrap().through), (0, u64::MAX));
        assert!(covered.windows(2).all(|pair| pair[1].from == pair[0].through + 1));
    }

    #[test]
    fn an_empty_list_says_that_nobody_is_there() {
        let whole = UserStretch { from: 0, through: u64::MAX };
        assert_eq!(stretches(Vec::new(), Some(whole)), [(Vec::new(), Some(whole))]);
    }
}
