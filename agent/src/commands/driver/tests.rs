//! The driver with a real book and a real desk; only the acts are remembered instead of done.

use std::path::Path;

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use vigie_shared::id::{BootId, SiteId, to_hex};
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::command::{RestartService, json};
use vigie_shared::wire::{CommandHeader, CommandKind, Live, OutcomeState, Reading, frame};

use super::*;
use crate::commands::book::Page;
use crate::config::AgentConfig;
use crate::identity::Identity;
use crate::privileged::Verb;
use crate::testing::{Acts, Kept, command_context};

const FAR_MS: i64 = i64::MAX;

/// A box with an identity, a book, and acts that are only remembered.
struct Stage {
    folder: tempfile::TempDir,
    acts: Arc<Acts>,
    key: Ed25519KeyPair,
}

/// A driver that runs.
struct Running {
    commands: mpsc::Sender<SignedCommand>,
    kept: Arc<Kept>,
    lifecycle: Lifecycle,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
        let public = to_hex(key.public_key().as_ref());
        save_identity(folder.path(), public);
        Self { folder, acts: Arc::default(), key }
    }

    fn start(&self, change: impl FnOnce(&mut AgentConfig)) -> Running {
        let mut settings = AgentConfig::in_folder(self.folder.path().to_owned());
        change(&mut settings);
        let context = command_context(settings, Arc::clone(&self.acts));
        let (kept, lifecycle) = (Arc::new(Kept::default()), Lifecycle::new());
        let driver = Driver::open(context, Arc::<Kept>::clone(&kept)).unwrap();
        let (commands, incoming) = mpsc::channel(2_000);
        lifecycle.spawn("commands", driver.run(incoming, lifecycle.stopping()));
        Running { commands, kept, lifecycle }
    }

    fn command(&self, id: u16, text: &str, expires_ms: i64) -> SignedCommand {
        SignedCommand::sign(&command(id, text, expires_ms), &self.key)
    }
}

fn save_identity(folder: &Path, public: String) {
    let identity = Identity {
        site: "a".parse().unwrap(),
        hub: "127.0.0.1:1".to_owned(),
        broker_host: String::new(),
        broker_port: 1,
        zone: "UTC".to_owned(),
        command_keys: vec![public],
        seal_key: None,
        pseudonym_secret: String::new(),
        certificate_expires_ms: 0,
        certificate_pem: String::new(),
        key_pem: String::new(),
        ca_pem: String::new(),
    };
    identity.save(&AgentConfig::in_folder(folder.to_owned()).identity_folder()).unwrap();
}

fn id(number: u16) -> CommandId {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    CommandId(bytes)
}

fn header(number: u16, expires_ms: i64) -> CommandHeader {
    let site: SiteId = "a".parse().unwrap();
    CommandHeader { site, id: id(number), issued_ms: 0, expires_ms }
}

fn command(number: u16, text: &str, expires_ms: i64) -> Command {
    let order = json::parse(text).unwrap();
    Command { header: header(number, expires_ms), is_dry_run: order.is_dry_run, kind: order.kind }
}

const RESTART: &str = r#"{"type":"restart_service","data":{"service":"neopro-app"}}"#;

impl Running {
    async fn send(&self, signed: SignedCommand) {
        self.commands.send(signed).await.unwrap();
    }

    fn outcomes(&self) -> Vec<CommandOutcome> {
        outcomes(&self.kept)
    }

    /// Waits until so many outcomes were told.
    async fn told(&self, count: usize) -> Vec<CommandOutcome> {
        self.kept.until(|kept| outcomes(kept).len() >= count).await;
        self.outcomes()
    }

    async fn stop(self) {
        self.lifecycle.stop();
        self.lifecycle.wait().await;
    }
}

fn outcomes(kept: &Kept) -> Vec<CommandOutcome> {
    let outcome = |reading| match reading {
        Reading::Outcome(outcome) => Some(outcome),
        _ => None,
    };
    kept.readings().into_iter().filter_map(outcome).collect()
}

#[tokio::test]
async fn a_command_is_done_once_however_often_it_comes() {
    let stage = Stage::new();
    let running = stage.start(|_| {});
    for _ in 0..3 {
        running.send(stage.command(1, RESTART, FAR_MS)).await;
    }
    let told = running.told(1).await;
    assert_eq!((told[0].id, told[0].state), (id(1), OutcomeState::Succeeded));
    running.stop().await;

    let again = stage.start(|_| {});
    again.send(stage.command(1, RESTART, FAR_MS)).await;
    assert_eq!(again.told(1).await[0].state, OutcomeState::Succeeded, "told again, from the book");
    assert_eq!(stage.acts.done(), [Verb::RestartUnit { unit: "neopro-app".to_owned() }]);
}

#[tokio::test]
async fn what_must_not_be_obeyed_is_refused_with_its_reason() {
    let stage = Stage::new();
    let running = stage.start(|settings| {
        settings.commands.allowed = serde_json::from_str(r#"["reboot"]"#).unwrap();
    });
    let stranger = Ed25519KeyPair::from_seed_unchecked(&[2; 32]).unwrap();
    let strange_body = frame::seal(1, &(header(4, FAR_MS), false, 99u8));
    for signed in [
        stage.command(1, RESTART, FAR_MS),
        stage.command(2, r#"{"type":"reboot"}"#, 1),
        SignedCommand::sign(&command(3, r#"{"type":"reboot"}"#, FAR_MS), &stranger),
        SignedCommand::sign_sealed(strange_body, &stage.key),
    ] {
        running.send(signed).await;
    }
    let told = running.told(4).await;
    for (number, expected) in [(1, "does not allow"), (2, "expired"), (3, "signature"), (4, "does not know")] {
        let outcome = told.iter().find(|outcome| outcome.id == id(number)).unwrap();
        assert_eq!(outcome.state, OutcomeState::Refused);
        assert!(outcome.detail.contains(expected), "{outcome:?}");
    }
    running.send(stage.command(9, r#"{"type":"get_system_info"}"#, FAR_MS)).await;
    let told = running.told(5).await;
    assert_eq!(told[4].state, OutcomeState::Succeeded, "always allowed: {told:?}");
    assert_eq!(stage.acts.done(), []);
}

#[tokio::test]
async fn a_thousand_at_once_are_done_or_refused_and_each_is_answered() {
    let stage = Stage::new();
    let running = stage.start(|_| {});
    for number in 0..1_000 {
        running.send(stage.command(number, RESTART, FAR_MS)).await;
    }
    // What finds no room in the box's memory is left for the hub to send again.
    let told = running.told(300).await;
    let done = told.iter().filter(|outcome| outcome.state == OutcomeState::Succeeded).count();
    assert!(done >= 1 && done == stage.acts.done().len().min(done));
    let mut ids: Vec<CommandId> = told.iter().map(|outcome| outcome.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), told.len(), "nobody is told twice");
}

#[tokio::test]
async fn what_was_open_at_the_stop_is_settled_before_anything_else() {
    let stage = Stage::new();
    let running = stage.start(|_| {});
    running.send(stage.command(1, r#"{"type":"reboot"}"#, FAR_MS)).await;
    let is_rebooting = |kept: &Kept| {
        kept.lives().iter().any(|live| matches!(live, Live::Progress { stage, .. } if stage.contains("restarting")))
    };
    running.kept.until(is_rebooting).await;
    running.stop().await;

    let again = stage.start(|_| {});
    let told = again.told(1).await;
    assert_eq!((told[0].id, told[0].state), (id(1), OutcomeState::Failed), "the machine is the same start");
    let book = Book::open(stage.folder.path().join("commands/book")).unwrap();
    while !book.page(id(1)).is_some_and(|page| page.is_told) {
        tokio::task::yield_now().await;
    }
    again.stop().await;

    let third = stage.start(|_| {});
    third.send(stage.command(2, RESTART, FAR_MS)).await;
    assert_eq!(third.told(1).await[0].id, id(2), "the settled one is not told again by itself");
    assert_eq!(stage.acts.done().len(), 2);
}

#[tokio::test]
async fn an_outcome_that_found_no_room_is_told_after_the_next_start() {
    let stage = Stage::new();
    let running = stage.start(|_| {});
    running.kept.fill();
    running.send(stage.command(1, RESTART, FAR_MS)).await;
    running.kept.until(|kept| kept.refused() > 0).await;
    running.stop().await;

    let again = stage.start(|_| {});

    assert_eq!(again.told(1).await[0].id, id(1));
    assert_eq!(stage.acts.done().len(), 1, "it is not done again");
}

#[tokio::test]
async fn a_page_of_another_version_ends_unknown_and_a_damaged_one_is_never_begun() {
    let stage = Stage::new();
    let book = Book::open(stage.folder.path().join("commands/book")).unwrap();
    let kind = CommandKind::RestartService(RestartService { service: "neopro-app".to_owned() });
    let page = Page::begin(&Command { header: header(1, FAR_MS), is_dry_run: false, kind }, BootId([1; 16]));
    book.write(&page).unwrap();
    let path = stage.folder.path().join(format!("commands/book/{}.json", id(1)));
    let text = std::fs::read_to_string(&path).unwrap().replace("\"body\":\"01", "\"body\":\"07");
    std::fs::write(&path, text).unwrap();
    std::fs::write(stage.folder.path().join(format!("commands/book/{}.json", id(2))), b"{").unwrap();

    let running = stage.start(|_| {});
    assert_eq!(running.told(1).await[0].state, OutcomeState::Unknown);
    running.send(stage.command(2, RESTART, FAR_MS)).await;
    running.send(stage.command(3, RESTART, FAR_MS)).await;
    assert_eq!(running.told(2).await[1].id, id(3));
    assert_eq!(stage.acts.done().len(), 1);
}
