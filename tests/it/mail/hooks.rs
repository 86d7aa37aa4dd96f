//! Programs that are told of incidents, and the watcher outside.

use std::sync::{Arc, Mutex};

use ring::hmac;
use tokio::io::{AsyncWriteExt as _, BufStream};
use tokio::net::TcpListener;
use vigie_hub::alerts::news::{Notifier as _, Phase};
use vigie_hub::connectors::guard::Allowed;
use vigie_hub::connectors::web::Client;
use vigie_hub::mail::config::MailConfig;
use vigie_hub::mail::desk::{Desk, Parts};
use vigie_hub::mail::driver::Driver;
use vigie_hub::mail::letter::{Letter, LetterState, Way};
use vigie_hub::mail::letters::samples;
use vigie_hub::mail::letters::storage::Limits;
use vigie_hub::store::outbox::LetterFilter;
use vigie_hub::store::{Memory, Store};
use vigie_hub::webhook::{Webhooks, WebhooksConfig};
use vigie_shared::clock::{Clock, SystemClock};
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::hr::http::{Request, read};
use vigie_tests::processes::{HubProcess, wait_for};

/// A program on loopback that answers each request with the next of these statuses, then with 204.
async fn program(statuses: &'static [u16], lifecycle: &Lifecycle) -> (u16, Arc<Mutex<Vec<Request>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard: Arc<Mutex<Vec<Request>>> = Arc::default();
    let (noted, mut statuses) = (Arc::clone(&heard), statuses.iter().copied());
    lifecycle.spawn_detached(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufStream::new(stream);
            let Ok(Some(request)) = read(&mut stream).await else { continue };
            let status = statuses.next().unwrap_or(204);
            let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            noted.lock().unwrap().push(request);
        }
    });
    (port, heard)
}

/// Tells a program of the incident, from a hub that may call the hosts of the list, until it was told or given up.
async fn told(port: u16, allowed: &[&str], lifecycle: &Lifecycle) -> Letter {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "s3cret\n").unwrap();
    let text = format!(
        "targets = [{{ name = \"chat\", url = \"http://127.0.0.1:{port}/hook\", secret_file = \"{}\" }}]",
        secret.display()
    );
    let (webhooks, store): (WebhooksConfig, Arc<dyn Store>) =
        (toml::from_str(&text).unwrap(), Arc::new(Memory::default()));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(|| true));
    let mail: MailConfig = toml::from_str("retry_min = \"20ms\"\nretry_max = \"100ms\"").unwrap();
    let parts = Parts {
        store: store.clone(),
        clock: clock.clone(),
        mail,
        webhooks: webhooks.clone(),
        machines: None,
        limits: Limits::default(),
    };
    let desk = Desk::new(parts).unwrap();
    let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
    let web = Arc::new(Client::new(Allowed::read(&allowed).unwrap()).unwrap());
    let hooks = Arc::new(Webhooks { config: webhooks, store: store.clone(), web, clock });
    let driver = Driver::new(desk.clone(), (Way::Webhook, hooks), 7);
    lifecycle.spawn("webhooks", driver.run(lifecycle.stopping()));
    desk.tell(&samples::news(Phase::Opened, 1_795_183_500_000)).await.unwrap();
    let letter = async || store.letters(&LetterFilter::default(), None, 1).await.unwrap().remove(0);
    wait_for("the end of a call", async || letter().await.state != LetterState::Waiting).await.unwrap();
    letter().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_signed_json_again_until_it_takes_it() {
    let lifecycle = Lifecycle::new();
    let (port, heard) = program(&[503, 429], &lifecycle).await;

    let letter = told(port, &["127.0.0.1"], &lifecycle).await;

    assert_eq!((letter.state, letter.attempts), (LetterState::Sent, 3));
    let heard = heard.lock().unwrap();
    let request = &heard[2];
    let signed = [request.header("vigie-timestamp").unwrap().as_bytes(), b".", &request.body].concat();
    let given = request.header("vigie-signature").unwrap().strip_prefix("v1=").unwrap();
    let bytes = vigie_shared::id::from_hex(given).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, b"s3cret"), &signed, &bytes).expect("the signature holds");
    assert_eq!(request.json()["type"], "incident.opened");
    assert_eq!(request.json()["alerts"][0]["subject"], "Rennes Club");
    assert_eq!(heard[0].header("idempotency-key"), request.header("idempotency-key"));
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_not_called_unless_the_owner_lists_it() {
    let lifecycle = Lifecycle::new();
    let (port, heard) = program(&[], &lifecycle).await;

    let letter = told(port, &[], &lifecycle).await;

    assert_eq!(letter.state, LetterState::Dead);
    assert!(letter.last_error.unwrap().contains("connectors.allow"));
    assert!(heard.lock().unwrap().is_empty());
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_hub_calls_its_watcher_again_and_again() {
    let (folder, lifecycle) = (tempfile::tempdir().unwrap(), Lifecycle::new());
    let (port, heard) = program(&[], &lifecycle).await;
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.configure(&format!(
        "[connectors]\nallow = [\"127.0.0.1\"]\n[dead_man]\nurl = \"http://127.0.0.1:{port}/ping/1\"\nevery = \"100ms\""
    ))
    .unwrap();
    hub.start().await.unwrap();

    wait_for("three calls", async || heard.lock().unwrap().len() >= 3).await.unwrap();

    hub.kill();
    let heard = heard.lock().unwrap();
    assert!(heard.iter().all(|request| request.method == "GET" && request.path == "/ping/1"));
    lifecycle.stop();
}
