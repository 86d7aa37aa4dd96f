//! The fleet at this moment: which boxes are connected, what they said last, whether two of them share an
//! identity.
//!
//! Pure, and forgotten at the end of the process: what must survive is in the store. An agent draws an instance
//! id at each start, and an instance that another one replaced is dead. One that speaks again after that proves
//! that two boxes live under one identity; this is told once per episode.

use std::collections::{BTreeMap, VecDeque};

use vigie_shared::id::{BootId, InstanceId, SiteId};
use vigie_shared::wire::{Heartbeat, Hello};

use crate::store::diary::{Entry, Level};

pub mod board;
pub mod completeness;

pub use board::{Board, FleetView};

/// Instances remembered per site: a box that restarts more often than this between two words of its twin hides it.
const REPLACED_MAX: usize = 16;

/// An episode of two boxes with one identity is over when only one of them spoke for this long.
const EPISODE_MS: i64 = 60 * 60 * 1000;

/// One connection, numbered by the gateway in the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its number.
    pub id: u64,
    /// Where the box called from.
    pub peer: String,
    /// When, milliseconds since 1970 UTC.
    pub since_ms: i64,
}

/// What is known of one box without asking the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoxNow {
    /// The present connection.
    pub connection: Option<Connection>,
    /// When the box last said anything, milliseconds since 1970 UTC.
    pub heard_ms: Option<i64>,
    /// Program version of its agent.
    pub version: Option<String>,
    /// Its last pulse.
    pub heartbeat: Option<Heartbeat>,
    /// Whether two live boxes present this identity.
    pub is_cloned: bool,
}

/// Every box that was heard of since the hub's start.
#[derive(Default)]
pub struct Fleet {
    boxes: BTreeMap<SiteId, Memo>,
}

#[derive(Default)]
struct Memo {
    now: BoxNow,
    speaker: Option<Voice>,
    replaced: VecDeque<Voice>,
    /// When an instance last came back, as long as the episode lasts.
    came_back_ms: Option<i64>,
}

/// Who spoke: one start of an agent.
#[derive(Clone)]
struct Voice {
    instance: InstanceId,
    boot: BootId,
    peer: Option<String>,
}

impl Fleet {
    /// A box connected; a later connection of a site replaces an earlier one.
    pub fn on_connected(&mut self, site: &SiteId, connection: Connection) {
        let now = &mut self.memo(site).now;
        if now.connection.as_ref().is_none_or(|present| present.id <= connection.id) {
            now.connection = Some(connection);
        }
    }

    /// A connection ended.
    pub fn on_disconnected(&mut self, site: &SiteId, id: u64) {
        let now = &mut self.memo(site).now;
        if now.connection.as_ref().is_some_and(|present| present.id == id) {
            now.connection = None;
        }
    }

    /// A box opened its conversation; returns the alarm if it is the twin of another one.
    pub fn on_hello(&mut self, site: &SiteId, hello: &Hello, now_ms: i64) -> Option<Entry> {
        let memo = self.memo(site);
        memo.now.heard_ms = Some(now_ms);
        memo.now.version = Some(hello.version.clone());
        let peer = memo.now.connection.as_ref().map(|connection| connection.peer.clone());
        let voice = Voice { instance: hello.instance, boot: hello.stamp.boot, peer };
        memo.end_episode(now_ms);
        let twin = memo.speak(voice.clone())?;
        let is_new = memo.came_back_ms.replace(now_ms).is_none();
        memo.now.is_cloned = true;
        is_new.then(|| twins(site, &voice, &twin, now_ms))
    }

    /// A box's pulse.
    pub fn on_heartbeat(&mut self, site: &SiteId, heartbeat: Heartbeat, now_ms: i64) {
        let memo = self.memo(site);
        memo.now.heard_ms = Some(now_ms);
        memo.now.heartbeat = Some(heartbeat);
        memo.end_episode(now_ms);
    }

    /// Facts of a box arrived, or anything else that shows that it lives.
    pub fn on_heard(&mut self, site: &SiteId, now_ms: i64) {
        self.memo(site).now.heard_ms = Some(now_ms);
    }

    /// The owner sorted out which box is the right one, as by `site replace`.
    pub fn on_repaired(&mut self, site: &SiteId) {
        let memo = self.memo(site);
        (memo.speaker, memo.came_back_ms, memo.now.is_cloned) = (None, None, false);
        memo.replaced.clear();
    }

    /// Everything that is known.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<SiteId, BoxNow> {
        self.boxes.iter().map(|(site, memo)| (site.clone(), memo.now.clone())).collect()
    }

    /// What is known of one site; the default if nothing is.
    #[must_use]
    pub fn site(&self, site: &SiteId) -> BoxNow {
        self.boxes.get(site).map(|memo| memo.now.clone()).unwrap_or_default()
    }

    fn memo(&mut self, site: &SiteId) -> &mut Memo {
        self.boxes.entry(site.clone()).or_default()
    }
}

impl Memo {
    /// Notes who speaks; returns the one who spoke before if this voice had been replaced.
    fn speak(&mut self, voice: Voice) -> Option<Voice> {
        if let Some(speaker) = self.speaker.as_mut().filter(|speaker| speaker.instance == voice.instance) {
            *speaker = voice;
            return None;
        }
        let came_back = self.replaced.iter().position(|dead| dead.instance == voice.instance);
        came_back.map(|at| self.replaced.remove(at));
        let before = self.speaker.replace(voice);
        if self.replaced.len() == REPLACED_MAX {
            self.replaced.pop_front();
        }
        self.replaced.extend(before.clone());
        came_back.and(before)
    }

    fn end_episode(&mut self, now_ms: i64) {
        if self.came_back_ms.is_some_and(|last_ms| now_ms.saturating_sub(last_ms) >= EPISODE_MS) {
            self.came_back_ms = None;
            self.now.is_cloned = false;
        }
    }
}

fn twins(site: &SiteId, one: &Voice, other: &Voice, at_ms: i64) -> Entry {
    let describe = |voice: &Voice| match &voice.peer {
        Some(peer) => format!("boot {} at {peer}", voice.boot),
        None => format!("boot {}", voice.boot),
    };
    let text = format!(
        "Two live boxes present themselves as {site}: {} and {}. Nothing is lost: their records are kept apart. \
         Run `vigie-hub site replace {site}` and register the right one with the new token; erase the other card.",
        describe(one),
        describe(other)
    );
    Entry { at_ms, site: Some(site.clone()), level: Level::Alarm, kind: "two_boxes".to_owned(), text }
}

#[cfg(test)]
mod tests {
    use vigie_shared::wire::Stamp;

    use super::*;

    fn site() -> SiteId {
        "a".parse().unwrap()
    }

    fn hello(instance: u8, boot: u8) -> Hello {
        let stamp = Stamp { boot: BootId([boot; 16]), uptime_ms: 1, wall_ms: 1, is_synced: true };
        Hello { version: "1.2".to_owned(), instance: InstanceId([instance; 16]), stamp, lanes: Vec::new() }
    }

    fn connection(id: u64) -> Connection {
        Connection { id, peer: format!("10.0.0.{id}:5000"), since_ms: 1 }
    }

    #[test]
    fn a_box_that_restarts_and_reconnects_is_no_twin() {
        let mut fleet = Fleet::default();
        for (instance, boot) in [(1, 1), (1, 1), (2, 1), (2, 1), (3, 2), (4, 2)] {
            assert_eq!(fleet.on_hello(&site(), &hello(instance, boot), 0), None);
        }
        assert!(!fleet.site(&site()).is_cloned);
    }

    #[test]
    fn an_instance_that_comes_back_betrays_two_boxes_once_per_episode() {
        let mut fleet = Fleet::default();
        let mut speak = |instance: u8, now_ms| {
            fleet.on_connected(&site(), connection(u64::from(instance)));
            let told = fleet.on_hello(&site(), &hello(instance, instance), now_ms);
            (told, fleet.site(&site()).is_cloned)
        };
        assert_eq!(speak(1, 0), (None, false));
        assert_eq!(speak(2, 1), (None, false));

        let (told, is_cloned) = speak(1, 2);
        let text = told.unwrap().text;
        assert!(is_cloned);
        for part in ["site replace a", &BootId([1; 16]).to_string(), &BootId([2; 16]).to_string()] {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
        assert_eq!(speak(2, 3), (None, true), "told already");
        assert_eq!(speak(2, 3 + EPISODE_MS), (None, false), "the other one has been silent");
        assert!(speak(1, 4 + EPISODE_MS).0.is_some(), "a new episode");
    }

    #[test]
    fn after_the_repair_the_right_box_is_welcome() {
        let mut fleet = Fleet::default();
        for instance in [1, 2, 1] {
            fleet.on_hello(&site(), &hello(instance, instance), 0);
        }
        fleet.on_repaired(&site());
        assert!(!fleet.site(&site()).is_cloned);
        assert_eq!(fleet.on_hello(&site(), &hello(2, 2), 1), None);
    }

    #[test]
    fn the_newest_connection_counts_whatever_order_the_news_come_in() {
        let mut fleet = Fleet::default();
        fleet.on_connected(&site(), connection(2));
        fleet.on_connected(&site(), connection(1));
        fleet.on_disconnected(&site(), 1);
        assert_eq!(fleet.site(&site()).connection, Some(connection(2)));
        fleet.on_disconnected(&site(), 2);
        assert_eq!(fleet.site(&site()).connection, None);
    }
}
