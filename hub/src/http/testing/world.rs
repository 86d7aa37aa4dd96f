//! A hub of which everything can be asked: a site with people, clocks, machines, software and something wrong.

use std::time::Duration;

use vigie_shared::clock::Clock as _;
use vigie_shared::id::SiteId;
use vigie_shared::package::Manifest;
use vigie_shared::wire::reading::{MediaFile, MediaStretch, SoftwareList, SoftwareVersion, TerminalUser};

use super::{NOW, Stage, live};
use crate::connectors::job::{JobState, NewJob, Row, RowKey};
use crate::connectors::settings::tests::connector;
use crate::fleet::BoxNow;
use crate::store::contract::attendance::{terminal, told};
use crate::store::machines::tests::{row, told as machine};
use crate::store::presence::Claim;
use crate::store::projections::{Derived, Step};
use crate::store::releases::{self, Release};
use crate::store::terminals::Told;

/// SHA-256 of `hello world`.
const SHA256: &str = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
/// What the box says its temperature is, thousandths of a degree.
const HOT_MILLI_C: i32 = 78_000;

impl Stage {
    /// A hub with all of that.
    pub(crate) async fn whole() -> Self {
        let stage = Self::new().await;
        stage.add_crowd().await;
        let metz: SiteId = "metz".parse().unwrap();
        stage.add_history(&metz).await;
        add_clocks(&stage, &metz).await;
        add_things(&stage, &metz).await;
        add_jobs(&stage).await;
        add_claims(&stage, &metz).await;
        run_hot(&stage, &metz).await;
        stage
    }
}

/// A time clock with one person who came and went.
async fn add_clocks(stage: &Stage, metz: &SiteId) {
    let at = |local: &str| Derived { value: told("ZX1", 7, local, NOW), undated: None };
    let punches = vec![at("2026-11-20 07:55:00"), at("2026-11-20 12:02:30")];
    let user = TerminalUser { enrol_id: 7, slot: 0, name: Some("Ama".to_owned()), ..TerminalUser::default() };
    let enrolled =
        vec![Told { site: metz.clone(), terminal: "ZX1".to_owned(), told_ms: NOW, stretch: None, rows: vec![user] }];
    let mut clock = terminal("metz", "ZX1", 500);
    (clock.told_ms, clock.heard_ms) = (NOW, Some(NOW));
    let step = Step { punches, enrolled, terminals: vec![clock], ..Step::default() };
    stage.store.apply(step).await.unwrap();
}

/// Machines, media and software.
async fn add_things(stage: &Stage, metz: &SiteId) {
    let machines = vec![
        machine("metz", NOW, &row(7, Some(7), Some("C02XL0AA"))),
        machine("metz", NOW, &row(8, Some(8), Some("C02XL0BB"))),
    ];
    let sha256 = vigie_shared::id::from_hex(SHA256).unwrap().try_into().unwrap();
    let file = MediaFile { path: "promo/promo.mp4".to_owned(), sha256, size_bytes: 11 };
    let stretch = MediaStretch { files: vec![file], ..MediaStretch::default() };
    let media =
        vec![Derived { value: crate::store::media::Told { site: metz.clone(), at_ms: NOW, stretch }, undated: None }];
    let player = SoftwareVersion { name: "player".to_owned(), version: Some("1.0.0".to_owned()) };
    let list = SoftwareList { processor: "arm".to_owned(), software: vec![player] };
    let software = vec![releases::Told { site: metz.clone(), at_ms: NOW, list }];
    stage.store.apply(Step { machines, media, software, ..Step::default() }).await.unwrap();
    let manifest = Manifest::unsigned("player", "2.0.0", "any", b"content");
    stage.store.put_release(&Release { manifest, added_ms: NOW }).await.unwrap();
}

/// A job of another connector that a third party refused, and one that waits.
async fn add_jobs(stage: &Stage) {
    stage.store.add_connector(&connector("payroll")).await.unwrap();
    let new = |number: u8, state| {
        let row = Row { at_ms: NOW, terminal: "ZX1".to_owned(), ..Row::default() };
        NewJob { state, ..NewJob::pending(RowKey([number; 16]), 7, row) }
    };
    let jobs = [new(1, JobState::Dead), new(2, JobState::Pending)];
    stage.store.add_jobs("payroll", &jobs, NOW).await.unwrap();
}

/// Two people who say that a device is theirs.
async fn add_claims(stage: &Stage, metz: &SiteId) {
    for (id, person, last) in [("claim1", "p1", 1), ("claim2", "p2", 2)] {
        let claim = Claim {
            id: id.to_owned(),
            site: metz.clone(),
            device: format!("{:032x}", 0xaa00 + u32::from(last)),
            mac: vigie_shared::mac::Mac([2, 0, 0, 0, 1, last]),
            person: person.to_owned(),
            made_ms: NOW,
        };
        stage.store.add_claim(&claim).await.unwrap();
    }
}

/// The box is too hot for ten minutes.
async fn run_hot(stage: &Stage, metz: &SiteId) {
    for _ in 0..40 {
        stage.clock.advance(Duration::from_secs(15));
        let now_ms = stage.clock.wall_ms();
        let mut hot = BoxNow { heard_ms: Some(now_ms), ..live() };
        if let Some(pulse) = hot.heartbeat.as_mut() {
            (pulse.host.temperature_milli_c, pulse.stamp.wall_ms) = (Some(HOT_MILLI_C), now_ms);
        }
        stage.fleet.tell(metz, hot);
        stage.admin.alerts.look().await.unwrap();
    }
}
