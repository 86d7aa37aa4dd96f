//! The lookout on a store, with somebody who reads the news.

use std::collections::BTreeMap;
use std::sync::Mutex as Held;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::Lane;

use super::*;
use crate::alerts::alert::Stage as Far;
use crate::alerts::news::{News, Phase};
use crate::alerts::silence::Matcher;
use crate::fleet::BoxNow;
use crate::http::testing::{NOW, Stage, live};
use crate::store::diary::Entry;
use crate::store::facts::{Commit, QueueState};
use crate::store::projections::{Cursor, Derived, Step};

/// Takes news over, or says that it cannot; hears of events.
#[derive(Default)]
pub(crate) struct Recorder {
    told: Held<Vec<News>>,
    noted: Held<Vec<Entry>>,
    is_failing: AtomicBool,
}

#[async_trait]
impl Notifier for Recorder {
    async fn tell(&self, news: &News) -> anyhow::Result<()> {
        anyhow::ensure!(!self.is_failing.load(Ordering::Relaxed), "the disk is full");
        let mut told = self.told.lock().unwrap();
        if told.iter().all(|one| (&one.incident, one.number) != (&news.incident, news.number)) {
            told.push(news.clone());
        }
        Ok(())
    }
}

impl Listener for Recorder {
    fn on_noted(&self, entries: &[Entry]) {
        self.noted.lock().unwrap().extend(entries.iter().cloned());
    }
}

/// A hub with boxes that are heard until told otherwise.
struct Scene {
    stage: Stage,
    recorder: Arc<Recorder>,
    lookout: Lookout,
    /// When each box fell silent.
    silent: BTreeMap<SiteId, i64>,
    sites: Vec<SiteId>,
}

impl Scene {
    async fn new(count: usize) -> Self {
        let stage = Stage::new().await;
        let mut sites = Vec::new();
        for number in 0..count {
            sites.push(stage.add_site(&format!("s{number}"), &format!("Site {number}")).await);
        }
        let recorder = Arc::new(Recorder::default());
        let lookout = lookout(&stage, &recorder);
        Self { stage, recorder, lookout, silent: BTreeMap::new(), sites }
    }

    /// Looks as often as the lookout does by itself.
    async fn pass(&mut self, minutes: u64) {
        for _ in 0..(minutes * 60 / LOOK.as_secs()) {
            self.stage.clock.advance(LOOK);
            let now_ms = self.stage.clock.wall_ms();
            for site in &self.sites {
                let heard_ms = self.silent.get(site).copied().unwrap_or(now_ms);
                let mut now = BoxNow { heard_ms: Some(heard_ms), ..live() };
                now.heartbeat.as_mut().unwrap().stamp.wall_ms = heard_ms;
                self.stage.fleet.tell(site, now);
            }
            self.lookout.look().await.unwrap();
            drop(self.lookout.tell().await);
        }
    }

    fn silence_all(&mut self) {
        let now_ms = self.stage.clock.wall_ms();
        self.silent = self.sites.iter().map(|site| (site.clone(), now_ms)).collect();
    }

    /// The hub's process ends and another one starts.
    fn start_again(&mut self) {
        self.lookout = lookout(&self.stage, &self.recorder);
    }

    fn phases(&self) -> Vec<Phase> {
        self.recorder.told.lock().unwrap().iter().map(|news| news.phase).collect()
    }
}

fn lookout(stage: &Stage, recorder: &Arc<Recorder>) -> Lookout {
    Lookout::new(Parts {
        store: stage.store.clone(),
        fleet: stage.fleet.clone(),
        notifier: recorder.clone(),
        listener: recorder.clone(),
        clock: stage.clock.clone(),
        config: AlertsConfig::default(),
    })
}

#[tokio::test]
async fn an_outage_of_100_boxes_for_ten_minutes_is_told_twice_though_the_hub_starts_again() {
    let mut scene = Scene::new(100).await;
    scene.pass(2).await;
    scene.silence_all();
    scene.pass(8).await;
    scene.start_again();
    scene.pass(2).await;
    scene.silent.clear();
    scene.pass(1).await;
    scene.start_again();
    scene.pass(60).await;

    assert_eq!(scene.phases(), [Phase::Opened, Phase::Closed]);
    let told = scene.recorder.told.lock().unwrap().clone();
    assert_eq!((told[0].lines.len(), told[1].lines.len()), (100, 100));
    let diary = scene.stage.store.entries(None, 100).await.unwrap();
    let kinds: Vec<&str> = diary.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["incident_closed", "incident_opened"]);
    assert_eq!(scene.recorder.noted.lock().unwrap().len(), 200, "an event for each site and news");
}

#[tokio::test(start_paused = true)]
async fn it_looks_by_itself_until_the_process_stops() {
    let scene = Scene::new(1).await;
    let (clock, stopping) = (scene.stage.clock.clone(), CancellationToken::new());
    scene.stage.fleet.tell(&scene.sites[0], BoxNow { heard_ms: Some(NOW), ..BoxNow::default() });
    let passing = async {
        for _ in 0..40 {
            clock.advance(LOOK);
            tokio::time::sleep(LOOK).await;
        }
        stopping.cancel();
    };
    let (ended, ()) = tokio::join!(scene.lookout.clone().run(stopping.clone()), passing);
    ended.unwrap();
    assert_eq!(scene.phases(), [Phase::Opened]);
}

#[tokio::test]
async fn news_that_nobody_took_over_wait_and_are_told_once() {
    let mut scene = Scene::new(1).await;
    scene.pass(1).await;
    scene.recorder.is_failing.store(true, Ordering::Relaxed);
    scene.silence_all();
    scene.pass(20).await;
    assert_eq!(scene.phases(), []);
    scene.start_again();
    scene.recorder.is_failing.store(false, Ordering::Relaxed);
    scene.pass(10).await;
    assert_eq!(scene.phases(), [Phase::Opened]);
    assert_eq!(scene.stage.store.untold(9).await.unwrap(), []);
}

#[tokio::test]
async fn a_store_that_fails_changes_nothing_and_is_tried_again() {
    let mut scene = Scene::new(1).await;
    scene.pass(1).await;
    scene.silence_all();
    scene.stage.clock.advance(Duration::from_secs(6 * 60));
    scene.stage.memory.fail(true);
    assert!(scene.lookout.look().await.is_err());
    assert!(scene.lookout.present().await.unwrap().is_empty());
    scene.stage.memory.fail(false);
    scene.pass(3).await;
    assert_eq!(scene.phases(), [Phase::Opened]);
}

#[tokio::test]
async fn what_somebody_takes_on_or_silences_is_kept_over_a_start() {
    let mut scene = Scene::new(2).await;
    scene.pass(1).await;
    scene.silence_all();
    scene.pass(8).await;
    let by = Acknowledgement { account: "anna".to_owned(), at_ms: NOW, note: "I drive there".to_owned() };
    let taken = scene.lookout.acknowledge(|alert| alert.key.site == Some(scene.sites[0].clone()), &by).await.unwrap();
    assert_eq!(taken.len(), 1);
    let matcher = Matcher { site: Some(scene.sites[1].clone()), ..Matcher::default() };
    let (until_ms, note, account) = (i64::MAX, String::new(), "anna".to_owned());
    let no = scene.lookout.silence(&Silence { no: 0, matcher, until_ms, note, account, made_ms: NOW }).await.unwrap();
    scene.start_again();
    scene.pass(5 * 60).await;

    let states: Vec<&str> = scene.lookout.present().await.unwrap().iter().map(Alert::state).collect();
    assert_eq!(states, ["acknowledged", "silenced"]);
    assert_eq!(scene.phases(), [Phase::Opened], "nobody is told again");
    assert!(scene.lookout.unsilence(no).await.unwrap() && !scene.lookout.unsilence(no).await.unwrap());
    scene.pass(1).await;
    assert_eq!(scene.phases(), [Phase::Opened, Phase::Continues], "the other one is four hours old");
}

#[tokio::test]
async fn what_was_received_after_an_outage_is_said_at_its_end() {
    let mut scene = Scene::new(1).await;
    let site = scene.sites[0].clone();
    let (lane, queue) = (Lane::Telemetry, QueueId([1; 16]));
    let store = scene.stage.store.clone();
    let delivered = async |through, complete_ms| {
        let state = QueueState { site: site.clone(), lane, queue, through, born_ms: 1 };
        let commit = Commit { queues: vec![state], ..Commit::default() };
        store.commit(Arc::new(commit)).await.unwrap();
        let cursor = Cursor { site: site.clone(), lane, queue, through, complete_ms: Some(complete_ms) };
        let cursors = vec![Derived { value: cursor, undated: None }];
        store.apply(Step { cursors, ..Step::default() }).await.unwrap();
    };
    delivered(10, NOW).await;
    scene.pass(1).await;
    scene.silence_all();
    scene.pass(8).await;
    scene.silent.clear();
    // What waited comes in: 212 records, the last one made after the return.
    delivered(222, scene.stage.clock.wall_ms() + 60_000).await;
    scene.pass(5).await;

    assert_eq!(scene.phases(), [Phase::Opened, Phase::Closed]);
    let closed = scene.recorder.told.lock().unwrap()[1].clone();
    let ending = closed.lines[0].ending.clone().unwrap();
    assert!(ending.en.starts_with("All 212 records"), "{ending:?}");
    assert_eq!(scene.lookout.present().await.unwrap()[0].stage, Far::Over);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_takes_long_keeps_nobody_from_reading_alerts_or_taking_them_on() {
    let mut scene = Scene::new(1).await;
    scene.pass(1).await;
    scene.silence_all();
    scene.pass(8).await;
    let _still_reading = scene.lookout.0.ground.lock().await;
    let reads = async {
        assert!(scene.lookout.present().await.unwrap().iter().any(Alert::is_firing));
        let by = Acknowledgement { account: "max".to_owned(), at_ms: NOW, note: String::new() };
        assert_eq!(scene.lookout.acknowledge(|_| true, &by).await.unwrap().len(), 1);
    };
    tokio::time::timeout(Duration::from_secs(60), reads).await.unwrap();
}
