//! Days from strips to jobs for third parties: closed once at their time, amended once by late facts, told once.

use std::time::Duration;

use jiff::civil::date;
use vigie_shared::id::SiteId;
use vigie_shared::mac::Mac;

use super::*;
use crate::attendance::Person;
use crate::connectors::job::{Job, JobState};
use crate::connectors::outcome::Answer;
use crate::connectors::settings::tests::connector;
use crate::connectors::settings::{Connector, MappingChoice};
use crate::connectors::web::{Ask, Broken, Web};
use crate::http::testing::{NOW, Stage};
use crate::presence::requests::Request;
use crate::presence::span::Span;
use crate::presence::{Counts, Ownership};
use crate::store::jobs::JobFilter;
use crate::store::presence::{DayFilter, Override, OwnershipFilter, Profile, Sights, Trace};

const MINUTE: i64 = 60_000;

/// 2026-11-20T00:00 in Paris.
const MIDNIGHT: i64 = NOW - (15 * 60 + 5) * MINUTE;

const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);

fn day() -> Date {
    date(2026, 11, 20)
}

/// A coworking with one member and the old backend.
struct Desk {
    stage: Stage,
    metz: SiteId,
}

impl Desk {
    async fn new() -> Self {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        let desk = Self { stage, metz };
        desk.add_member("lea").await;
        let tickets = Connector {
            mapping: MappingChoice::Shipped("tickets".to_owned()),
            base: Some("https://tickets.example.org".to_owned()),
            ..connector("tickets")
        };
        desk.stage.store.add_connector(&tickets).await.unwrap();
        desk.give("lea", PHONE).await;
        desk
    }

    fn presences(&self) -> &Presences {
        &self.stage.admin.presences
    }

    async fn add_member(&self, id: &str) {
        let person = Person { id: id.to_owned(), name: id.to_owned(), numbers: Vec::new() };
        self.stage.store.put_person(&person).await.unwrap();
        let email = Some(format!("{id}@example.org"));
        let profile = Profile { person: id.to_owned(), email, shows_name: false };
        self.stage.store.put_profile(&profile).await.unwrap();
    }

    async fn device(&self, mac: Mac) -> String {
        self.presences().name_of(&self.metz, mac).await.unwrap()
    }

    async fn give(&self, person: &str, mac: Mac) {
        let ownership = Ownership {
            device: self.device(mac).await,
            site: Some(self.metz.clone()),
            person: person.to_owned(),
            from_ms: 0,
            to_ms: None,
            counts: Counts::Yes,
            grace_min: None,
        };
        assert!(self.stage.store.own(&ownership).await.unwrap());
    }

    /// Sights from one minute of the day through another; the site's observers could always see.
    async fn see(&self, mac: Mac, (from, through): (i64, i64)) {
        let span = |from: i64, through: i64| Span {
            from_ms: MIDNIGHT + from * MINUTE,
            to_ms: MIDNIGHT + through * MINUTE,
            sources: 1,
        };
        let sights = |trace, device: String, span| Sights {
            trace,
            site: self.metz.clone(),
            device,
            spans: vec![span],
            received_ms: NOW,
        };
        let seen = sights(Trace::Device, self.device(mac).await, span(from, through));
        let clear = sights(Trace::Clear, "lan".to_owned(), span(-3 * 24 * 60, 3 * 24 * 60));
        self.stage.store.add_sights(&[seen, clear]).await.unwrap();
    }

    /// A round at a time of the day, minutes after midnight in Paris.
    async fn round_at(&self, minute: i64) {
        let at_ms = MIDNIGHT + minute * MINUTE;
        let now_ms = self.presences().now_ms();
        self.stage.clock.advance(Duration::from_millis(u64::try_from(at_ms - now_ms).unwrap()));
        self.presences().close_days(at_ms).await.unwrap();
        self.presences().hand_over().await.unwrap();
    }

    /// What the backend is to be told, oldest first: the amount in half days, the revision, and how far it is.
    async fn told(&self) -> Vec<(u8, u32, JobState)> {
        let mut jobs: Vec<Job> = self.stage.store.jobs(&JobFilter::default(), None, 100).await.unwrap();
        jobs.reverse();
        let told = |job: Job| {
            let presence = job.row.presence.unwrap();
            (presence.halves, presence.revision, job.state)
        };
        jobs.into_iter().map(told).collect()
    }

    async fn kept(&self, person: &str) -> Option<crate::store::presence::StoredDay> {
        let (from, through) = (day(), day());
        let filter = DayFilter { person: Some(person.to_owned()), from, through, only_unpublished: false };
        self.stage.store.person_days(&filter, None, 9).await.unwrap().pop()
    }

    async fn ask(&self, request: Request) -> String {
        let id = self.presences().ask(&request).unwrap();
        assert!(self.presences().work_on_next().await.unwrap());
        self.presences().request(&id).unwrap().unwrap().1
    }
}

const CLOSE: i64 = 22 * 60 + 15;

#[tokio::test]
async fn a_day_is_closed_at_its_time_and_told_once() {
    let desk = Desk::new().await;
    desk.see(PHONE, (9 * 60, 10 * 60)).await;

    desk.round_at(CLOSE - 1).await;
    assert_eq!(desk.kept("lea").await, None);
    desk.round_at(CLOSE).await;
    desk.round_at(CLOSE + 1).await;

    assert_eq!(desk.told().await, [(1, 1, JobState::Pending)]);
    let kept = desk.kept("lea").await.unwrap();
    assert_eq!((kept.value, kept.revision, kept.published_revision), (Some(0.5), 1, 1));
}

#[tokio::test]
async fn p25_late_sights_make_one_new_revision_that_takes_the_place_of_one_not_sent() {
    let desk = Desk::new().await;
    desk.see(PHONE, (9 * 60, 10 * 60)).await;
    desk.round_at(CLOSE).await;
    desk.see(PHONE, (10 * 60, 16 * 60)).await;

    desk.round_at(CLOSE + 24 * 60).await;
    desk.see(PHONE, (10 * 60, 16 * 60)).await;
    desk.round_at(CLOSE + 48 * 60).await;

    assert_eq!(desk.told().await, [(1, 1, JobState::Skipped), (2, 2, JobState::Pending)]);
}

#[tokio::test]
async fn p14_zero_is_told_when_a_value_vanished_and_a_decision_stays() {
    let desk = Desk::new().await;
    desk.add_member("bob").await;
    let laptop = Mac([0x3c, 0x22, 0xfb, 0, 0, 1]);
    desk.give("bob", laptop).await;
    desk.see(PHONE, (9 * 60, 10 * 60)).await;
    desk.see(laptop, (9 * 60, 10 * 60)).await;
    let decision = Override {
        person: "bob".to_owned(),
        date: day(),
        value: 1.0,
        comment: "was at a client".to_owned(),
        account: "max".to_owned(),
        made_ms: NOW,
    };
    desk.stage.store.put_override(&decision).await.unwrap();
    desk.round_at(CLOSE).await;
    for mac in [PHONE, laptop] {
        let device = desk.device(mac).await;
        assert!(desk.stage.store.disown(Some(&desk.metz), &device, 0).await.unwrap());
    }

    let said = desk.ask(Request::Day(day())).await;

    assert!(said.contains("lea: 0, was 0.5; told as revision 2"), "{said}");
    let told = desk.told().await;
    assert!(told.contains(&(0, 2, JobState::Pending)), "{told:?}");
    assert!(told.contains(&(2, 2, JobState::Pending)), "the decision, as before: {told:?}");
    let bob = desk.kept("bob").await.unwrap();
    assert_eq!((bob.value, bob.revision), (None, 2), "without a device nobody can say");
}

#[tokio::test]
async fn p13_recomputing_one_device_keeps_the_whole_day() {
    let desk = Desk::new().await;
    let laptop = Mac([0x3c, 0x22, 0xfb, 0, 0, 1]);
    desk.give("lea", laptop).await;
    desk.see(PHONE, (9 * 60, 11 * 60 + 20)).await;
    desk.see(laptop, (10 * 60, 14 * 60 + 40)).await;
    desk.round_at(CLOSE).await;
    assert_eq!(desk.told().await, [(2, 1, JobState::Pending)]);

    let said = desk.ask(Request::Device(PHONE, (day(), day()))).await;

    assert!(said.contains("0 days of 1 people are new or changed"), "{said}");
    assert_eq!(desk.told().await, [(2, 1, JobState::Pending)]);
}

#[tokio::test]
async fn after_a_time_without_a_hub_its_days_are_closed_and_none_before_the_site() {
    let desk = Desk::new().await;
    desk.see(PHONE, (9 * 60, 10 * 60)).await;

    desk.round_at(CLOSE + 5 * 24 * 60).await;

    let period = (date(2026, 10, 1), date(2026, 12, 31));
    let closed = desk.stage.store.closings(period.0, period.1).await.unwrap();
    assert_eq!(closed.len(), 7, "from the day on which the site was made");
    assert_eq!(desk.told().await, [(1, 1, JobState::Pending)]);
}

#[tokio::test]
async fn a_request_is_answered_line_by_line_and_nonsense_with_the_reason() {
    let desk = Desk::new().await;
    desk.see(PHONE, (9 * 60, 10 * 60)).await;

    let said = desk.ask(Request::Period(day(), day())).await;

    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "Computing the days from 2026-11-20 through 2026-11-20.");
    assert_eq!(lines[1], "2026-11-20  lea: 0.5; told as revision 1");
    assert!(lines[2].starts_with("1 days of 1 people are new or changed; 1 go to third parties"), "{said}");

    let folder = &desk.presences().0.own;
    folder.put("nonsense", r#"{"slug":"presences-week"}"#).unwrap();
    // Files have the time of the machine; whoever may still write is waited for.
    desk.stage.clock.advance(Duration::from_secs(60 * 365 * 24 * 3600));
    assert!(desk.presences().work_on_next().await.unwrap());
    assert!(folder.answer("nonsense").unwrap().unwrap().contains("presences-week"));
}

#[tokio::test]
async fn whoever_is_told_again_gets_a_new_revision() {
    let desk = Desk::new().await;
    desk.see(PHONE, (9 * 60, 10 * 60)).await;
    desk.round_at(CLOSE).await;

    assert_eq!(desk.presences().tell_again((day(), day())).await.unwrap(), 1);
    desk.round_at(CLOSE + 1).await;

    assert_eq!(desk.told().await, [(1, 1, JobState::Skipped), (1, 2, JobState::Pending)]);
}

#[tokio::test]
async fn sessions_are_closed_by_hand_and_open_again_with_the_next_arrival() {
    let desk = Desk::new().await;
    desk.see(PHONE, (15 * 60 - 30, 15 * 60)).await;
    let silent =
        async |minutes: i64| desk.presences().to_close(Ending::SilentFor(minutes * MINUTE)).await.unwrap().len();
    assert_eq!((silent(4).await, silent(6).await), (1, 0));

    assert_eq!(desk.presences().close_sessions(Ending::All, "max").await.unwrap().len(), 1);

    assert_eq!(desk.presences().to_close(Ending::All).await.unwrap(), []);
    desk.stage.clock.advance(Duration::from_secs(120));
    desk.see(PHONE, (15 * 60 + 6, 15 * 60 + 6)).await;
    assert_eq!(desk.presences().to_close(Ending::All).await.unwrap(), [], "one weak sight is nobody");
    desk.see(PHONE, (15 * 60 + 7, 15 * 60 + 7)).await;
    assert_eq!(desk.presences().to_close(Ending::All).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_look_at_itself_is_well_on_a_fresh_hub() {
    let desk = Desk::new().await;
    let wrong: Vec<Finding> = desk.presences().check().await.into_iter().filter(|one| !one.is_well).collect();
    assert_eq!(wrong, []);
}

/// A third party that says one thing.
struct Says(Mutex<String>);

#[async_trait::async_trait]
impl Web for Says {
    async fn ask(&self, _: Ask) -> Result<Answer, Broken> {
        let text = self.0.lock().unwrap().clone();
        Ok(Answer { status: 200, text, ..Answer::default() })
    }
}

#[tokio::test]
async fn devices_of_a_list_get_their_owners_and_change_hands_with_the_list() {
    let desk = Desk::new().await;
    let secrets = [("key".to_owned(), Some("s3cret".to_owned()))];
    desk.stage.store.put_connector_secrets("tickets", &secrets.into()).await.unwrap();
    let laptop = "3C:22:FB:00:00:01";
    let list = format!("{laptop}\tbob@example.org\tBob\tRoy\n8e:1b:7c\tx@example.org\tX\t\n");
    let says = Arc::new(Says(Mutex::new(list)));
    let exchange = Exchange::new(crate::connectors::driver::Parts {
        store: desk.stage.store.clone(),
        web: says.clone(),
        clock: desk.stage.clock.clone(),
        config: crate::connectors::config::ConnectorsConfig::default(),
    });
    let folder = tempfile::tempdir().unwrap();
    let presences = Presences::new(Parts {
        store: desk.stage.store.clone(),
        exchange,
        fleet: desk.stage.fleet.clone(),
        clock: desk.stage.clock.clone(),
        config: PresenceConfig::default(),
        folder: folder.path().join("requests"),
    })
    .unwrap();
    let owners = async || {
        let owned = desk.stage.store.ownerships(&OwnershipFilter::default()).await.unwrap();
        let of_laptop = desk.device(laptop.parse().unwrap()).await;
        let of_laptop = owned.into_iter().filter(|one| one.device == of_laptop);
        of_laptop.map(|one| (one.person, one.to_ms.is_none())).collect::<Vec<_>>()
    };

    let taken = presences.take_devices("tickets").await.unwrap();
    let again = presences.take_devices("tickets").await.unwrap();

    assert_eq!((taken.listed, taken.people, taken.devices, taken.bad.len()), (1, 1, 1, 1));
    assert_eq!((again.people, again.devices), (0, 0));
    assert_eq!(owners().await, [("bob@example.org".to_owned(), true)]);
    *says.0.lock().unwrap() = format!("{laptop}\tlea@example.org\tLéa\t\n");
    assert_eq!(presences.take_devices("tickets").await.unwrap().devices, 1);
    assert_eq!(owners().await, [("bob@example.org".to_owned(), false), ("lea".to_owned(), true)]);
}
