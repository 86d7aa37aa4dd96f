//! The collector through a pulled cable, beside a machine that answers for everybody, and hearing who speaks.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use vigie_agent::collectors::{Collector, Context, Outlet, lan};
use vigie_agent::config::AgentConfig;
use vigie_agent::host_names::HostNames;
use vigie_agent::naming::{self, DeviceNames};
use vigie_shared::clock::SystemClock;
use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::{AlarmKind, DeviceRef, Sight, Sighting};
use vigie_shared::wire::{Live, Reading};
use vigie_tests::netns::{INTERFACE, Lan};

use super::network;

/// Nothing here takes longer than a fraction of this; without it a lost event would hang the tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps what a collector says, and lets a test wait for it.
#[derive(Default)]
struct Kept {
    readings: Mutex<Vec<Reading>>,
    troubles: Mutex<Vec<String>>,
    changed: Notify,
}

#[async_trait]
impl Outlet for Kept {
    async fn append(&self, reading: Reading) {
        self.readings.lock().unwrap().push(reading);
        self.changed.notify_one();
    }

    fn live(&self, _live: Live) {}

    async fn looked(&self, result: &anyhow::Result<()>) {
        self.troubles.lock().unwrap().extend(result.as_ref().err().map(|error| format!("{error:#}")));
        self.changed.notify_one();
    }
}

impl Kept {
    async fn until(&self, what: &str, is_met: impl Fn(&[Reading], &[String]) -> bool) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if is_met(&self.readings.lock().unwrap(), &self.troubles.lock().unwrap()) {
                    return;
                }
                changed.await;
            }
        };
        let result = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(result.is_ok(), "{what} never came: {:?}", self.readings.lock().unwrap());
    }
}

/// The collector, and what rings its bell.
fn collector() -> (Box<dyn Collector>, watch::Sender<()>) {
    let clock = Arc::new(SystemClock::new(|| true));
    let names = naming::Config { inventory: true, exclude: BTreeSet::new() };
    let sweep_bell = watch::Sender::default();
    let context = Context {
        naming: Arc::new(DeviceNames::new(names, clock.clone())),
        clock,
        host_names: Arc::new(HostNames::default()),
        lane_depths: Arc::new(Vec::new),
        sweep_bell: sweep_bell.clone(),
        app: AgentConfig::default().app,
        software: std::collections::BTreeMap::new(),
        data: std::env::temp_dir(),
    };
    let config = lan::Config { interfaces: vec![INTERFACE.to_owned()], ..lan::Config::default() };
    (lan::new(&config, &context), sweep_bell)
}

/// Runs a future as if on the box.
fn on_box<T: Send>(lan: &Lan, future: impl Future<Output = T> + Send) -> T {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    lan.as_box(|| runtime().block_on(future)).unwrap()
}

fn rows(readings: &[Reading]) -> Vec<&Sighting> {
    let sightings = readings.iter().filter_map(|reading| match reading {
        Reading::Sightings(sightings) => Some(&sightings.rows),
        _ => None,
    });
    sightings.flatten().collect()
}

/// The devices that could be persons.
fn people(rows: &[&Sighting]) -> BTreeSet<Mac> {
    let people = rows.iter().filter(|row| row.flags & Sighting::INFRASTRUCTURE == 0);
    people.map(|row| owned(row)).collect()
}

fn owned(row: &Sighting) -> Mac {
    match &row.device {
        DeviceRef::Owned(owned) => owned.mac,
        other => panic!("not named openly: {other:?}"),
    }
}

fn blind(readings: &[Reading]) -> Vec<&str> {
    let reasons = readings.iter().filter_map(|reading| match reading {
        Reading::Coverage(coverage) => match &coverage.sight {
            Sight::Blind(reason) => Some(reason.as_str()),
            Sight::Clear => None,
        },
        _ => None,
    });
    reasons.collect()
}

fn macs(lan: &Lan) -> BTreeSet<Mac> {
    lan.hosts().iter().map(|host| host.mac).collect()
}

#[test]
fn one_look_sees_every_host_and_the_box_as_infrastructure() {
    let Some(lan) = network(20, 24) else { return };
    let readings = on_box(&lan, async { collector().0.once().await.unwrap() });
    let rows = rows(&readings);
    assert_eq!(people(&rows), macs(&lan));
    let own: Vec<_> = rows.iter().filter(|row| row.flags & Sighting::INFRASTRUCTURE != 0).collect();
    let [own] = own.as_slice() else { panic!("{own:?}") };
    let DeviceRef::Owned(device) = &own.device else { panic!("{own:?}") };
    assert_eq!(device.ip, Some(IpAddr::from([10, 77, 0, 1])));
    assert!(blind(&readings).is_empty());
}

#[test]
fn one_look_sees_whom_only_ipv6_shows() {
    let Some(lan) = network(3, 24) else { return };
    let v6_hosts = lan.add_v6_hosts(3).unwrap();
    let readings = on_box(&lan, async { collector().0.once().await.unwrap() });
    let all: BTreeSet<Mac> = macs(&lan).into_iter().chain(v6_hosts).collect();
    assert_eq!(people(&rows(&readings)), all);
    assert_eq!(rows(&readings).len(), all.len() + 1, "one row per device, and the box");
}

#[test]
fn a_machine_that_answers_for_everybody_credits_nobody_and_is_alarmed() {
    let Some(lan) = network(5, 24) else { return };
    lan.add_proxy().unwrap();
    let readings = on_box(&lan, async { collector().0.once().await.unwrap() });
    assert_eq!(people(&rows(&readings)), macs(&lan));
    let is_alarm =
        |reading: &Reading| matches!(reading, Reading::Alarm(alarm) if alarm.kind == AlarmKind::BlindNetwork);
    assert!(readings.iter().any(is_alarm), "{readings:?}");
}

#[test]
fn a_pulled_cable_is_a_time_of_blindness_and_everybody_is_seen_again() {
    let Some(lan) = network(10, 24) else { return };
    let (kept, stop) = (Kept::default(), CancellationToken::new());
    let has_all = |readings: &[Reading]| people(&rows(readings)) == macs(&lan);

    let story = async {
        kept.until("the first report", |readings, _| has_all(readings)).await;
        assert!(blind(&kept.readings.lock().unwrap()).is_empty());
        lan.set_cable(false).unwrap();
        kept.until("the outage", |_, troubles| troubles.iter().any(|trouble| trouble.contains("no carrier"))).await;
        kept.readings.lock().unwrap().clear();
        lan.set_cable(true).unwrap();
        kept.until("the report after the outage", |readings, _| has_all(readings)).await;
        stop.cancel();
    };
    on_box(&lan, async {
        let (mut collector, _bell) = collector();
        let (result, ()) = tokio::join!(collector.run(&kept, stop.clone()), story);
        result.unwrap();
    });

    let readings = kept.readings.lock().unwrap();
    let reasons = blind(&readings);
    assert!(!reasons.is_empty() && reasons.iter().all(|reason| reason.contains("no carrier")), "{readings:?}");
}

/// What a device says when its responder starts: "I am `Marie-iPhone.local`, at this address".
fn announcement(ip: Ipv4Addr) -> Vec<u8> {
    let mut message = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    message.extend(b"\x0cMarie-iPhone\x05local\x00");
    message.extend([0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4]);
    message.extend(ip.octets());
    message
}

/// What a device sends that looks for a DHCP server.
fn discover(mac: Mac) -> Vec<u8> {
    let mut message = vec![1, 1, 6];
    message.resize(28, 0);
    message.extend(mac.0);
    message.resize(236, 0);
    message.extend([99, 130, 83, 99, 53, 1, 1, 12, 6]);
    message.extend(b"tablet\xff");
    message
}

fn say(from: (Ipv4Addr, u16), to: (Ipv4Addr, u16), message: &[u8]) {
    let socket = UdpSocket::bind(from).unwrap();
    socket.set_broadcast(true).unwrap();
    socket.send_to(message, to).unwrap();
}

#[test]
fn devices_that_speak_by_themselves_are_heard_with_their_names() {
    const TABLET: Mac = Mac([0x3c, 0x22, 0xfb, 0xff, 0, 7]);
    let Some(lan) = network(3, 24) else { return };
    let (kept, stop) = (Kept::default(), CancellationToken::new());
    let (mut collector, bell) = collector();
    let phone = lan.hosts()[1];
    let name_of = |readings: &[Reading], mac: Mac| {
        let rows = rows(readings);
        let mut names = rows.iter().filter_map(|row| match &row.device {
            DeviceRef::Owned(owned) if owned.mac == mac => owned.name.clone(),
            _ => None,
        });
        names.next_back()
    };

    let story = async {
        kept.until("the first report", |readings, _| people(&rows(readings)) == macs(&lan)).await;
        let speak = || {
            say((phone.ip, 5353), (Ipv4Addr::new(224, 0, 0, 251), 5353), &announcement(phone.ip));
            say((phone.ip, 68), (Ipv4Addr::BROADCAST, 67), &discover(TABLET));
        };
        lan.as_hosts(speak).unwrap();
        bell.send_replace(());
        let is_named = |readings: &[Reading]| {
            name_of(readings, phone.mac).as_deref() == Some("Marie-iPhone")
                && name_of(readings, TABLET).as_deref() == Some("tablet")
        };
        kept.until("the report with the names", |readings, _| is_named(readings)).await;
        stop.cancel();
    };
    on_box(&lan, async {
        let (result, ()) = tokio::join!(collector.run(&kept, stop.clone()), story);
        result.unwrap();
    });
}
