//! Who is written what of an incident.

use std::sync::Mutex;

use vigie_shared::clock::ManualClock;
use vigie_shared::id::BootId;
use vigie_shared::wire::Stamp;

use super::*;
use crate::alerts::news::Severity;
use crate::mail::letter::{Letter, LetterState};
use crate::mail::letters::samples;
use crate::store::Memory;
use crate::text::Lang;
use crate::webhook::Target;

pub(crate) const NOW: i64 = 1_795_183_500_000;

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Stamp { boot: BootId([7; 16]), uptime_ms: 0, wall_ms: NOW, is_synced: true }))
}

/// Settings of mail to some recipients, as a file has them.
pub(crate) fn mail(recipients: &str) -> MailConfig {
    toml::from_str(&format!(
        "server = \"localhost\"\nfrom = \"Vigie <vigie@example.org>\"\nzone = \"Europe/Paris\"\nrecipients = [{recipients}]"
    ))
    .unwrap()
}

/// Machines as told, or none that can be read.
struct Known(Mutex<Option<Vec<MachineNow>>>);

#[async_trait]
impl Machines for Known {
    async fn machines(&self) -> anyhow::Result<Vec<MachineNow>> {
        self.0.lock().unwrap().clone().context("the store failed")
    }
}

struct Scene {
    store: Arc<Memory>,
    desk: Desk,
}

impl Scene {
    fn new(recipients: &str, targets: Vec<Target>, machines: Option<Option<Vec<MachineNow>>>) -> Self {
        let store = Arc::new(Memory::default());
        let machines = machines.map(|told| Arc::new(Known(Mutex::new(told))) as Arc<dyn Machines>);
        let webhooks = WebhooksConfig { targets, ..WebhooksConfig::default() };
        let parts = Parts {
            store: store.clone(),
            clock: clock(),
            mail: mail(recipients),
            webhooks,
            machines,
            limits: Limits::default(),
        };
        Self { store, desk: Desk::new(parts).unwrap() }
    }

    /// Everything in the outbox, oldest first: reader, kind and subject.
    async fn letters(&self) -> Vec<(String, Kind, String)> {
        let mut letters = self.all().await;
        letters.sort_by_key(|letter| letter.no);
        letters.into_iter().map(|one| (one.name.reader, one.name.kind, one.content.subject)).collect()
    }

    async fn all(&self) -> Vec<Letter> {
        crate::store::Outbox::letters(&*self.store, &LetterFilter::default(), None, 100).await.unwrap()
    }

    async fn readers(&self, news: &News) -> Vec<String> {
        let before = self.letters().await.len();
        self.desk.tell(news).await.unwrap();
        self.letters().await.into_iter().skip(before).map(|(reader, ..)| reader).collect()
    }
}

fn news(phase: Phase, number: u32) -> News {
    News { number, ..samples::news(phase, NOW) }
}

#[tokio::test]
async fn the_same_news_is_told_once_to_each() {
    let scene = Scene::new("\"a@x.org\", \"b@x.org\"", Vec::new(), None);
    assert_eq!(scene.readers(&news(Phase::Opened, 1)).await, ["a@x.org", "b@x.org"]);
    assert_eq!(scene.readers(&news(Phase::Opened, 1)).await, Vec::<String>::new());
    assert_eq!(scene.readers(&news(Phase::Closed, 2)).await, ["a@x.org", "b@x.org"]);

    let all = scene.all().await;
    let first = all.iter().find(|one| one.name.reader == "a@x.org" && one.name.number == 1).unwrap();
    let last = all.iter().find(|one| one.name.reader == "a@x.org" && one.name.number == 2).unwrap();
    assert_eq!(
        (first.thread.clone(), last.thread.clone()),
        (None, Some(first.name.mark())),
        "mails of an incident thread"
    );
    assert_eq!((first.state, first.expires_ms), (LetterState::Waiting, NOW + 3 * 24 * 3_600_000));
}

#[tokio::test]
async fn each_is_told_what_they_asked_for_in_their_language() {
    let scene = Scene::new(
        "\"a@x.org\", { address = \"b@x.org\", lang = \"en\", sites = [\"metz\"] }, { address = \"c@x.org\", sites = \
         [\"metz\"], severity_min = \"critical\" }, { address = \"d@x.org\", lang = \"en\", severity_min = \"critical\" }",
        Vec::new(),
        None,
    );
    scene.desk.tell(&news(Phase::Opened, 1)).await.unwrap();
    let told: Vec<(String, String)> =
        scene.letters().await.into_iter().map(|(reader, _, subject)| (reader, subject)).collect();
    let expected = [
        ("a@x.org", "Critique\u{a0}: Rennes Club et 1\u{a0}autre"),
        ("b@x.org", "Attention: Metz <Nord> & Sud"),
        ("d@x.org", "Critical: Rennes Club"),
    ];
    assert_eq!(told, expected.map(|(reader, subject)| (reader.to_owned(), subject.to_owned())));
}

#[tokio::test]
async fn the_end_is_told_to_those_who_were_told_of_the_trouble() {
    let scene = Scene::new("\"a@x.org\", { address = \"b@x.org\", severity_min = \"critical\" }", Vec::new(), None);
    let mut mild = news(Phase::Opened, 1);
    mild.lines.retain(|line| line.severity == Severity::Warning);
    assert_eq!(scene.readers(&mild).await, ["a@x.org"]);
    assert_eq!(scene.readers(&news(Phase::Closed, 2)).await, ["a@x.org"]);

    let other = News { incident: "other".to_owned(), ..news(Phase::Closed, 1) };
    assert_eq!(scene.readers(&other).await, Vec::<String>::new(), "an end without a beginning is told to nobody");
}

#[tokio::test]
async fn a_machine_without_room_has_all_machines_told_of_once() {
    let scene = Scene::new("\"a@x.org\"", Vec::new(), Some(Some(samples::machines())));
    let mut disk = news(Phase::Opened, 1);
    disk.lines.truncate(1);
    disk.lines[0].rule = "machine_disk".to_owned();
    scene.desk.tell(&disk).await.unwrap();
    assert_eq!(
        scene.letters().await,
        [("a@x.org".to_owned(), Kind::Storage, "Stockage critique\u{a0}: 2\u{a0}machines".to_owned())]
    );

    scene.desk.tell(&News { number: 2, phase: Phase::Continues, ..disk.clone() }).await.unwrap();
    scene.desk.tell(&News { number: 3, phase: Phase::Closed, ..disk }).await.unwrap();
    let kinds: Vec<Kind> = scene.letters().await.into_iter().map(|(_, kind, _)| kind).collect();
    assert_eq!(kinds, [Kind::Storage, Kind::Incident, Kind::Incident]);
}

#[tokio::test]
async fn other_trouble_beside_it_is_told_too_and_unknown_machines_hold_nothing_up() {
    let mut mixed = news(Phase::Opened, 1);
    mixed.lines[0].rule = "machine_disk".to_owned();
    let kinds = async |machines| {
        let scene = Scene::new("\"a@x.org\"", Vec::new(), machines);
        scene.desk.tell(&mixed).await.unwrap();
        scene.letters().await.into_iter().map(|(_, kind, _)| kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(Some(Some(samples::machines()))).await, [Kind::Storage, Kind::Incident]);
    assert_eq!(kinds(Some(None)).await, [Kind::Incident]);
    assert_eq!(kinds(None).await, [Kind::Incident]);
}

#[tokio::test]
async fn programs_are_told_in_the_same_transaction() {
    let target = |name: &str, severity_min| Target {
        name: name.to_owned(),
        url: "https://example.org/hook".to_owned(),
        secret_file: None,
        sites: Vec::new(),
        severity_min,
    };
    let targets = vec![target("chat", Severity::Warning), target("pager", Severity::Critical)];
    let scene = Scene::new("\"a@x.org\"", targets, None);
    let mut mild = news(Phase::Opened, 1);
    mild.lines.retain(|line| line.severity == Severity::Warning);

    assert_eq!(scene.readers(&mild).await, ["a@x.org", "chat"]);
    scene.store.fail(true);
    assert!(scene.desk.tell(&news(Phase::Continues, 2)).await.is_err());
    scene.store.fail(false);
    assert_eq!(scene.readers(&news(Phase::Continues, 2)).await, ["a@x.org", "chat", "pager"], "all or none");
    assert_eq!(scene.readers(&news(Phase::Closed, 3)).await, ["a@x.org", "chat", "pager"]);
}

#[tokio::test]
async fn without_a_server_nobody_is_written_to_and_a_test_says_what_to_set() {
    let store = Arc::new(Memory::default());
    let (mail, webhooks) = (MailConfig::default(), WebhooksConfig::default());
    let desk =
        Desk::new(Parts { store, clock: clock(), mail, webhooks, machines: None, limits: Limits::default() }).unwrap();
    desk.tell(&news(Phase::Opened, 1)).await.unwrap();
    assert!(desk.test(None, None).await.unwrap_err().to_string().contains("[mail]"));
}

#[tokio::test]
async fn a_reader_in_another_language_gets_samples_in_it() {
    let scene = Scene::new("{ address = \"b@x.org\", lang = \"en\" }", Vec::new(), None);
    let letters = scene.desk.test(Some("b@x.org"), Some("test")).await.unwrap();
    assert_eq!(letters[0].content.subject, "[Test] Test send from Vigie");
    assert_eq!(scene.desk.reader(&Recipient::new("c@x.org".parse().unwrap())).lang, Lang::Fr);
}
