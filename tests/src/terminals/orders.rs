//! What a terminal answers to the server's commands: pure, on its memory.

use serde_json::{Map, Value, json};

use super::clock::DeviceClock;
use super::dialect::Dialect;
use super::fault::{Fault, Faults};
use super::memory::{Memory, Row, User};

/// Rows of a page of users.
const USER_PAGE: usize = 40;
/// Rows of a page of the log.
const LOG_PAGE: usize = 50;

/// What follows from a command.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// This is said.
    Say(Value),
    /// Nothing is said.
    Silence,
    /// The terminal restarts without a word.
    Restart,
}

/// Where the terminal stands in what it is asked for page by page.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    users: usize,
    log: Vec<Row>,
    log_at: usize,
}

/// A terminal's parts that commands are about.
pub struct Desk<'a> {
    /// Its family.
    pub dialect: Dialect,
    /// What is wrong with it.
    pub faults: &'a Faults,
    /// What it stores.
    pub memory: &'a mut Memory,
    /// Its clock.
    pub clock: &'a mut DeviceClock,
    /// Where it stands in its lists.
    pub pages: &'a mut Pages,
    /// Whether it knows what a schedule is.
    pub knows_schedules: bool,
}

impl Desk<'_> {
    /// Does what is asked.
    pub fn answer(&mut self, command: &str, ask: &Value, now_ms: u64) -> Reply {
        let done = json!({ "ret": command, "result": true });
        let reply = match command {
            "reboot" => return Reply::Restart,
            "getuserlist" | "getnewlog" | "getalllog" => self.page(command, ask),
            "gettime" => json!({ "ret": command, "time": self.clock.read(now_ms) }),
            "settime" => {
                self.clock.set(ask["cloudtime"].as_str().unwrap_or_default(), now_ms);
                done
            }
            "getdevinfo" => json!({ "ret": command, "result": true, "deviceid": 1, "volume": 5, "userfpnum": 3 }),
            "getdevlock" => json!({ "ret": command, "result": true, "opendelay": 5, "antpass": 0 }),
            "setdevinfo" | "setdevlock" | "opendoor" => done,
            "setschedule" if self.knows_schedules => done,
            "cleanlog" => {
                self.memory.clean_log();
                done
            }
            "cleanuser" => {
                self.memory.clean_users();
                done
            }
            "initsys" => {
                self.memory.clean_log();
                self.memory.clean_users();
                done
            }
            "cleanadmin" => {
                self.memory.users.values_mut().for_each(|user| user.admin = 0);
                done
            }
            "disabledevice" | "enabledevice" => {
                self.memory.is_enabled = command == "enabledevice";
                done
            }
            "setusername" | "setuserlock" => self.many(command, ask),
            "getuserinfo" | "setuserinfo" | "deleteuser" | "getusername" | "enableuser" | "getuserlock"
            | "deleteuserlock" => self.one(command, ask),
            _ => return self.dialect.unknown_command(command).map_or(Reply::Silence, Reply::Say),
        };
        Reply::Say(self.without_result(reply))
    }

    fn without_result(&self, mut reply: Value) -> Value {
        if self.faults.has(Fault::ReplyWithoutResult)
            && let Value::Object(fields) = &mut reply
            && fields.get("result") == Some(&Value::Bool(true))
        {
            fields.remove("result");
        }
        reply
    }

    /// The next page of a list, or with `stn` its first.
    fn page(&mut self, command: &str, ask: &Value) -> Value {
        let is_first = ask["stn"] == json!(true) || ask["stn"] == json!(1);
        let (all, at, page) = if command == "getuserlist" {
            let at = if is_first { 0 } else { self.pages.users };
            (self.memory.user_list(self.faults), at, USER_PAGE)
        } else {
            if is_first {
                self.pages.log = self.asked_rows(command, ask);
                self.pages.log_at = 0;
            }
            let rows = self.pages.log.iter().map(|row| row.json(self.dialect, self.faults));
            (rows.collect(), self.pages.log_at, LOG_PAGE)
        };
        let from = if self.faults.has(Fault::PagesRestart) && !is_first { 0 } else { at.min(all.len()) };
        let mut rows: Vec<Value> = all.iter().skip(from).take(page).cloned().collect();
        if rows.is_empty() && self.faults.has(Fault::EndlessPages) {
            rows = all.iter().take(page).cloned().collect();
        }
        let next = at + rows.len();
        if command == "getuserlist" {
            self.pages.users = next;
        } else {
            self.pages.log_at = next;
        }
        if command == "getnewlog" {
            self.memory.read = self.memory.read.max(self.memory.rows.len() - self.pages.log.len() + from + rows.len());
        }
        let to = if self.faults.has(Fault::ToExclusive) { next } else { next.saturating_sub(1) };
        let count = if self.faults.has(Fault::CountTotal) { all.len() } else { rows.len() };
        let from = if self.faults.has(Fault::EndlessPages) { at } else { from };
        json!({ "ret": command, "result": true, "count": count, "from": from, "to": to, "record": rows })
    }

    fn asked_rows(&self, command: &str, ask: &Value) -> Vec<Row> {
        if command == "getnewlog" {
            return self.memory.rows.iter().skip(self.memory.read).cloned().collect();
        }
        let day = |key: &str| ask[key].as_str().map(|text| text.get(..10).unwrap_or(text).to_owned());
        let (from, to) = (day("from").unwrap_or_default(), day("to").unwrap_or_else(|| "9".to_owned()));
        let is_within = |row: &&Row| {
            let day = row.time.get(..10).unwrap_or_default();
            day >= from.as_str() && day <= to.as_str()
        };
        self.memory.rows.iter().filter(is_within).cloned().collect()
    }

    fn many(&mut self, command: &str, ask: &Value) -> Value {
        let most = if command == "setusername" { 50 } else { 40 };
        let rows = ask["record"].as_array().map_or(&[][..], Vec::as_slice);
        if rows.len() > most || ask["count"].as_u64() != Some(rows.len() as u64) {
            return json!({ "ret": command, "result": false, "reason": 1 });
        }
        for row in rows {
            let Some(id) = row["enrollid"].as_u64() else { continue };
            let user = self.memory.users.entry(id).or_insert_with(|| User { is_enabled: true, ..User::default() });
            if let Some(name) = row["name"].as_str() {
                name.clone_into(&mut user.name);
            }
            if command == "setuserlock"
                && let Value::Object(fields) = row
            {
                user.lock.extend(fields.clone());
            }
        }
        json!({ "ret": command, "result": true })
    }

    fn one(&mut self, command: &str, ask: &Value) -> Value {
        let Some(id) = ask["enrollid"].as_u64() else { return json!({ "ret": command, "result": false, "reason": 1 }) };
        let slot = ask["backupnum"].as_i64().unwrap_or(0);
        let done = json!({ "ret": command, "result": true });
        if command == "setuserinfo" {
            return self.set_user(id, slot, ask);
        }
        let Some(user) = self.memory.users.get_mut(&id) else { return self.dialect.nothing_there(command) };
        match command {
            "getusername" => json!({ "ret": command, "result": true, "record": user.name }),
            "getuserlock" => {
                let mut fields: Map<String, Value> = user.lock.clone();
                fields.extend([("ret".to_owned(), json!(command)), ("result".to_owned(), json!(true))]);
                Value::Object(fields)
            }
            "enableuser" => {
                user.is_enabled = ask["enflag"] == json!(1);
                done
            }
            "deleteuserlock" => {
                user.lock.clear();
                done
            }
            "getuserinfo" => match user.records.get(&slot) {
                Some(record) => json!({
                    "ret": command, "result": true, "enrollid": id, "name": user.name, "backupnum": slot,
                    "admin": user.admin, "record": record
                }),
                None => self.dialect.nothing_there(command),
            },
            _ => self.delete(id, slot),
        }
    }

    fn set_user(&mut self, id: u64, slot: i64, ask: &Value) -> Value {
        let user = self.memory.users.entry(id).or_insert_with(|| User { is_enabled: true, ..User::default() });
        if let Some(name) = ask["name"].as_str() {
            name.clone_into(&mut user.name);
        }
        user.admin = ask["admin"].as_i64().unwrap_or(user.admin);
        if !ask["record"].is_null() {
            user.records.insert(slot, ask["record"].clone());
        }
        json!({ "ret": "setuserinfo", "result": true, "enrollid": id, "backupnum": slot })
    }

    fn delete(&mut self, id: u64, slot: i64) -> Value {
        let done = json!({ "ret": "deleteuser", "result": true });
        if self.faults.has(Fault::DeletesNothing) && slot >= 12 {
            return done;
        }
        let is_whole = slot == 13;
        if let Some(user) = self.memory.users.get_mut(&id) {
            user.records.retain(|have, _| *have != slot && !(slot == 12 && *have < 10));
        }
        if is_whole {
            self.memory.users.remove(&id);
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        memory: Memory,
        clock: DeviceClock,
        pages: Pages,
        faults: Faults,
        dialect: Dialect,
    }

    impl Bench {
        fn new(users: u64, faults: &[Fault]) -> Self {
            let mut memory = Memory::new();
            (1..=users).for_each(|id| memory.enrol(id, "N", 0, json!("aa")));
            let faults: Faults = faults.iter().copied().collect();
            let clock = DeviceClock::new(1_935_835_200_000, &faults, 0);
            Self { memory, clock, pages: Pages::default(), faults, dialect: Dialect::Classic }
        }

        fn ask(&mut self, ask: &Value) -> Reply {
            let Self { memory, clock, pages, faults, dialect } = self;
            let mut desk = Desk { dialect: *dialect, faults, memory, clock, pages, knows_schedules: false };
            desk.answer(ask["cmd"].as_str().unwrap(), ask, 0)
        }

        /// Count, from, to and rows of the next page.
        fn page(&mut self, is_first: bool) -> (u64, u64, u64, usize) {
            let Reply::Say(page) = self.ask(&json!({ "cmd": "getuserlist", "stn": is_first })) else {
                panic!("a page is said")
            };
            let number = |key: &str| page[key].as_u64().unwrap();
            (number("count"), number("from"), number("to"), page["record"].as_array().unwrap().len())
        }
    }

    #[test]
    fn pages_are_counted_each_for_itself_or_all_together_and_end_with_or_behind_their_last_row() {
        let mut plain = Bench::new(95, &[]);
        assert_eq!(
            [plain.page(true), plain.page(false), plain.page(false)],
            [(40, 0, 39, 40), (40, 40, 79, 40), (15, 80, 94, 15)]
        );
        assert_eq!(plain.page(false), (0, 95, 94, 0));
        let mut other = Bench::new(95, &[Fault::ToExclusive, Fault::CountTotal]);
        assert_eq!([other.page(true), other.page(false)], [(95, 0, 40, 40), (95, 40, 80, 40)]);
    }

    #[test]
    fn bad_lists_have_no_end_or_begin_anew() {
        let mut endless = Bench::new(50, &[Fault::EndlessPages]);
        let pages: Vec<_> = (0..9).map(|at| endless.page(at == 0)).collect();
        assert!(pages.windows(2).all(|pair| pair[0].1 < pair[1].1 && pair[1].3 > 0), "{pages:?}");
        let mut again = Bench::new(95, &[Fault::PagesRestart]);
        assert_eq!([again.page(true).1, again.page(false).1], [0, 0]);
    }

    #[test]
    fn a_command_that_it_does_not_know_is_met_with_silence_or_with_words() {
        let mut bench = Bench::new(0, &[]);
        assert_eq!(bench.ask(&json!({ "cmd": "setschedule" })), Reply::Silence);
        bench.dialect = Dialect::Aiface;
        let Reply::Say(reply) = bench.ask(&json!({ "cmd": "setschedule" })) else { panic!("it answers") };
        assert_eq!(reply["result"], false);
    }

    #[test]
    fn a_name_sets_only_as_many_as_fit() {
        let mut bench = Bench::new(0, &[]);
        let names = |count: u64| {
            let rows: Vec<Value> = (1..=count).map(|id| json!({ "enrollid": id, "name": "Éloïse" })).collect();
            json!({ "cmd": "setusername", "count": count, "record": rows })
        };
        assert_eq!(bench.ask(&names(51)), Reply::Say(json!({ "ret": "setusername", "result": false, "reason": 1 })));
        assert_eq!(bench.ask(&names(50)), Reply::Say(json!({ "ret": "setusername", "result": true })));
        assert_eq!(bench.memory.users[&50].name, "Éloïse");
    }

    #[test]
    fn deleting_removes_a_slot_the_fingers_or_the_whole_user() {
        let mut bench = Bench::new(1, &[]);
        bench.memory.enrol(1, "N", 11, json!(5));
        let delete = |slot: i64| json!({ "cmd": "deleteuser", "enrollid": 1, "backupnum": slot });
        bench.ask(&delete(12));
        assert_eq!(bench.memory.users[&1].records.keys().collect::<Vec<_>>(), [&11]);
        bench.ask(&delete(13));
        assert!(bench.memory.users.is_empty());
    }

    #[test]
    fn asking_for_new_rows_moves_the_mark_and_asking_for_a_period_does_not() {
        let mut bench = Bench::new(0, &[]);
        for day in 1..=3 {
            let time = format!("2031-05-0{day} 08:00:00");
            bench.memory.rows.push(Row { enrol_id: 1, time, mode: 1, in_out: 0, event: 0 });
        }
        let period = json!({ "cmd": "getalllog", "stn": true, "from": "2031-05-02", "to": "2031-05-02" });
        let Reply::Say(page) = bench.ask(&period) else { panic!("a page is said") };
        assert_eq!((page["record"].as_array().unwrap().len(), bench.memory.unread()), (1, 3));
        bench.ask(&json!({ "cmd": "getnewlog", "stn": true }));
        assert_eq!(bench.memory.unread(), 0);
    }
}
