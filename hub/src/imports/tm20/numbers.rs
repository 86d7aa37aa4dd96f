//! The whole numbers of a dump's rows, so that programs that know things by them find the same ones here.

use super::dump::{Gathered, Known, Numbered as Row};
use super::schedules::weekday;

/// What was numbered, by the names that things have here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Time clocks, by serial number.
    pub terminals: Vec<(i64, String)>,
    /// People on one time clock: its serial number, a slash, the number there.
    pub users: Vec<(i64, String)>,
    /// Working hours: a serial number, a slash, the weekday, 1 Monday to 7 Sunday.
    pub shifts: Vec<(i64, String)>,
}

/// Gathers the numbers of rows that are understood.
pub(super) fn gathered(gathered: &Gathered, known: &Known) -> Numbers {
    let serial = |row: &Row| row.fields.reference(&["terminal", "device"]).and_then(|name| known.get(&name));
    let user = |row: &Row| {
        let enrol_id = row.fields.int(&["enrollid", "enroll_id", "user_id"])?;
        Some((row.number?, format!("{}/{enrol_id}", serial(row)?)))
    };
    let shift = |row: &Row| Some((row.number?, format!("{}/{}", serial(row)?, weekday(&row.fields)?)));
    let terminal = |(number, (serial, _)): (&String, &(String, _))| Some((number.parse().ok()?, serial.clone()));
    Numbers {
        terminals: gathered.terminals.iter().filter_map(terminal).collect(),
        users: gathered.users.iter().filter_map(user).collect(),
        shifts: gathered.schedules.iter().filter_map(shift).collect(),
    }
}
