//! What a terminal stores: its log with the mark of what is unread, and who is enrolled.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::fault::{Fault, Faults};

/// Bytes of a photo that no server takes: beyond 8 MiB.
const OVERSIZE_PHOTO_BYTES: usize = 9 * 1024 * 1024;
/// How every JPEG begins, in base64: enough for a photo that nobody looks at.
const PHOTO: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP";
/// Rows that a log can hold, as `devinfo` says it.
pub const LOG_CAPACITY: usize = 100_000;

/// One row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Who; 0 is the door.
    pub enrol_id: u64,
    /// The local time when it was made.
    pub time: String,
    /// How the person was recognised.
    pub mode: i32,
    /// 0 in, 1 out.
    pub in_out: i32,
    /// The key pressed, or what happened to the door.
    pub event: i32,
}

impl Row {
    /// The row as it stands in a message.
    #[must_use]
    pub fn json(&self, dialect: Dialect, faults: &Faults) -> Value {
        let mut row = json!({
            "enrollid": self.enrol_id, "time": self.time, "mode": self.mode, "inout": self.in_out, "event": self.event
        });
        let Value::Object(fields) = &mut row else { return row };
        if dialect == Dialect::Aiface || faults.has(Fault::InvalidUtf8) {
            let odd = if faults.has(Fault::InvalidUtf8) { super::speech::NOT_UTF8.to_string() } else { String::new() };
            fields.insert("name".to_owned(), json!(format!("Person {odd}{}", self.enrol_id)));
        }
        if faults.has(Fault::TemperatureTimes100) {
            fields.insert("temp".to_owned(), json!(3650));
        }
        if dialect == Dialect::Aiface {
            fields.insert("image".to_owned(), json!(PHOTO));
        }
        if faults.has(Fault::OversizePhoto) {
            fields.insert("image".to_owned(), json!("A".repeat(OVERSIZE_PHOTO_BYTES)));
        }
        row
    }
}

/// Somebody enrolled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct User {
    /// The name shown.
    pub name: String,
    /// 0 user, 1 administrator, 2 may enrol users.
    pub admin: i64,
    /// Whether the door opens.
    pub is_enabled: bool,
    /// Credentials by slot, verbatim.
    pub records: BTreeMap<i64, Value>,
    /// Access windows, as `setuserlock` said them.
    pub lock: Map<String, Value>,
}

/// Everything that survives a reboot.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The log, oldest first.
    pub rows: Vec<Row>,
    /// How many of the rows the server has acknowledged.
    pub read: usize,
    /// The number of the next batch; begins anew with an empty log.
    pub next_index: i64,
    /// Who is enrolled.
    pub users: BTreeMap<u64, User>,
    /// Credentials that the server has not acknowledged.
    pub unsent_users: BTreeSet<(u64, i64)>,
    /// Whether the reader works; a server may stop it.
    pub is_enabled: bool,
}

impl Memory {
    /// An empty memory of a reader that works.
    #[must_use]
    pub fn new() -> Self {
        Self { is_enabled: true, next_index: 1, ..Self::default() }
    }

    /// Rows that the server has not acknowledged.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.rows.len() - self.read
    }

    /// Enrols somebody with one credential; the server will be told.
    pub fn enrol(&mut self, enrol_id: u64, name: &str, slot: i64, record: Value) {
        let user = self.users.entry(enrol_id).or_insert_with(|| User { is_enabled: true, ..User::default() });
        name.clone_into(&mut user.name);
        user.records.insert(slot, record);
        self.unsent_users.insert((enrol_id, slot));
    }

    /// Empties the log; numbers of batches begin anew.
    pub fn clean_log(&mut self) {
        self.rows.clear();
        self.read = 0;
        self.next_index = 0;
    }

    /// Forgets everybody.
    pub fn clean_users(&mut self) {
        self.users.clear();
        self.unsent_users.clear();
    }

    /// One row for each credential, as `getuserlist` lists them.
    #[must_use]
    pub fn user_list(&self, faults: &Faults) -> Vec<Value> {
        let admin = |user: &User| match faults.has(Fault::AdminAsText) {
            true => json!(user.admin.to_string()),
            false => json!(user.admin),
        };
        let rows = |(id, user): (&u64, &User)| {
            let (id, admin) = (*id, admin(user));
            let slots: Vec<i64> = user.records.keys().copied().collect();
            slots.into_iter().map(move |slot| json!({ "enrollid": id, "admin": admin, "backupnum": slot }))
        };
        self.users.iter().flat_map(rows).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emptied_log_begins_its_numbers_anew() {
        let mut memory = Memory::new();
        memory.rows.push(Row { enrol_id: 1, time: String::new(), mode: 1, in_out: 0, event: 0 });
        assert_eq!((memory.unread(), memory.next_index), (1, 1));

        memory.clean_log();

        assert_eq!((memory.unread(), memory.next_index), (0, 0));
    }

    #[test]
    fn the_list_has_a_row_for_each_credential() {
        let mut memory = Memory::new();
        memory.enrol(7, "Ama", 0, json!("00ff(3)"));
        memory.enrol(7, "Ama", 11, json!(3_390_021));

        let list = memory.user_list(&Faults::from_iter([Fault::AdminAsText]));

        assert_eq!(list[1], json!({ "enrollid": 7, "admin": "0", "backupnum": 11 }));
        assert_eq!((list.len(), memory.unsent_users.len()), (2, 2));
    }
}
