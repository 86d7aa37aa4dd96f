//! Laws of the projector: each record counts once, and following the facts again gives the same result.

use std::sync::Arc;

use jiff::civil::date;
use proptest::prelude::*;
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::pseudonym::Pseudonym;
use vigie_shared::wire::reading::{
    AlarmKind, BoxAlarm, ClockAnchor, Coverage, DeviceRef, HostSample, LogOrigin, LogRow, Machines as Met, Sight,
    Sighting, Sightings, TerminalLog, TerminalState, TerminalUser, TerminalUsers, TimeSource, UserStretch,
};
use vigie_shared::wire::{Lane, Reading, Record, Stamp};

use super::driver::{Projector, Trail};
use crate::ingest::driver::Onlooker as _;
use crate::presence::Strip;
use crate::presence::span::Span;
use crate::retention::settle;
use crate::store::attendance::{Punch, PunchFilter};
use crate::store::contract::attendance::{MORNING, terminal, told};
use crate::store::facts::{Arrival, Commit, QueueState};
use crate::store::machines::{MACHINES_MAX, tests as machines};
use crate::store::presence::{Sights, StripFilter, Trace};
use crate::store::projections::{Anchor, CoverageSpan, Derived, Device, MetricSample, Step};
use crate::store::{Attendance, Diary, Facts, Machines, Memory, Projections, Strips, Terminals, Upkeep};

fn site() -> SiteId {
    "a".parse().unwrap()
}

/// What a box does next.
#[derive(Debug, Clone)]
enum Event {
    Sample(u16),
    Sight(u8, u16),
    Cover(bool),
    Alarm,
    /// Somebody punches in that second, on a terminal that is so far ahead of the box.
    Punch(u8, Option<i64>),
    /// A terminal tells how full it is.
    Fill(u64),
    /// A machine answers, with a network card, and says who it is or not.
    Meet(u8, bool),
    /// Who is enrolled: in a stretch, or one more.
    Enrol(u64, bool),
    /// Its clock becomes right.
    Sync,
    Reboot,
    Unreadable,
    /// Positions are lost.
    Skip,
    /// The time of some of each lane's records is over.
    Settle(usize),
    /// What was produced reaches the hub, and the projector follows or not.
    Deliver {
        is_followed: bool,
    },
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => any::<u16>().prop_map(Event::Sample),
        4 => (0..4u8, 1..5u16).prop_map(|(device, count)| Event::Sight(device, count)),
        1 => any::<bool>().prop_map(Event::Cover),
        1 => Just(Event::Alarm),
        3 => (0..5u8, prop::option::of(-2_000..2_000i64)).prop_map(|(second, ahead_ms)| Event::Punch(second, ahead_ms)),
        1 => (0..9u64).prop_map(Event::Fill),
        2 => (0..3u8, any::<bool>()).prop_map(|(card, is_read)| Event::Meet(card, is_read)),
        1 => (0..9u64, any::<bool>()).prop_map(|(number, is_all)| Event::Enrol(number, is_all)),
        2 => Just(Event::Sync),
        1 => Just(Event::Reboot),
        1 => Just(Event::Unreadable),
        1 => Just(Event::Skip),
        1 => (1..5usize).prop_map(Event::Settle),
        4 => any::<bool>().prop_map(|is_followed| Event::Deliver { is_followed }),
    ]
}

/// A lane, its newest position, and what waits in it.
type Queue = (Lane, u64, Vec<(u64, Vec<u8>)>);

/// A box without a clock of its own, and the hub's projector.
struct World {
    store: Arc<Memory>,
    trail: Arc<Trail>,
    projector: Projector,
    true_ms: i64,
    boot: u8,
    booted_ms: i64,
    is_synced: bool,
    lanes: [Queue; 3],
    confirmed: u64,
}

impl World {
    async fn new() -> Self {
        let (store, trail) = (Arc::new(Memory::default()), Arc::new(Trail::default()));
        let projector = Projector::start(store.clone(), trail.clone()).await.unwrap();
        let lanes = [Lane::Telemetry, Lane::Observations, Lane::Ledger].map(|lane| (lane, 0, Vec::new()));
        let (true_ms, booted_ms) = (1_000_000, 1_000_000);
        Self { store, trail, projector, true_ms, boot: 1, booted_ms, is_synced: false, lanes, confirmed: 0 }
    }

    /// An unsynchronised clock starts at 5 000 with each boot and is read with a little jitter.
    fn stamp(&self) -> Stamp {
        let uptime_ms = self.true_ms - self.booted_ms;
        let wall_ms = if self.is_synced { self.true_ms } else { 5_000 + uptime_ms + self.true_ms % 3 };
        Stamp { boot: BootId([self.boot; 16]), uptime_ms: uptime_ms.unsigned_abs(), wall_ms, is_synced: self.is_synced }
    }

    fn add(&mut self, reading: Reading) {
        let bytes = Record { stamp: self.stamp(), reading }.encode();
        self.add_bytes(bytes);
    }

    fn add_bytes(&mut self, bytes: Vec<u8>) {
        let lane = Record::decode(&bytes).map_or(Lane::Observations, |record| record.reading.lane());
        let (_, last, waiting) = self.lanes.iter_mut().find(|(own, ..)| *own == lane).unwrap();
        *last += 1;
        waiting.push((*last, bytes));
    }

    async fn apply(&mut self, event: &Event) {
        self.true_ms += 1_017;
        match event {
            Event::Sample(cpu_permille) => {
                self.add(Reading::Host(HostSample { cpu_permille: *cpu_permille, ..HostSample::default() }));
            }
            Event::Sight(device, count) => {
                self.confirmed += u64::from(*count);
                let row = Sighting {
                    device: DeviceRef::Known(Pseudonym([*device; 16])),
                    first_ago_s: 1,
                    last_ago_s: 0,
                    count: *count,
                    sources: 1,
                    flags: 0,
                };
                self.add(Reading::Sightings(Sightings { network: "lan".to_owned(), rows: vec![row] }));
            }
            Event::Cover(is_clear) => {
                let sight = if *is_clear { Sight::Clear } else { Sight::Blind("asleep".to_owned()) };
                let network = "lan".to_owned();
                self.add(Reading::Coverage(Coverage {
                    network,
                    from_ago_s: 1,
                    to_ago_s: 0,
                    asked: 1,
                    answered: 1,
                    sight,
                }));
            }
            Event::Alarm => {
                self.add(Reading::Alarm(BoxAlarm { kind: AlarmKind::DiskFull, text: "full".to_owned() }));
            }
            Event::Punch(second, clock_ahead_ms) => self.add(log(*second, *clock_ahead_ms)),
            Event::Fill(used) => {
                let state: TerminalState = terminal("a", "ZX1", *used).state;
                self.add(Reading::TerminalState(state));
            }
            Event::Meet(card, is_read) => {
                let row = machines::row(7, Some(*card), is_read.then_some("C02XL0AA"));
                self.add(Reading::Machines(Met { rows: vec![row] }));
            }
            Event::Enrol(number, is_all) => self.add(enrol(*number, *is_all)),
            Event::Sync => {
                let (boot, uptime_ms) = (BootId([self.boot; 16]), self.stamp().uptime_ms);
                let anchor =
                    ClockAnchor { boot, uptime_ms, wall_ms: self.true_ms, step_ms: 0, source: TimeSource::Hub };
                self.is_synced = true;
                self.add(Reading::ClockAnchor(anchor));
            }
            Event::Reboot => {
                (self.boot, self.booted_ms, self.is_synced) = (self.boot + 1, self.true_ms, false);
            }
            Event::Unreadable => self.add_bytes(vec![9; 30]),
            Event::Skip => self.lanes[1].1 += 1,
            Event::Settle(count) => {
                for lane in Lane::ALL {
                    settle(&*self.store, lane, i64::MAX, *count).await.unwrap();
                }
            }
            Event::Deliver { is_followed } => self.deliver(*is_followed).await,
        }
    }

    async fn deliver(&mut self, is_followed: bool) {
        for (lane, last, waiting) in &mut self.lanes {
            let queue = QueueId([*lane as u8; 16]);
            let arrivals = waiting.drain(..).map(|(start, bytes)| Arrival {
                site: site(),
                lane: *lane,
                queue,
                start,
                records: vec![bytes.into()],
            });
            let queues = vec![QueueState { site: site(), lane: *lane, queue, through: *last, born_ms: 1 }];
            let commit =
                Commit { arrivals: arrivals.collect(), queues, received_ms: self.true_ms, ..Commit::default() };
            self.store.commit(Arc::new(commit.clone())).await.unwrap();
            self.trail.on_committed(&commit);
        }
        if is_followed {
            self.projector.catch_up().await.unwrap();
        }
    }

    async fn shown(&self) -> String {
        let metrics = self.store.metrics(&site(), 0, i64::MAX, 10_000).await.unwrap();
        let coverage = self.store.coverage(&site(), 0, i64::MAX, 10_000).await.unwrap();
        let devices = self.store.devices(None, None, 10_000).await.unwrap();
        let (cursors, entries) = (self.store.cursors().await.unwrap(), self.store.entries(None, 10_000).await.unwrap());
        let (hours, anchors) =
            (self.store.hours(&site(), 0, i64::MAX, 10_000).await, self.store.anchors(&site()).await);
        let mut punches = self.store.punches(&PunchFilter::default(), None, 10_000).await.unwrap();
        punches.iter_mut().for_each(|punch| punch.order = 0);
        punches.sort_by_key(|punch: &Punch| punch.key);
        let (terminals, enrolled) =
            (self.store.terminals(None, 9).await.unwrap(), self.store.enrolled("ZX1", None, 99).await.unwrap());
        let names = ["C02XL0AA".to_owned()];
        let machines = (
            self.store.machines(None, MACHINES_MAX).await.unwrap(),
            self.store.machine_hours(&names, (0, i64::MAX), 10_000).await.unwrap(),
            self.store.machine_days(&names, (0, i64::MAX), 10_000).await.unwrap(),
        );
        let strips = self.strips().await;
        let clocks = format!("{punches:#?}{terminals:#?}{enrolled:#?}{strips:#?}{machines:#?}");
        format!("{clocks}{metrics:#?}{coverage:#?}{devices:#?}{cursors:#?}{entries:#?}{hours:#?}{anchors:#?}")
    }

    async fn strips(&self) -> Vec<Strip> {
        let mut all = Vec::new();
        for trace in Trace::ALL {
            let (from, through) = (date(1960, 1, 1), date(2100, 1, 1));
            let filter = StripFilter { trace, site: None, device: None, from, through };
            all.extend(self.store.strips(&filter, None, 10_000).await.unwrap());
        }
        all
    }

    /// Writes what no fact says into every projection.
    async fn damage(&self) {
        let pseudonym = Pseudonym([1; 16]).to_string();
        let device = Device { id: pseudonym, ..crate::http::testing::device(&site(), "x") };
        let host = HostSample { uptime_s: 77, ..HostSample::default() };
        let span = CoverageSpan { network: "lan".to_owned(), from_ms: 3, to_ms: 9, blind: None };
        let dated = |at_ms| MetricSample { at_ms, is_dated: true, host: host.clone() };
        let spans = vec![Span { from_ms: 5, to_ms: 9, sources: 1 }];
        let sights = Sights { trace: Trace::Clear, site: site(), device: "lan".to_owned(), spans, received_ms: 1 };
        let step = Step {
            devices: vec![Derived { value: device, undated: None }],
            sights: vec![Derived { value: sights, undated: None }],
            metrics: vec![Derived { value: (site(), dated(12_345)), undated: None }],
            coverage: vec![Derived { value: (site(), span), undated: None }],
            punches: vec![Derived { value: told("ZX1", 7, "2031-05-06 08:00:03", 1), undated: None }],
            terminals: vec![crate::store::terminals::Terminal { told_ms: i64::MAX, ..terminal("a", "ZX1", 77) }],
            machines: vec![machines::told("a", i64::MAX, &machines::row(77, Some(1), Some("C02XL0AA")))],
            anchors: (1..9).map(|boot| Anchor { site: site(), boot: BootId([boot; 16]), began_ms: 5 }).collect(),
            ..Step::default()
        };
        self.store.apply(step).await.unwrap();
    }
}

/// A log of one row in that second.
fn log(second: u8, clock_ahead_ms: Option<i64>) -> Reading {
    let local_time = format!("2031-05-06 08:00:{second:02}");
    Reading::TerminalLog(TerminalLog {
        terminal: "ZX1".to_owned(),
        zone: "UTC".to_owned(),
        clock_ahead_ms,
        origin: LogOrigin::Pushed,
        log_index: None,
        rows: vec![LogRow { enrol_id: Some(7), local_time, ..LogRow::default() }],
    })
}

fn enrol(enrol_id: u64, is_all: bool) -> Reading {
    let stretch = is_all.then_some(UserStretch { from: 0, through: u64::MAX });
    let rows = vec![TerminalUser { enrol_id, ..TerminalUser::default() }];
    Reading::TerminalUsers(TerminalUsers { terminal: "ZX1".to_owned(), stretch, rows })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}

#[test]
fn a_row_that_was_sent_again_is_one_punch_that_was_seen_twice() {
    let punches = run(async {
        let mut world = World::new().await;
        world.true_ms = MORNING;
        for event in [Event::Sync, Event::Punch(1, Some(500)), Event::Punch(1, None), Event::Punch(2, None)] {
            world.apply(&event).await;
        }
        world.deliver(true).await;
        world.store.punches_after(0, 9).await.unwrap()
    });
    let shown: Vec<_> = punches.iter().map(|punch| (punch.at_ms.unwrap() - MORNING, punch.seen)).collect();
    assert_eq!(shown, [(500, 2), (2_000, 1)], "the first row's correction stands");
}

proptest! {
    #[test]
    fn following_the_facts_again_repairs_whatever_was_damaged(events in prop::collection::vec(any_event(), 0..60)) {
        let (once, again) = run(async {
            let mut world = World::new().await;
            for event in &events {
                world.apply(event).await;
            }
            world.deliver(true).await;
            let once = world.shown().await;
            world.damage().await;
            world.projector.rebuild().await.unwrap();
            (once, world.shown().await)
        });
        prop_assert_eq!(once, again);
    }

    #[test]
    fn each_record_counts_once_whenever_the_projector_stops(events in prop::collection::vec(any_event(), 0..60)) {
        let (confirmed, counted, is_behind) = run(async {
            let mut world = World::new().await;
            for event in &events {
                world.apply(event).await;
                if matches!(event, Event::Deliver { .. }) {
                    // A new process starts from what is on disk.
                    world.projector = Projector::start(world.store.clone(), world.trail.clone()).await.unwrap();
                }
            }
            world.deliver(true).await;
            let devices = world.store.devices(None, None, 100).await.unwrap();
            let (cursors, queues) = (world.store.cursors().await.unwrap(), world.store.queues().await.unwrap());
            let is_behind = queues.iter().any(|queue| {
                queue.through > 0 && !cursors.iter().any(|at| at.queue == queue.queue && at.through == queue.through)
            });
            (world.confirmed, devices.iter().map(|device| device.sightings).sum::<u64>(), is_behind)
        });
        prop_assert_eq!(confirmed, counted);
        prop_assert!(!is_behind);
    }

    #[test]
    fn once_the_clock_was_right_every_sample_of_the_boot_is_dated_right(cpus in prop::collection::vec(1..1000u16, 1..9), split: bool) {
        let (samples, times, first_seen) = run(async {
            let mut world = World::new().await;
            let mut times = Vec::new();
            world.apply(&Event::Sight(1, 1)).await;
            let seen_ms = world.true_ms - 1_000;
            for cpu in &cpus {
                world.apply(&Event::Sample(*cpu)).await;
                times.push(world.true_ms);
            }
            world.deliver(split).await;
            world.apply(&Event::Sync).await;
            world.apply(&Event::Sample(7)).await;
            times.push(world.true_ms);
            world.deliver(true).await;
            let device = world.store.devices(None, None, 9).await.unwrap().remove(0);
            (world.store.metrics(&site(), 0, i64::MAX, 99).await.unwrap(), times, (device.first_seen_ms, seen_ms))
        });
        prop_assert_eq!(samples.iter().map(|sample| sample.at_ms).collect::<Vec<_>>(), times);
        prop_assert!(samples.iter().all(|sample| sample.is_dated));
        prop_assert_eq!(first_seen.0, first_seen.1);
    }
}
