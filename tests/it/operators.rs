//! The operators' MQTT with the real programs and with clients that are not ours.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;
use vigie_shared::enrol::HUB_NAME;
use vigie_tests::not_run;
use vigie_tests::processes::{BoxProcess, HubProcess, PATIENCE};
use vigie_tests::wire_client::{WireClient, packets};

const ID: &str = "00112233445566778899aabbccddeeff";

struct Stage {
    hub: HubProcess,
    one: BoxProcess,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut hub = HubProcess::new(folder.path()).unwrap();
        hub.start().await.unwrap();
        let one = BoxProcess::enrol(&hub, "op01", folder.path()).await.unwrap();
        Self { hub, one, _folder: folder }
    }

    async fn token(&self, role: &str) -> String {
        let made = self.hub.post("/api/v1/tokens", &json!({ "label": "test", "role": role })).await.unwrap();
        made["token"].as_str().unwrap().to_owned()
    }

    fn ca(&self) -> String {
        self.hub.folder.join("data/pki/ca.pem").to_str().unwrap().to_owned()
    }

    fn tls(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(self.ca()).unwrap() {
            roots.add(certificate.unwrap()).unwrap();
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }

    /// A program of the Mosquitto project, told whom to speak to.
    fn mosquitto(&self, program: &str, token: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "--insecure", "-u", "admin", "-P", token, "--cafile", &self.ca()]);
        command.args(["-p", &self.hub.operators_port.to_string()]).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn dial(&self) -> WireClient {
        let address = ([127, 0, 0, 1], self.hub.operators_port).into();
        WireClient::dial(address, &self.tls()).await.unwrap()
    }

    async fn log_in(&self, token: &str) -> WireClient {
        let mut client = self.dial().await;
        client.send(&connect("test", "admin", token)).await.unwrap();
        assert_eq!(client.receive().await.unwrap(), Some((0x20, vec![0, 0])));
        client
    }

    /// A program that logs in just now has the state at once.
    async fn prove_alive(&self, token: &str) {
        let mut client = self.log_in(token).await;
        client.send(&packets::subscribe(&[("vigie/v1/op01/state", 0)])).await.unwrap();
        assert_eq!(client.receive().await.unwrap(), Some((0x90, vec![0, 1, 0])));
        assert_eq!(client.receive().await.unwrap().unwrap().0, 0x31);
    }
}

fn connect(client_id: &str, name: &str, token: &str) -> Vec<u8> {
    let payload = [packets::text(client_id), packets::text(name), packets::text(token)].concat();
    packets::connect_with(4, 0xc2, 60, &payload)
}

fn has_mosquitto() -> bool {
    let found = std::process::Command::new("mosquitto_sub").arg("--help").stdout(Stdio::null()).status();
    found.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_client_gives_a_command_and_reads_what_the_box_made_of_it() {
    if !has_mosquitto() {
        return not_run("needs mosquitto_pub and mosquitto_sub (package mosquitto-clients)");
    }
    let mut stage = Stage::new().await;
    let token = stage.token("operator").await;
    let mut reader = stage
        .mosquitto("mosquitto_sub", &token)
        .args(["-v", "-t", "vigie/v1/+/state", "-t", "vigie/v1/op01/events/+", "-t", "vigie/v1/+/commands/#"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(reader.stdout.take().unwrap()).lines();
    let mut told = async |topic: &str| {
        let search = async {
            loop {
                let line = lines.next_line().await.unwrap().expect("the reader goes on");
                let (on, said) = line.split_once(' ').unwrap();
                if on == topic {
                    return serde_json::from_str::<Value>(said).unwrap();
                }
            }
        };
        timeout(PATIENCE, search).await.unwrap_or_else(|_late| panic!("nothing on {topic}"))
    };
    assert_eq!(told("vigie/v1/op01/state").await["is_connected"], false);
    stage.one.start().unwrap();
    assert_eq!(told("vigie/v1/op01/events/connected").await["site"], "op01");
    while told("vigie/v1/op01/state").await["is_connected"] != true {}

    let body = json!({ "id": ID }).to_string();
    let give = ["-q", "1", "-t", "vigie/v1/op01/commands/get_system_info", "-m", &body];
    assert!(stage.mosquitto("mosquitto_pub", &token).args(give).status().await.unwrap().success());
    let outcome = told(&format!("vigie/v1/op01/commands/{ID}/outcome")).await;
    assert_eq!(outcome["state"], "succeeded", "{outcome}");
    assert!(outcome["answer"]["hardware"]["memory_total_bytes"].as_u64().unwrap() > 0);
    let shown = stage.hub.get(&format!("/api/v1/sites/op01/commands/{ID}")).await.unwrap();
    assert_eq!(shown, outcome);

    let foreign = ["-q", "1", "-t", "vigie/v1/op01/commands/restart_service", "-m", r#"{"service":"ssh"}"#];
    assert!(stage.mosquitto("mosquitto_pub", &token).args(foreign).status().await.unwrap().success());
    stage.one.kill();
    assert_eq!(told("vigie/v1/op01/events/disconnected").await["level"], "note");

    let wrong = ["-q", "1", "-t", "vigie/v1/op01/commands/reboot", "-n"];
    let refused = stage.mosquitto("mosquitto_pub", "vgt_wrong").args(wrong).output().await.unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).to_lowercase();
    assert!(!refused.status.success() && said.contains("not authori"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_foreign_client_is_refused_in_words_and_stays() {
    let stage = Stage::new().await;
    let tls = stage.tls();
    // The client resolves the name that it checks; so a small door of our own leads from there to the hub.
    let (local, hub) = (tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(), stage.hub.operators_port);
    let port = local.local_addr().unwrap().port();
    let mut options = MqttOptions::new("reader", "127.0.0.1", port);
    options.set_credentials("admin", stage.token("viewer").await).set_keep_alive(Duration::from_secs(5));
    let lifecycle = vigie_shared::lifecycle::Lifecycle::new();
    lifecycle.spawn_detached(async move {
        let (mut plain, _) = local.accept().await.unwrap();
        let tcp = TcpStream::connect(("127.0.0.1", hub)).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from(HUB_NAME).unwrap();
        let mut secure = tokio_rustls::TlsConnector::from(tls).connect(name, tcp).await.unwrap();
        drop(tokio::io::copy_bidirectional(&mut plain, &mut secure).await);
    });
    let (client, mut events) = AsyncClient::new(options, 10);
    client.subscribe("vigie/v1/op01/commands/refused", QoS::AtLeastOnce).await.unwrap();
    client.publish("vigie/v1/op01/commands/reboot", QoS::AtLeastOnce, false, "").await.unwrap();
    let (mut refusal, mut is_acknowledged) = (None, false);
    let conversation = async {
        while refusal.is_none() || !is_acknowledged {
            match events.poll().await.unwrap() {
                Event::Incoming(Packet::Publish(told)) => refusal = serde_json::from_slice::<Value>(&told.payload).ok(),
                Event::Incoming(Packet::PubAck(_)) => is_acknowledged = true,
                Event::Incoming(_) | Event::Outgoing(_) => {}
            }
        }
    };
    timeout(PATIENCE, conversation).await.unwrap();
    assert_eq!(refusal.unwrap()["code"], "forbidden");
    assert_eq!(stage.hub.get("/api/v1/sites/op01/commands").await.unwrap()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kills_the_broker_does_nothing_here() {
    let mut stage = Stage::new().await;
    let (token, tls) = (stage.token("operator").await, stage.tls());
    let address = ([127, 0, 0, 1], stage.hub.operators_port).into();
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    drop(silent);
    stage.prove_alive(&token).await;
    for id in ["a/b", "a+", "#", "$x", "é"] {
        for _ in 0..2 {
            let mut client = stage.dial().await;
            client.send(&connect(id, "admin", &token)).await.unwrap();
            drop(client.reset());
        }
    }
    for kind in 0..16u8 {
        for body in [&[][..], &[0, 0], &[0, 1, 0]] {
            let packet = packets::packet(kind << 4, body);
            let mut before = WireClient::dial(address, &tls).await.unwrap();
            drop(before.send(&packet).await);
            let mut after = stage.log_in(&token).await;
            drop(after.send(&[&packet[..], &packets::DISCONNECT].concat()).await);
            after.closed().await.unwrap();
        }
    }
    for topic in ["é", "€", "", "\u{0}", "t/#", "+", "vigie/v1/é/commands/é", "$share/g/x"] {
        let mut client = stage.log_in(&token).await;
        client.send(&packets::publish(0, topic, b"x")).await.unwrap();
        client.send(&packets::DISCONNECT).await.ok();
        client.closed().await.unwrap();
    }
    for version in [3, 5] {
        let payload = [vec![0], packets::text("a")].concat();
        let mut client = stage.dial().await;
        client.send(&packets::connect_with(version, 2, 60, &payload)).await.unwrap();
        assert_eq!(client.receive().await.unwrap(), Some((0x20, vec![0, 1])));
    }
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(&connect("a", "admin", &token)).await.unwrap();
    stage.prove_alive(&token).await;
    assert_eq!(stage.hub.program().ended(), None);
}
