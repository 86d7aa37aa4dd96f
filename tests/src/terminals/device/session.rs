//! What a terminal hears and says on a connection, and when its patience ends.

use serde_json::{Value, json};

use super::super::orders::{Desk, Reply};
use super::{Act, Decision, Device, Fault, HUGE_BATCH, InFlight, OVERLAP, remember, speech};

impl Device {
    /// The connection stands: the first word is the terminal's.
    pub fn on_connected(&mut self, now_ms: u64) -> Vec<Act> {
        self.is_connected = true;
        self.registered_at_ms = now_ms;
        vec![Act::Say(self.registration(now_ms))]
    }

    /// The connection is gone: whatever was not acknowledged will be said again.
    pub fn on_disconnected(&mut self, now_ms: u64) {
        self.is_connected = false;
        self.is_registered = false;
        self.in_flight = None;
        self.user_in_flight = None;
        self.late.clear();
        self.hang_ups += 1;
        self.give_up_waiting(now_ms);
    }

    /// The server said something. What is not JSON is passed over, as small firmwares do.
    pub fn on_message(&mut self, bytes: &[u8], now_ms: u64) -> Vec<Act> {
        let Ok(message) = serde_json::from_slice::<Value>(bytes) else { return Vec::new() };
        if let Some(command) = message["cmd"].as_str() {
            return self.on_command(command, &message, now_ms);
        }
        if let Some(time) = message["cloudtime"].as_str() {
            self.clock.set(time, now_ms);
        }
        let is_good = message["result"] == json!(true);
        match message["ret"].as_str() {
            Some("reg") if is_good => {
                self.is_registered = true;
                self.pushes_users = message["nosenduser"] != json!(true);
                self.pushes_rows = message["nosendlog"] != json!(true);
            }
            Some("sendlog") => self.on_rows_answered(&message, is_good, now_ms),
            Some("senduser") if is_good => {
                if let Some((user, _)) = self.user_in_flight.take() {
                    self.memory.unsent_users.remove(&user);
                }
            }
            _ => {}
        }
        self.push(now_ms)
    }

    /// What is due by itself.
    pub fn poll(&mut self, now_ms: u64) -> Vec<Act> {
        if !self.is_connected {
            return Vec::new();
        }
        let mut acts = Vec::new();
        while self.late.front().is_some_and(|(due_ms, _)| *due_ms <= now_ms) {
            acts.extend(self.late.pop_front().map(|(_, text)| Act::Say(text)));
        }
        let timers = &self.make.timers;
        if !self.is_registered && now_ms >= self.registered_at_ms + timers.register_again_ms {
            self.registered_at_ms = now_ms;
            acts.push(Act::Say(self.registration(now_ms)));
            return acts;
        }
        if self.in_flight.as_ref().is_some_and(|rows| now_ms >= rows.said_at_ms + timers.rows_patience_ms) {
            acts.push(Act::HangUp);
            return acts;
        }
        if self.user_in_flight.is_some_and(|(_, said_at_ms)| now_ms >= said_at_ms + timers.user_again_ms) {
            self.user_in_flight = None;
        }
        acts.extend(self.push(now_ms));
        acts
    }

    /// When [`Device::poll`] has something to do; none if nothing waits.
    #[must_use]
    pub fn due_ms(&self) -> Option<u64> {
        if !self.is_connected {
            return None;
        }
        let timers = &self.make.timers;
        let register = (!self.is_registered).then_some(self.registered_at_ms + timers.register_again_ms);
        let rows = self.in_flight.as_ref().map(|rows| rows.said_at_ms + timers.rows_patience_ms);
        let user = self.user_in_flight.map(|(_, said_at_ms)| said_at_ms + timers.user_again_ms);
        let late = self.late.front().map(|(due_ms, _)| *due_ms);
        [register, rows, user, late].into_iter().flatten().min()
    }

    /// Says what waits to be said: rows first, one message at a time.
    pub(super) fn push(&mut self, now_ms: u64) -> Vec<Act> {
        let mut acts = Vec::new();
        if !self.is_registered {
            return acts;
        }
        if self.pushes_rows && self.in_flight.is_none() && self.memory.unread() > 0 {
            acts.extend(self.push_rows(now_ms));
        }
        if self.pushes_users
            && self.user_in_flight.is_none()
            && let Some((id, slot)) = self.memory.unsent_users.first().copied()
        {
            self.user_in_flight = Some(((id, slot), now_ms));
            acts.extend(self.user_message(id, slot).map(Act::Say));
        }
        acts
    }

    fn push_rows(&mut self, now_ms: u64) -> Vec<Act> {
        let has = |fault| self.make.faults.has(fault);
        let most = if has(Fault::HugeBatch) { HUGE_BATCH } else { self.make.rows_per_message };
        let overlap = if has(Fault::OverlappingBatch) { OVERLAP } else { 0 };
        let from = self.memory.read.saturating_sub(overlap);
        let through = (self.memory.read + most).min(self.memory.rows.len());
        let rows = self.memory.rows.get(from..through).unwrap_or_default();
        let rows: Vec<Value> = rows.iter().map(|row| row.json(self.make.dialect, &self.make.faults)).collect();
        let index = self.memory.next_index;
        let message = json!({
            "cmd": "sendlog", "sn": self.make.serial, "count": rows.len(), "logindex": index, "record": rows
        });
        let text = speech::write(message, &self.make.faults);
        let copies = if has(Fault::DuplicateBatch) { 2 } else { 1 };
        self.in_flight = Some(InFlight { from, through, index, said_at_ms: now_ms, answers: copies });
        (0..copies).map(|_| Act::Say(text.clone())).collect()
    }

    fn on_rows_answered(&mut self, answer: &Value, is_good: bool, now_ms: u64) {
        let Some(rows) = &mut self.in_flight else { return };
        let echoes_index = answer["logindex"].as_i64() == Some(rows.index);
        if !is_good || (self.make.dialect.insists_on_log_index() && !echoes_index) {
            // The rows stay; the end of the patience brings a new connection, and them again.
            return;
        }
        rows.answers -= 1;
        if rows.answers > 0 {
            return;
        }
        let count = answer["count"].as_u64().and_then(|count| usize::try_from(count).ok());
        let read = count.map_or(rows.through, |count| rows.from + count).min(rows.through);
        self.in_flight = None;
        self.acknowledged += 1;
        self.memory.read = self.memory.read.max(read);
        self.memory.next_index += 1;
        if let Some((at, asked_ms)) = self.asked_at_ms.take_if(|(at, _)| *at < read) {
            let enrol_id = self.memory.rows.get(at).map_or(0, |row| row.enrol_id);
            let is_let_in = answer["access"] == json!(1) || answer["access"] == json!(true);
            let is_by_server = !answer["access"].is_null();
            self.decide(Decision { enrol_id, is_let_in, is_by_server, after_ms: now_ms.saturating_sub(asked_ms) });
        }
    }

    fn give_up_waiting(&mut self, now_ms: u64) {
        if let Some((at, asked_ms)) = self.asked_at_ms.take() {
            let enrol_id = self.memory.rows.get(at).map_or(0, |row| row.enrol_id);
            let after_ms = now_ms.saturating_sub(asked_ms);
            self.decide(Decision { enrol_id, is_let_in: false, is_by_server: false, after_ms });
        }
    }

    fn user_message(&self, id: u64, slot: i64) -> Option<Vec<u8>> {
        let user = self.memory.users.get(&id)?;
        let has_text = self.make.faults.has(Fault::AdminAsText);
        let admin = if has_text { json!(user.admin.to_string()) } else { json!(user.admin) };
        let message = json!({
            "cmd": "senduser", "sn": self.make.serial, "enrollid": id, "name": user.name, "backupnum": slot,
            "admin": admin, "record": user.records.get(&slot)?
        });
        Some(speech::write(message, &self.make.faults))
    }

    fn on_command(&mut self, command: &str, ask: &Value, now_ms: u64) -> Vec<Act> {
        remember(&mut self.commands, ask.clone());
        let mut desk = Desk {
            dialect: self.make.dialect,
            faults: &self.make.faults,
            memory: &mut self.memory,
            clock: &mut self.clock,
            pages: &mut self.pages,
            knows_schedules: self.make.knows_schedules,
        };
        let reply = match desk.answer(command, ask, now_ms) {
            Reply::Say(reply) => speech::write(with_serial(reply, &self.make.serial), &self.make.faults),
            Reply::Silence => return Vec::new(),
            Reply::Restart => return vec![Act::HangUp],
        };
        if self.make.faults.has(Fault::LostReplies) {
            return Vec::new();
        }
        if self.make.faults.has(Fault::LateReplies) {
            self.late.push_back((now_ms + self.make.timers.late_ms, reply));
            return Vec::new();
        }
        vec![Act::Say(reply)]
    }
}

fn with_serial(mut reply: Value, serial: &str) -> Value {
    if let Value::Object(fields) = &mut reply {
        fields.insert("sn".to_owned(), json!(serial));
    }
    reply
}
