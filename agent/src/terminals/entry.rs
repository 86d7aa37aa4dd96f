//! What happens when a terminal registers, and when its connection ends.

use std::net::IpAddr;

use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{AlarmKind, BoxAlarm, Standing, TerminalState};

use super::clock::Zone;
use super::frame::Frame;
use super::hall::{Hall, Link, State};
use super::health::Device;
use super::limits::millis;
use super::registry::Call;
use super::reply::Reply;
use super::serial::Serial;
use super::session::Close;

/// Strangers raise at most one alarm in this time; the list shows them all.
const STRANGERS_MS: u64 = 600_000;

/// What follows from a registration.
pub(super) struct Entry {
    /// The answer; it goes out before anything else.
    pub(super) reply: String,
    /// Whether the connection is the terminal's from here on.
    pub(super) is_admitted: bool,
    /// Whether it must be opened for people again.
    pub(super) must_enable: bool,
    /// What somebody should know.
    pub(super) tell: Vec<Reading>,
}

/// A terminal that may deliver, as it calls.
struct Caller<'a> {
    serial: &'a Serial,
    address: IpAddr,
    device: Device,
    link: &'a Link,
    /// What its hardware shows that it did not show before.
    changed: Option<String>,
}

impl Hall {
    /// A terminal registers on a connection. A newer connection takes the place of an older one.
    pub(super) fn register(&self, serial: &Serial, address: IpAddr, frame: &Frame, link: &Link) -> Entry {
        let (now_ms, device) = (self.now_ms(), Device::read(frame));
        let mut state = self.lock();
        match state.registry.on_call(serial, Some(address), &device.hardware, now_ms) {
            Call::Admitted { changed } => {
                let caller = Caller { serial, address, device, link, changed };
                self.admit_call(&mut state, caller)
            }
            Call::Pending { is_first } => {
                let mut tell = Vec::new();
                if is_first {
                    let zone = self.terms(&state, serial).zone;
                    tell.push(stranger(serial, address, &device, &zone));
                    tell.extend(state.stranger_alarm(serial, address, now_ms));
                }
                refused("not admitted yet", tell)
            }
            Call::TurnedAway => refused("not admitted yet", Vec::new()),
            Call::Refused => refused("refused", Vec::new()),
            Call::Changed(what) => {
                self.recall(&mut state, serial);
                let text = format!(
                    "terminal {serial} shows other hardware than before ({what}) and is refused, because \
                     `terminals.strict` is on; if it was exchanged, admit it anew: vigie-agent terminal admit {serial}"
                );
                let alarm = state.terminals.get_mut(serial);
                let alarm = alarm.and_then(|known| known.alarm(AlarmKind::TerminalChanged, text, now_ms));
                refused("other hardware", alarm.into_iter().collect())
            }
        }
    }

    fn admit_call(&self, state: &mut State, caller: Caller<'_>) -> Entry {
        let Caller { serial, address, device, link, changed } = caller;
        let (now_ms, (wall_ms, is_synced)) = (self.now_ms(), self.wall());
        let is_new_link = match state.links.insert(serial.clone(), link.clone()) {
            Some(before) if before.id != link.id => {
                before.ends.send_replace(Some(Close::TakenOver));
                true
            }
            Some(_) => false,
            None => true,
        };
        self.recall(state, serial);
        let State { terminals, .. } = state;
        let Some(terminal) = terminals.get_mut(serial) else { return refused("refused", Vec::new()) };
        (terminal.address, terminal.is_connected) = (Some(address), true);
        let mut tell: Vec<Reading> = terminal.on_registered(device, wall_ms, now_ms).into_iter().collect();
        if let Some(what) = changed {
            let text = format!(
                "terminal {serial} shows other hardware than before: {what}; if nobody exchanged it, somebody may \
                 pretend to be it"
            );
            tell.extend(terminal.alarm(AlarmKind::TerminalChanged, text, now_ms));
        }
        let cloudtime = terminal.time_to_show(wall_ms, is_synced);
        if cloudtime.is_some() {
            terminal.clock.correct(wall_ms);
        }
        let every_ms = if is_new_link { 0 } else { millis(self.parts.limits.state_every) };
        tell.extend(terminal.state(Standing::Admitted, now_ms, every_ms));
        let nosenduser = Some(!terminal.terms.tells_enrolments);
        let reply = Reply { cloudtime: cloudtime.as_deref(), nosenduser, ..Reply::done("reg") }.text();
        let must_enable = terminal.is_disabled && is_new_link;
        self.is_dirty.notify_one();
        Entry { reply, is_admitted: true, must_enable, tell }
    }

    /// A connection ended. Only that of the terminal's newest connection says that it is away.
    pub(super) fn leave(&self, serial: &Serial, id: u64) -> Option<Reading> {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        state.links.get(serial).filter(|link| link.id == id)?;
        state.links.remove(serial);
        let standing = state.registry.standing(serial).unwrap_or(Standing::Pending);
        let terminal = state.terminals.get_mut(serial)?;
        terminal.is_connected = false;
        terminal.state(standing, now_ms, millis(self.parts.limits.state_every))
    }

    /// A person decides about a terminal; one that is refused loses its connection.
    pub(super) fn decide(&self, serial: &Serial, is_admitted: bool) -> Result<Option<Reading>, String> {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        state.registry.decide(serial, is_admitted)?;
        if !is_admitted && let Some(link) = state.links.get(serial) {
            link.ends.send_replace(Some(Close::Refused));
        }
        self.recall(&mut state, serial);
        let standing = if is_admitted { Standing::Admitted } else { Standing::Refused };
        Ok(state.terminals.get_mut(serial).and_then(|terminal| terminal.state(standing, now_ms, 0)))
    }

    /// A person says in which zone a terminal stands. The zone that holds now, and how the terminal is by it.
    pub(super) fn place(&self, serial: &Serial, zone: Option<Zone>) -> Result<(Zone, Option<Reading>), String> {
        if let Some(own) = self.config.terminal.get(serial).and_then(|exception| exception.zone.as_ref()) {
            let text = format!(
                "this box's settings say that terminal {serial} stands in {}, and they hold above commands: change \
                 `terminals.terminal.{serial}.zone` there",
                own.name()
            );
            return Err(text);
        }
        let (now_ms, (wall_ms, _)) = (self.now_ms(), self.wall());
        let mut state = self.lock();
        state.registry.place(serial, zone)?;
        self.recall(&mut state, serial);
        let zone = self.terms(&state, serial).zone;
        let terminal = state.terminals.get_mut(serial);
        let told = terminal.and_then(|terminal| {
            terminal.move_to(zone.clone(), wall_ms);
            terminal.state(Standing::Admitted, now_ms, 0)
        });
        Ok((zone, told))
    }
}

impl State {
    fn stranger_alarm(&mut self, serial: &Serial, address: IpAddr, now_ms: u64) -> Option<Reading> {
        let is_recent = self.strangers_ms.is_some_and(|told_ms| now_ms.saturating_sub(told_ms) < STRANGERS_MS);
        if is_recent {
            return None;
        }
        self.strangers_ms = Some(now_ms);
        let text = format!(
            "terminal {serial} at {address} wants to deliver and nobody admitted it; it keeps its log; if it is yours: \
             vigie-agent terminal admit {serial}"
        );
        Some(Reading::Alarm(BoxAlarm { kind: AlarmKind::TerminalPending, text }))
    }
}

fn refused(reason: &str, tell: Vec<Reading>) -> Entry {
    Entry { reply: Reply::refused("reg", reason).text(), is_admitted: false, must_enable: false, tell }
}

/// How a terminal is that nobody admitted.
fn stranger(serial: &Serial, address: IpAddr, device: &Device, zone: &Zone) -> Reading {
    Reading::TerminalState(TerminalState {
        terminal: serial.to_string(),
        standing: Standing::Pending,
        is_connected: true,
        heard_ago_s: Some(0),
        address: Some(address),
        hardware: device.hardware.clone(),
        zone: zone.name().to_owned(),
        clock_ahead_ms: None,
        room: device.room.clone(),
        unsent: device.unsent,
        violations: 0,
    })
}
