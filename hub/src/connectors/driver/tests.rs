//! Rounds with a third party in memory: what is sent, what is never sent twice, what stops.

mod days;
mod events;
mod people;

use std::sync::Mutex;

use serde_json::{Value, json};
use vigie_shared::clock::ManualClock;
use vigie_shared::id::BootId;
use vigie_shared::wire::Stamp;

use super::*;
use crate::connectors::auth::AuthKind;
use crate::connectors::job::{Job, JobState};
use crate::connectors::outcome::Answer;
use crate::connectors::rows::tests::punch;
use crate::connectors::settings::tests::connector;
use crate::connectors::settings::{AuthChoice, Connector, MappingChoice, Standing};
use crate::connectors::web::{Ask, Broken};
use crate::store::attendance::{Direction, Punch, Told};
use crate::store::jobs::JobFilter;
use crate::store::projections::{Derived, Projections as _, Step};
use crate::store::{Connectors as _, Diary as _, Jobs as _, Memory};

const HOUR: i64 = 3_600_000;

/// 2031-05-06T08:00:00Z.
const MORNING: i64 = 1_935_820_800_000;

type Reply = Result<Answer, Broken>;

/// What it says to a request, and to the how manieth.
type Script = Box<dyn Fn(&Ask, usize) -> Reply + Send + Sync>;

/// A third party that answers as told and remembers what it was asked.
struct Third {
    reply: Script,
    asked: Mutex<Vec<Ask>>,
}

#[async_trait::async_trait]
impl Web for Third {
    async fn ask(&self, ask: Ask) -> Reply {
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(ask.clone());
            asked.len()
        };
        (self.reply)(&ask, number)
    }
}

struct Stage {
    store: Arc<Memory>,
    third: Arc<Third>,
    clock: Arc<ManualClock>,
    exchange: Exchange,
}

impl Stage {
    async fn new(connector: Connector, reply: impl Fn(&Ask, usize) -> Reply + Send + Sync + 'static) -> Self {
        let store = Arc::new(Memory::default());
        store.add_connector(&connector).await.unwrap();
        let third = Arc::new(Third { reply: Box::new(reply), asked: Mutex::default() });
        let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 0, wall_ms: MORNING + 24 * HOUR, is_synced: true };
        let clock = Arc::new(ManualClock::new(stamp));
        let parts = Parts {
            store: store.clone(),
            web: third.clone(),
            clock: clock.clone(),
            config: ConnectorsConfig::default(),
        };
        Self { exchange: Exchange::new(parts), store, third, clock }
    }

    async fn hear(&self, punches: impl IntoIterator<Item = Punch>) {
        let told = |punch: Punch| Derived {
            value: Told { clock_ahead_ms: None, told_ms: i64::MAX, last_ms: punch.received_ms, punch },
            undated: None,
        };
        self.store.apply(Step { punches: punches.into_iter().map(told).collect(), ..Step::default() }).await.unwrap();
    }

    async fn serve(&self) -> Report {
        self.exchange.serve("hr", Occasion::Due).await.unwrap()
    }

    /// The next round, later than everything waits.
    async fn serve_later(&self) -> Report {
        self.clock.advance(Duration::from_secs(2 * 60 * 60));
        self.serve().await
    }

    async fn jobs(&self) -> Vec<Job> {
        let mut jobs = self.store.jobs(&JobFilter::default(), None, 1000).await.unwrap();
        jobs.reverse();
        jobs
    }

    async fn states(&self) -> Vec<JobState> {
        self.jobs().await.iter().map(|job| job.state).collect()
    }

    async fn standing(&self) -> Standing {
        self.store.connector("hr").await.unwrap().unwrap().1
    }

    /// The bodies of all requests with that end of their path.
    fn bodies(&self, end: &str) -> Vec<Value> {
        let asked = self.third.asked.lock().unwrap();
        asked
            .iter()
            .filter(|ask| ask.call.path.ends_with(end))
            .map(|ask| ask.call.body.clone().unwrap_or_default())
            .collect()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "scripts answer or break")]
fn says(status: u16, body: &Value) -> Reply {
    Ok(Answer { status, text: body.to_string(), json: Some(body.clone()), ..Answer::default() })
}

fn of(mapping: &str) -> Connector {
    Connector { mapping: MappingChoice::Shipped(mapping.to_owned()), ..connector("hr") }
}

fn nobody() -> Reply {
    says(200, &json!({ "users": [] }))
}

fn rows(ask: &Ask) -> Vec<Value> {
    ask.call.body.as_ref().unwrap()["attendance"].as_array().unwrap().clone()
}

fn is_push(ask: &Ask) -> bool {
    ask.call.path.ends_with("/attendance")
}

#[tokio::test]
async fn a_punch_is_sent_once_in_the_default_format() {
    let stage = Stage::new(of("default"), |ask, _| if is_push(ask) { says(200, &json!({})) } else { nobody() }).await;
    stage.hear([punch(7, MORNING, Some(Direction::In))]).await;

    let report = stage.serve().await;
    stage.hear([punch(7, MORNING, Some(Direction::In))]).await;
    stage.serve_later().await;

    assert_eq!((report.counts["added"], report.counts["sent"], report.halted), (1, 1, None));
    let expected = json!({ "attendance": [{
        "terminal_sn": "T1", "enrollid": 7, "user_name": "Ama", "time": "2031-05-06T08:00:00Z", "mode": 0, "inout": 0,
        "event": 0, "temperature": 36.5, "access_granted": true, "log_id": 1,
    }] });
    assert_eq!(stage.bodies("/attendance"), [expected]);
    assert_eq!(stage.states().await, [JobState::Sent]);
}

#[tokio::test]
async fn a_row_that_poisons_its_batch_ends_alone_and_the_others_pass() {
    let stage = Stage::new(of("default"), |ask, _| match is_push(ask) {
        true if rows(ask).iter().any(|row| row["enrollid"] == 7) => says(400, &json!({ "error": "bad row" })),
        true => says(200, &json!({})),
        false => nobody(),
    })
    .await;
    stage.hear((1..=20).map(|person| punch(person, MORNING + i64::try_from(person).unwrap(), None))).await;

    stage.serve().await;

    let jobs = stage.jobs().await;
    let dead: Vec<u64> = jobs.iter().filter(|job| job.state == JobState::Dead).map(|job| job.enrol_id).collect();
    assert_eq!((dead, jobs.iter().filter(|job| job.state == JobState::Sent).count()), (vec![7], 19));
    assert!(jobs.iter().all(|job| job.unsure.is_none() && job.maybe_twice.is_none()));
    assert!(jobs[6].last_error.as_ref().unwrap().contains("bad row"));
    assert!(stage.bodies("/attendance").len() < 12);
}

#[tokio::test]
async fn only_what_was_refused_of_a_mixed_answer_is_not_sent() {
    let results = json!({ "results": [
        { "status": "ok" }, { "status": "rejected", "message": "no shift" }, { "status": "unknown_user" }, { "status": "duplicate" },
    ] });
    let stage = Stage::new(of("default"), move |ask, number| match (is_push(ask), number) {
        (true, 1) => says(400, &results),
        (true, _) => says(200, &json!({})),
        (false, _) => says(200, &json!({ "users": [{ "enrollid": 3, "name": "New" }] })),
    })
    .await;
    stage.hear((1..=4).map(|person| punch(person, MORNING + i64::try_from(person).unwrap(), None))).await;

    stage.serve().await;

    assert_eq!(
        stage.states().await,
        [JobState::Sent, JobState::Dead, JobState::Sent, JobState::Sent],
        "3 goes when it is listed"
    );
    assert_eq!(
        stage.bodies("/attendance").iter().map(|body| body["attendance"].as_array().unwrap().len()).collect::<Vec<_>>(),
        [4, 1]
    );
}

#[tokio::test]
async fn a_row_whose_answer_was_lost_goes_again_and_is_marked() {
    let stage = Stage::new(of("default"), |ask, number| match (is_push(ask), number) {
        (true, 1) => Err(Broken::Lost("no answer came in time".to_owned())),
        (true, _) => says(200, &json!({})),
        (false, _) => nobody(),
    })
    .await;
    stage.hear([punch(7, MORNING, None)]).await;

    stage.serve().await;
    assert_eq!(stage.states().await, [JobState::Failed]);
    stage.serve_later().await;

    let job = stage.jobs().await.remove(0);
    assert_eq!((job.state, job.attempts), (JobState::Sent, 2));
    assert!(job.maybe_twice.unwrap().contains("no answer came in time"));
    let asked = stage.third.asked.lock().unwrap();
    let keys: Vec<_> = asked.iter().filter(|ask| is_push(ask)).map(|ask| ask.call.headers.clone()).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1], "the key of a row is the same each time");
}

#[tokio::test]
async fn what_a_crash_left_midway_is_not_believed_unsent() {
    let stage = Stage::new(of("default"), |_, _| nobody()).await;
    stage.hear([punch(7, MORNING, None)]).await;
    let mut talk = stage.exchange.talk("hr").await.unwrap();
    talk.feed().await.unwrap();
    drop(talk);
    let store = stage.store.clone();
    let seen = Arc::new(Mutex::new(None));
    let noted = seen.clone();
    let third = Third {
        reply: Box::new(move |ask, _| {
            if is_push(ask) {
                *noted.lock().unwrap() = Some(store.snapshot());
            }
            says(200, &json!({}))
        }),
        asked: Mutex::default(),
    };
    let parts = Parts {
        store: stage.store.clone(),
        web: Arc::new(third),
        clock: stage.clock.clone(),
        config: ConnectorsConfig::default(),
    };
    Exchange::new(parts).serve("hr", Occasion::Due).await.unwrap();
    assert_eq!(stage.jobs().await[0].maybe_twice, None);

    let midway = seen.lock().unwrap().take().unwrap();
    stage.store.restore(midway);
    assert!(stage.jobs().await[0].unsure.is_some(), "it stood on disk before the request was answered");
    let again = Stage { exchange: stage.exchange.clone(), ..stage };
    again.serve_later().await;
    assert!(again.jobs().await[0].maybe_twice.as_ref().unwrap().contains("the hub stopped"));
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_not_asked_before() {
    let stage = Stage::new(of("default"), |ask, number| match (is_push(ask), number) {
        (true, 1) => {
            Ok(Answer { status: 429, retry_after: Some("37".to_owned()), text: "slow".to_owned(), ..Answer::default() })
        }
        (true, _) => says(200, &json!({})),
        (false, _) => nobody(),
    })
    .await;
    stage.hear([punch(7, MORNING, None)]).await;

    let report = stage.serve().await;
    stage.clock.advance(Duration::from_secs(36));
    stage.serve().await;
    assert_eq!((stage.states().await, stage.bodies("").len()), (vec![JobState::Pending], 1));
    assert!(report.halted.unwrap().contains("429") && report.next_ms >= MORNING + 24 * HOUR + 37_000);

    stage.clock.advance(Duration::from_secs(10));
    stage.serve().await;
    assert_eq!(stage.states().await, [JobState::Sent]);
}

#[tokio::test]
async fn refusals_of_everybody_stop_the_connector_with_its_queue_intact() {
    let is_mended = Arc::new(AtomicBool::new(false));
    let mended = is_mended.clone();
    let stage = Stage::new(Connector { batch_max: Some(1), ..of("default") }, move |ask, _| match is_push(ask) {
        true if mended.load(Ordering::Relaxed) => says(200, &json!({})),
        true => says(403, &json!({ "message": "no right" })),
        false => nobody(),
    })
    .await;
    stage.hear((1..=15).map(|person| punch(person, MORNING, None))).await;

    let report = stage.serve().await;

    assert!(report.halted.unwrap().contains("refused one after the other"));
    assert!(stage.states().await.iter().all(|state| *state == JobState::Pending));
    assert_eq!(stage.bodies("/attendance").len(), 10);
    stage.serve_later().await;
    assert_eq!(stage.bodies("/attendance").len(), 10, "it stays stopped");
    assert!(stage.standing().await.stopped.unwrap().reason.contains("no right"));

    is_mended.store(true, Ordering::Relaxed);
    stage.exchange.serve("hr", Occasion::Asked).await.unwrap();
    assert!(stage.states().await.iter().all(|state| *state == JobState::Sent));
}

#[tokio::test]
async fn a_run_of_refusals_goes_on_after_the_hub_was_restarted() {
    let one_by_one = Connector { batch_max: Some(1), ..of("default") };
    let refuse = |ask: &Ask, _| if is_push(ask) { says(403, &json!({ "message": "no right" })) } else { nobody() };
    let stage = Stage::new(one_by_one, refuse).await;
    stage.hear((1..=6).map(|person| punch(person, MORNING, None))).await;
    stage.serve().await;
    assert_eq!(stage.states().await, [JobState::Dead; 6]);

    let parts = Parts {
        store: stage.store.clone(),
        web: stage.third.clone(),
        clock: stage.clock.clone(),
        config: ConnectorsConfig::default(),
    };
    let stage = Stage { exchange: Exchange::new(parts), ..stage };
    stage.hear((7..=15).map(|person| punch(person, MORNING, None))).await;
    let report = stage.serve().await;

    assert!(report.halted.unwrap().contains("10 rows of several people were refused"));
    assert!(stage.states().await.iter().all(|state| *state == JobState::Pending));
    assert_eq!(stage.bodies("/attendance").len(), 10);
}

#[tokio::test]
async fn a_server_that_breaks_for_ever_ends_with_dead_rows_their_tries_and_a_word_in_the_diary() {
    let broken = |ask: &Ask, _| if is_push(ask) { says(500, &json!({ "error": "oops" })) } else { nobody() };
    let stage = Stage::new(of("default"), broken).await;
    stage.hear([punch(7, MORNING, None), punch(8, MORNING, None)]).await;

    for _ in 0..100 {
        stage.serve_later().await;
    }

    let jobs = stage.jobs().await;
    assert!(jobs.iter().all(|job| job.state == JobState::Dead && job.attempts > 50), "{jobs:?}");
    assert!(jobs[0].last_error.as_ref().unwrap().contains("500"));
    let diary = stage.store.entries(None, 9).await.unwrap();
    assert!(diary.iter().any(|entry| entry.kind == "connector_gave_up" && entry.text.contains("hr")), "{diary:?}");
    assert_eq!(stage.standing().await.stopped, None);
}

#[tokio::test]
async fn refused_credentials_and_pages_in_place_of_answers_stop_at_once() {
    for (status, text) in [(401, "{}"), (200, "<html>log in</html>"), (302, ""), (410, "{}")] {
        let auth = Some(AuthChoice { kind: AuthKind::Bearer, header: None });
        let reply = move |_: &Ask, _| {
            Ok(Answer { status, text: text.to_owned(), json: serde_json::from_str(text).ok(), ..Answer::default() })
        };
        let stage = Stage::new(Connector { auth, ..of("default") }, reply).await;
        let secret = BTreeMap::from([("token".to_owned(), Some("s3cret".to_owned()))]);
        stage.store.put_connector_secrets("hr", &secret).await.unwrap();
        stage.hear([punch(7, MORNING, None)]).await;

        let report = stage.serve().await;

        assert!(report.halted.is_some(), "{status}");
        assert_eq!((stage.states().await, stage.bodies("").len()), (vec![JobState::Pending], 1), "{status}");
        assert!(!stage.standing().await.stopped.unwrap().reason.contains("s3cret"));
    }
}

#[tokio::test]
async fn what_is_older_than_the_start_is_kept_and_not_sent() {
    let late = Connector { start_at_ms: MORNING + 1, ..of("default") };
    let stage = Stage::new(late, |ask, _| if is_push(ask) { says(200, &json!({})) } else { nobody() }).await;
    stage.hear([punch(7, MORNING, None), punch(7, MORNING + 2, None)]).await;
    stage.serve().await;
    let jobs = stage.jobs().await;
    assert_eq!(jobs.iter().map(|job| job.row.at_ms).collect::<Vec<_>>(), [MORNING + 2]);
}

#[tokio::test]
async fn a_connector_that_lacks_something_says_what() {
    let stage = Stage::new(of("erpnext"), |_, _| nobody()).await;
    let error = stage.exchange.serve("hr", Occasion::Due).await.unwrap_err().to_string();
    assert!(error.contains("secret.key, secret.secret"), "{error}");
    assert!(matches!(stage.exchange.serve("none", Occasion::Due).await, Err(ExchangeError::Unknown(_))));
}

#[test]
fn who_is_busy_when_news_come_is_served_again() {
    let mut agenda = Agenda::default();
    assert_eq!(agenda.take_due(&[("a", false), ("b", false)], 5), ["a", "b"]);
    assert!(agenda.take_due(&[("a", true), ("b", false)], 6).is_empty());
    agenda.on_served("a", 100);
    agenda.on_served("b", 100);
    assert_eq!(agenda.take_due(&[("a", false), ("b", false)], 7), ["a"]);
    assert_eq!(agenda.pause(40), Duration::from_millis(60));
    assert!(agenda.take_due(&[("a", false), ("b", false)], 99).is_empty());
    agenda.on_served("a", 1_000);
    assert_eq!(agenda.take_due(&[("b", false)], 100), ["b"]);
}
