//! Connections as programs make them, over a pipe instead of TLS.

mod home;
mod scope;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::oneshot;
use vigie_shared::wire::{CommandOutcome, OutcomeState};

use super::door::Guest;
use super::*;
use crate::home_assistant::HomeAssistantConfig;
use crate::http::testing::{NOW, Stage, live, token};
use crate::login::secret;
use crate::pki::Pki;
use crate::store::commands::Told;
use crate::store::diary::Level;
use crate::store::projections::Step;

const ID: &str = "00112233445566778899aabbccddeeff";

pub(super) fn text(text: &[u8]) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text].concat()
}

/// For bodies of less than 16 KiB.
pub(super) fn packet(header: u8, body: &[u8]) -> Vec<u8> {
    let (low, high) = (u8::try_from(body.len() & 0x7f).unwrap(), u8::try_from(body.len() >> 7).unwrap());
    let length = if high == 0 { vec![low] } else { vec![low | 0x80, high] };
    [&[header][..], &length, body].concat()
}

pub(super) fn connect(protocol: &str, level: u8, flags: u8, keep_alive_s: u16, rest: &[&str]) -> Vec<u8> {
    let mut body = text(protocol.as_bytes());
    body.extend([level, flags]);
    body.extend(keep_alive_s.to_be_bytes());
    rest.iter().for_each(|part| body.extend(text(part.as_bytes())));
    packet(0x10, &body)
}

/// With QoS 1 and more its identifier is 9.
pub(super) fn publish(flags: u8, topic: &str, payload: &[u8]) -> Vec<u8> {
    let id: &[u8] = if flags & 0b110 == 0 { &[] } else { &[0, 9] };
    packet(0x30 | flags, &[&text(topic.as_bytes())[..], id, payload].concat())
}

fn subscribe(filters: &[&str]) -> Vec<u8> {
    let filters = filters.iter().flat_map(|filter| [text(filter.as_bytes()), vec![1]].concat());
    packet(0x82, &[0, 7].into_iter().chain(filters).collect::<Vec<u8>>())
}

/// A hub with one site, and room for programs.
struct Scene {
    stage: Stage,
    operators: Operators,
    hall: Arc<Hall>,
    lifecycle: Lifecycle,
    _folder: tempfile::TempDir,
}

/// The program's end of a connection.
struct Client {
    stream: DuplexStream,
    ending: oneshot::Receiver<Ending>,
}

impl Scene {
    async fn new(config: OperatorsConfig) -> Self {
        Self::with(config, None).await
    }

    /// The same, where Home Assistant may come.
    async fn with_home() -> Self {
        let settings = HomeAssistantConfig {
            operators: true,
            buttons: true,
            services: vec!["player".to_owned()],
            ..HomeAssistantConfig::default()
        };
        Self::with(OperatorsConfig::default(), Guests::welcome(&settings, &[0xab; 32])).await
    }

    async fn with(config: OperatorsConfig, home: Option<Guests>) -> Self {
        let (stage, folder, lifecycle) = (Stage::new().await, tempfile::tempdir().unwrap(), Lifecycle::new());
        stage.add_site("metz", "Metz").await;
        let acceptor = TlsAcceptor::from(Pki::open(folder.path(), NOW).unwrap().open_tls().unwrap());
        let (operators, stopping) = (Operators::new(config), lifecycle.stopping());
        let (room, admin) = (Arc::clone(&operators.0), stage.admin.clone());
        let hall = Arc::new(Hall { room, admin, acceptor, home, stopping });
        lifecycle.spawn("home", news::tell_home(Arc::clone(&hall)));
        lifecycle.spawn("states", news::tell_states(Arc::clone(&hall)));
        lifecycle.spawn("commands", news::tell_commands(Arc::clone(&hall)));
        Self { stage, operators, hall, lifecycle, _folder: folder }
    }

    fn dial(&self, pipe_bytes: usize) -> Client {
        let (stream, theirs) = tokio::io::duplex(pipe_bytes);
        let (told, ending) = oneshot::channel();
        let hall = Arc::clone(&self.hall);
        self.lifecycle.spawn_detached(async move {
            let (reader, writer) = tokio::io::split(theirs);
            let ending = match Guest::new(reader, writer).enter(&hall, [192, 0, 2, 1].into()).await {
                Ok(session) => session.run(&hall).await,
                Err(ending) => ending,
            };
            let _is_awaited = told.send(ending).is_ok();
        });
        Client { stream, ending }
    }

    async fn log_in(&self, role: Role) -> Client {
        self.log_in_through(role, 64 * 1024).await
    }

    async fn log_in_through(&self, role: Role, pipe_bytes: usize) -> Client {
        let mut client = self.dial(pipe_bytes);
        let name = crate::http::guard::word(role);
        client.say(&connect("MQTT", 4, 0xc2, 60, &["test", name, &token(role)])).await;
        assert_eq!(client.hear().await, (0x20, vec![0, 0]));
        client
    }
}

impl Client {
    async fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next packet: its first byte, and its body.
    async fn hear(&mut self) -> (u8, Vec<u8>) {
        let header = self.stream.read_u8().await.unwrap();
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.stream.read_u8().await.unwrap();
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.unwrap();
        (header, body)
    }

    /// The next message: whether it is retained, its topic and what it says.
    async fn told(&mut self) -> (bool, String, Value) {
        let (header, body) = self.hear().await;
        assert_eq!(header & 0xfe, 0x30, "{header:x} {body:?}");
        let (topic, json) = crate::gateway::frames::text(&body).unwrap();
        (header & 1 == 1, String::from_utf8(topic.to_vec()).unwrap(), serde_json::from_slice(json).unwrap())
    }

    /// Asks for messages; returns the answer's codes.
    async fn ask(&mut self, filters: &[&str]) -> Vec<u8> {
        self.say(&subscribe(filters)).await;
        let (header, body) = self.hear().await;
        assert_eq!((header, &body[..2]), (0x90, &[0, 7][..]));
        body[2..].to_vec()
    }

    async fn is_still_served(&mut self) {
        self.say(&[0xc0, 0]).await;
        assert_eq!(self.hear().await, (0xd0, vec![]));
    }
}

const PUBACK: (u8, [u8; 2]) = (0x40, [0, 9]);

#[tokio::test]
async fn a_command_is_acknowledged_when_it_is_stored_and_its_outcome_is_told() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let (stage, metz) = (&scene.stage, "metz".parse::<vigie_shared::id::SiteId>().unwrap());
    let mut client = scene.log_in(Role::Operator).await;
    assert_eq!(client.ask(&["vigie/v1/metz/commands/#"]).await, [0]);
    let body = json!({ "id": ID, "service": "neopro-app" }).to_string();
    client.say(&publish(0b0010, "vigie/v1/metz/commands/restart_service", body.as_bytes())).await;
    assert_eq!(client.hear().await, (PUBACK.0, PUBACK.1.to_vec()));
    let stored = stage.store.command(&metz, ID.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((stored.kind.as_str(), stored.account.as_str()), ("restart_service", "operator"));
    let (is_retained, topic, told) = client.told().await;
    assert_eq!((is_retained, topic), (false, format!("vigie/v1/metz/commands/{ID}/progress")));
    assert_eq!((told["state"].as_str(), told["id"].as_str()), (Some("waiting"), Some(ID)));

    let (id, detail, answer) = (ID.parse().unwrap(), "restarted".to_owned(), None);
    let outcome = CommandOutcome { id, state: OutcomeState::Succeeded, detail, answer };
    let words = Told { site: metz.clone(), at_ms: NOW, outcome };
    stage.store.apply(Step { outcomes: vec![words], ..Step::default() }).await.unwrap();
    stage.admin.dispatch.changed(&metz, id);
    let (_, topic, told) = client.told().await;
    assert_eq!((topic, &told["state"]), (format!("vigie/v1/metz/commands/{ID}/outcome"), &json!("succeeded")));

    let mut late = scene.log_in(Role::Owner).await;
    assert_eq!(late.ask(&[&format!("vigie/v1/metz/commands/{ID}/outcome")]).await, [0]);
    let (is_retained, _, told) = late.told().await;
    assert_eq!((is_retained, &told["detail"]), (true, &json!("restarted")));
    assert_eq!(scene.operators.figures().commands_total, 1);
}

#[tokio::test]
async fn what_is_refused_is_told_in_words_to_its_giver_and_the_connection_stays() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let mut viewer = scene.log_in(Role::Viewer).await;
    assert_eq!(viewer.ask(&["vigie/v1/+/commands/+/outcome", "vigie/v1/+/commands/refused"]).await, [0x80, 0]);
    let mut operator = scene.log_in(Role::Operator).await;
    let with_id = json!({ "id": ID }).to_string();
    let named = format!("vigie/v1/metz/commands/{ID}/outcome");
    let refused = "vigie/v1/metz/commands/refused";
    for (is_viewer, flags, topic, body, answer, code) in [
        (true, 0b0010, "vigie/v1/metz/commands/reboot", "", refused, "forbidden"),
        (true, 0b0000, "vigie/v1/metz/commands/reboot", with_id.as_str(), &named, "forbidden"),
        (false, 0b0010, "vigie/v1/metz/commands/reboot", "{", refused, "malformed"),
        (false, 0b0010, "vigie/v1/metz/commands/dance", &with_id, &named, "invalid"),
        (false, 0b0010, "vigie/v1/brest/commands/reboot", "", "vigie/v1/brest/commands/refused", "site_unknown"),
        (false, 0b0010, "vigie/v1/no-site/commands/reboot", "", "vigie/v1/no-site/commands/refused", "site_unknown"),
        (false, 0b0011, "vigie/v1/metz/commands/reboot", "", refused, "invalid"),
        (false, 0b1010, "vigie/v1/metz/commands/reboot", "{}", refused, "invalid"),
    ] {
        let client = if is_viewer { &mut viewer } else { &mut operator };
        client.say(&publish(flags, topic, body.as_bytes())).await;
        let (_, told_on, told) = client.told().await;
        assert_eq!((told_on.as_str(), told["code"].as_str()), (answer, Some(code)), "{topic} {body}");
        assert_eq!((told["state"].as_str(), told["is_over"].as_bool()), (Some("refused"), Some(true)));
        assert!(told["detail"].as_str().is_some_and(|words| words.len() > 10), "{told}");
        if flags & 0b0010 != 0 {
            assert_eq!(client.hear().await, (PUBACK.0, PUBACK.1.to_vec()));
        }
        client.is_still_served().await;
    }
    assert!(scene.stage.store.open_commands(9).await.unwrap().is_empty());
    assert_eq!(scene.operators.figures().refused_total, 8);
}

#[tokio::test]
async fn a_command_that_cannot_be_stored_is_not_acknowledged() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let mut client = scene.log_in(Role::Operator).await;
    scene.stage.memory.fail(true);
    client.say(&publish(0b0010, "vigie/v1/metz/commands/reboot", b"")).await;
    assert_eq!(client.told().await.2["code"], "store_failed");
    assert_eq!(client.ending.await.unwrap(), Ending::StoreFailed);
    assert!(client.stream.read_u8().await.is_err(), "nothing more is said");
}

#[tokio::test]
async fn who_asks_for_states_has_them_at_once_and_after_each_change() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let brest = scene.stage.add_site("brest", "Brest").await;
    let mut client = scene.log_in(Role::Viewer).await;
    assert_eq!(client.ask(&["vigie/v1/+/state"]).await, [0]);
    for site in ["brest", "metz"] {
        let (is_retained, topic, told) = client.told().await;
        assert_eq!((is_retained, topic), (true, format!("vigie/v1/{site}/state")));
        assert_eq!((&told["id"], &told["is_connected"]), (&json!(site), &json!(false)));
    }
    scene.stage.fleet.tell(&brest, live());
    loop {
        let (is_retained, topic, told) = client.told().await;
        assert!(!is_retained);
        if topic == "vigie/v1/brest/state" && told["is_connected"] == true {
            break;
        }
    }
}

#[tokio::test]
async fn events_of_a_site_are_told_until_nobody_asks_for_them() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let mut client = scene.log_in(Role::Viewer).await;
    assert_eq!(client.ask(&["vigie/v1/brest/events/+"]).await, [0]);
    let entry = |site: &str| Entry {
        at_ms: NOW,
        site: Some(site.parse().unwrap()),
        level: Level::Alarm,
        kind: "two_boxes".to_owned(),
        text: "Two live boxes".to_owned(),
    };
    scene.operators.tell(&entry("metz"));
    scene.operators.tell(&entry("brest"));
    let (_, topic, told) = client.told().await;
    assert_eq!((topic.as_str(), &told["level"]), ("vigie/v1/brest/events/two_boxes", &json!("alarm")));

    client.say(&packet(0xa2, &[&[0, 3][..], &text(b"vigie/v1/brest/events/+")].concat())).await;
    assert_eq!(client.hear().await, (0xb0, vec![0, 3]));
    scene.operators.tell(&entry("brest"));
    client.is_still_served().await;
}

#[tokio::test]
async fn a_wrong_name_or_token_is_refused_and_guessing_is_slowed_down() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let (right, viewers) = (token(Role::Operator), token(Role::Viewer));
    let refused = async |name: &str, secret: &str| {
        let mut client = scene.dial(4096);
        client.say(&connect("MQTT", 4, 0xc2, 60, &["test", name, secret])).await;
        (client.hear().await.1, client.ending.await.unwrap())
    };
    for (name, secret) in [("operator", "vgt_wrong"), ("operator", &viewers), ("nobody", &right), ("operator", "")] {
        assert_eq!(refused(name, secret).await, (vec![0, 5], Ending::LoginWrong), "{name}");
    }
    for _ in 0..2 {
        assert_eq!(refused("operator", "vgt_wrong").await.1, Ending::LoginWrong);
    }
    assert_eq!(refused("operator", &right).await, (vec![0, 3], Ending::LoginTooOften));
}

#[tokio::test]
async fn a_token_that_is_removed_works_no_longer() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let (mut reader, mut giver) = (scene.log_in(Role::Viewer).await, scene.log_in(Role::Operator).await);
    reader.is_still_served().await;
    for role in [Role::Viewer, Role::Operator] {
        assert!(scene.stage.store.remove_credential(secret::sha256(token(role).as_bytes())).await.unwrap());
    }
    giver.say(&publish(0b0010, "vigie/v1/metz/commands/reboot", b"")).await;
    assert_eq!(giver.told().await.2["code"], "unauthenticated");
    assert_eq!(giver.ending.await.unwrap(), Ending::Revoked);
    tokio::time::pause();
    assert_eq!(reader.ending.await.unwrap(), Ending::Revoked);
}

#[tokio::test]
async fn who_reads_nothing_is_cut_while_another_misses_nothing() {
    let config = OperatorsConfig {
        waiting_messages_max: 4,
        write_limit: Duration::from_millis(50),
        ..OperatorsConfig::default()
    };
    let scene = Scene::new(config).await;
    let mut slow = scene.log_in_through(Role::Viewer, 512).await;
    let mut fast = scene.log_in(Role::Viewer).await;
    for client in [&mut slow, &mut fast] {
        assert_eq!(client.ask(&["vigie/v1/metz/events/#"]).await, [0]);
    }
    let site = "metz".parse().unwrap();
    for number in 0..20u8 {
        let json = json!({ "number": number, "padding": "x".repeat(400) });
        scene.operators.0.publish(topics::event(&site, "test"), Role::Viewer, json.to_string().as_bytes());
        assert_eq!(fast.told().await.2["number"], number);
    }
    assert_eq!(slow.ending.await.unwrap(), Ending::Stalled);
    for _ in 0..10 {
        scene.operators.0.publish(topics::event(&site, "test"), Role::Viewer, b"{}");
    }
    assert_eq!(fast.ending.await.unwrap(), Ending::Lagged, "cut rather than served with holes");
}

#[tokio::test]
async fn there_is_an_end_to_filters_size_patience_and_strange_packets() {
    let config = OperatorsConfig { subscriptions_max: 2, message_size_max: 100, ..OperatorsConfig::default() };
    let scene = Scene::new(config).await;
    let mut client = scene.log_in(Role::Viewer).await;
    let three = ["vigie/v1/a/events/b", "vigie/v1/a/events/c", "vigie/v1/a/events/d", "vigie/v1/a/events/b", "#"];
    assert_eq!(client.ask(&three).await, [0, 0, 0x80, 0, 0x80]);
    for (bytes, ending) in [
        (publish(0, "vigie/v1/metz/commands/reboot", &[b' '; 101]), Ending::TooLong),
        (vec![0x30, 0xff, 0xff, 0xff, 0x7f], Ending::TooLong),
        (publish(0b0100, "vigie/v1/metz/commands/reboot", b""), Ending::ForeignPublish),
        (publish(0, "/tenants/metz/down/command", b"x"), Ending::ForeignPublish),
        (publish(0, "vigie/v1/metz/state", b"{}"), Ending::ForeignPublish),
        (connect("MQTT", 4, 0xc2, 60, &["a", "b", "c"]), Ending::ForeignPacket),
        (vec![0x62, 2, 0, 1], Ending::ForeignPacket),
        (vec![0xe0, 0], Ending::Goodbye),
        (vec![0x8f, 0], Ending::Malformed),
    ] {
        let mut client = scene.log_in(Role::Operator).await;
        client.say(&bytes).await;
        assert_eq!(client.ending.await.unwrap(), ending, "{bytes:?}");
    }
    tokio::time::pause();
    let silent = scene.log_in(Role::Operator).await;
    assert_eq!(silent.ending.await.unwrap(), Ending::Idle);
    let mut late = scene.dial(64);
    late.say(&[0x10]).await;
    assert_eq!(late.ending.await.unwrap(), Ending::ConnectSlow);
    let cut = scene.log_in(Role::Operator).await;
    scene.lifecycle.stop();
    assert_eq!(cut.ending.await.unwrap(), Ending::Stopping);
}
