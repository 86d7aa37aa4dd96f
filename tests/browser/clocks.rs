//! Time clocks of a scene: a real box with a door, and simulated terminals that call there.

use std::net::SocketAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::processes::{free_port, wait_for};
use vigie_tests::terminals::device::{Make, Timers};
use vigie_tests::terminals::memory::Row;
use vigie_tests::terminals::{Device, Terminal};

use crate::scene::Scene;

/// The zone of the site and its terminals.
pub(crate) const ZONE: &str = "Europe/Paris";

/// Names of weekdays as schedules have them, from Monday on.
pub(crate) const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Ways of a row.
pub(crate) const IN: i32 = 0;
pub(crate) const OUT: i32 = 1;

/// The door of a box of the site Metz. Its terminals hang up when it goes.
pub(crate) struct Clocks {
    door: SocketAddr,
    lifecycle: Lifecycle,
}

impl Drop for Clocks {
    fn drop(&mut self) {
        self.lifecycle.stop();
    }
}

impl Clocks {
    /// Adds the site, and starts its box with these lines behind `[terminals]`.
    pub(crate) async fn open(scene: &mut Scene, settings: &str) -> Self {
        let site = json!({ "id": "metz", "name": "Metz", "zone": ZONE });
        scene.hub.post("/api/v1/sites", &site).await.unwrap();
        let door = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let settings = format!("[terminals]\nenabled = true\nlisten = \"{door}\"\nzone = \"{ZONE}\"\n{settings}");
        let mut agent = scene.register("metz", &settings).await;
        agent.start().unwrap();
        scene.boxes.push(agent);
        Self { door, lifecycle: Lifecycle::new() }
    }

    /// What ends with the door.
    pub(crate) fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// Switches an honest terminal on, with these people enrolled.
    pub(crate) fn terminal(&self, serial: &str, people: &[(u64, &str)]) -> Terminal {
        self.made(Make::honest(serial), people)
    }

    /// The same as one is made.
    pub(crate) fn made(&self, make: Make, people: &[(u64, &str)]) -> Terminal {
        let timers = Timers { reconnect_ms: 100, register_again_ms: 1_000, ..Timers::default() };
        // Terminals know no zone: their local time counts like UTC.
        let local = Timestamp::now().in_tz(ZONE).unwrap().datetime();
        let local_ms = TimeZone::UTC.to_timestamp(local).unwrap().as_millisecond();
        let mut device = Device::new(Make { timers, ..make }, local_ms, 0);
        for (number, name) in people {
            device.memory.enrol(*number, name, 0, json!("aa(2)"));
        }
        Terminal::start_device(device, self.door, &self.lifecycle)
    }
}

/// Puts rows into a terminal's log that it made then: number, local time, way.
pub(crate) async fn punched(terminal: &Terminal, rows: &[(u64, String, i32)]) {
    terminal.until("its acceptance", Device::is_registered).await.unwrap();
    terminal.with(|device| {
        let row = |(number, time, way): &(u64, String, i32)| Row {
            enrol_id: *number,
            time: time.clone(),
            mode: 1,
            in_out: *way,
            event: 0,
        };
        device.memory.rows.extend(rows.iter().map(row));
    });
    terminal.until("the acknowledgement", |device| device.memory.unread() == 0).await.unwrap();
}

/// Yesterday by the hub's clock: over everywhere in Europe.
pub(crate) fn yesterday() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date().yesterday().unwrap()
}

/// Everybody's day of that date, as the hub judges it.
pub(crate) async fn days(scene: &Scene, date: Date) -> Vec<Value> {
    let page = scene.hub.get(&format!("/api/v1/attendance?from={date}")).await.unwrap();
    page["items"].as_array().cloned().unwrap_or_default()
}

/// Waits until everybody's punches of a day have come and nothing changes it any more. A terminal that has nothing to
/// send makes a day of absence final as well, for as long as its rows are on their way.
pub(crate) async fn wait_until_final(scene: &Scene, date: Date) {
    let is_final = async || {
        let days = days(scene, date).await;
        let is_there = |day: &Value| !day["findings"].as_array().unwrap().contains(&json!({ "is": "absent" }));
        !days.is_empty() && days.iter().all(|day| day["mark"] != "provisional" && is_there(day))
    };
    let ended = wait_for("a final day", is_final).await;
    assert!(ended.is_ok(), "{:#?}", days(scene, date).await);
}
