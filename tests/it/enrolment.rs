//! Enrolment and renewal over the real HTTPS: how a box becomes a site's box, and stays it.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpStream;
use vigie_hub::boxes::BoxesConfig;
use vigie_hub::store::Sites as _;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::enrol::{
    BoxFacts, ENROL_PATH, EnrolRequest, HUB_NAME, Hex, HubTime, Identity, Problem, RENEW_PATH, RenewRequest, Said,
    TIME_PATH,
};
use vigie_shared::id::SiteId;
use vigie_tests::border::{Border, BorderConfig, BoxKeys, new_csr};

const SECRET: [u8; 16] = [9; 16];
const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;

fn now_ms() -> i64 {
    SystemClock::new(|| true).wall_ms()
}

/// A border where `rennes01` exists and may be enrolled.
async fn scene() -> Border {
    let border = Border::start(BorderConfig::default()).await.unwrap();
    border.add_box("rennes01").await.unwrap();
    border.permit("rennes01", SECRET, now_ms() + 60_000).await.unwrap();
    border
}

fn client(border: &Border, keys: Option<&BoxKeys>) -> Client {
    let tls = rustls::ClientConfig::clone(&border.tls(keys).unwrap());
    Client::builder().tls_backend_preconfigured(tls).resolve(HUB_NAME, border.https).build().unwrap()
}

fn url(border: &Border, path: &str) -> String {
    format!("https://{HUB_NAME}:{}{path}", border.https.port())
}

fn request(secret: [u8; 16], csr: String) -> EnrolRequest {
    EnrolRequest {
        site: "rennes01".parse().unwrap(),
        secret: Hex(secret),
        csr,
        facts: BoxFacts::default(),
        said: Said::default(),
    }
}

async fn enrol(border: &Border, request: &EnrolRequest) -> Response {
    client(border, None).post(url(border, ENROL_PATH)).json(request).send().await.unwrap()
}

/// The stable word of a refusal, after checking its form.
async fn refused(response: Response, status: StatusCode) -> String {
    assert_eq!(
        (response.status(), response.headers()["content-type"].as_bytes()),
        (status, &b"application/problem+json"[..])
    );
    let problem: Problem = response.json().await.unwrap();
    assert!(problem.status == status.as_u16() && problem.detail.len() > 20, "{problem:?}");
    problem.kind.strip_prefix("urn:vigie:problem:").unwrap().to_owned()
}

/// What a box makes of the answer.
fn keys_of(identity: &Identity, key: rustls::pki_types::PrivateKeyDer<'static>) -> BoxKeys {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
    let site: SiteId = "rennes01".parse().unwrap();
    BoxKeys { site, serial: String::new(), expires_ms: identity.expires_ms, certificate, key }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_makes_a_box_that_can_connect() {
    let border = scene().await;
    let (csr, key) = new_csr().unwrap();
    let response = enrol(&border, &request(SECRET, csr)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let identity: Identity = response.json().await.unwrap();
    assert_eq!(identity.ca, border.pki.ca_pem());
    assert_eq!(identity.command_keys, [Hex(border.pki.command_public_key())]);
    assert_eq!((identity.zone.as_str(), identity.mqtt_port, &identity.mqtt_host), ("Europe/Paris", 8883, &None));
    assert!((identity.expires_ms - now_ms() - 2 * YEAR_MS).abs() < 60_000);
    border.prove_alive(&keys_of(&identity, key)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_works_once() {
    let border = scene().await;
    let again = request(SECRET, new_csr().unwrap().0);
    assert_eq!(enrol(&border, &again).await.status(), StatusCode::OK);
    assert_eq!(refused(enrol(&border, &again).await, StatusCode::FORBIDDEN).await, "used_secret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_boxes_with_one_token_one_wins() {
    let border = scene().await;
    let (first, second) = (request(SECRET, new_csr().unwrap().0), request(SECRET, new_csr().unwrap().0));
    let (first, second) = tokio::join!(enrol(&border, &first), enrol(&border, &second));
    let mut statuses = [first.status(), second.status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::FORBIDDEN]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_and_expired_secrets_are_told_apart() {
    let border = scene().await;
    border.permit("rennes01", [5; 16], now_ms() - 1).await.unwrap();
    let csr = new_csr().unwrap().0;
    let wrong = enrol(&border, &request([1; 16], csr.clone())).await;
    assert_eq!(refused(wrong, StatusCode::FORBIDDEN).await, "unknown_secret");
    let expired = enrol(&border, &request([5; 16], csr.clone())).await;
    assert_eq!(refused(expired, StatusCode::FORBIDDEN).await, "expired_secret");
    let elsewhere = EnrolRequest { site: "lyon02".parse().unwrap(), ..request(SECRET, csr) };
    assert_eq!(refused(enrol(&border, &elsewhere).await, StatusCode::FORBIDDEN).await, "unknown_secret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_request_is_named_and_costs_no_token() {
    let border = scene().await;
    let bad = enrol(&border, &request(SECRET, "hello".to_owned())).await;
    assert_eq!(refused(bad, StatusCode::BAD_REQUEST).await, "bad_csr");
    let client = client(&border, None);
    for body in ["", "{", "[]", r#"{"site":"a/b"}"#, r#"{"site":"rennes01","secret":"zz","csr":""}"#] {
        let post = client.post(url(&border, ENROL_PATH)).header("content-type", "application/json").body(body);
        assert_eq!(refused(post.send().await.unwrap(), StatusCode::BAD_REQUEST).await, "unreadable", "{body}");
    }
    let huge = "x".repeat(100_000);
    let post = client.post(url(&border, ENROL_PATH)).header("content-type", "application/json").body(huge);
    assert_eq!(refused(post.send().await.unwrap(), StatusCode::BAD_REQUEST).await, "unreadable");
    assert_eq!(enrol(&border, &request(SECRET, new_csr().unwrap().0)).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_keeps_guessing_must_wait() {
    let border = scene().await;
    let csr = new_csr().unwrap().0;
    let mut words = Vec::new();
    for guess in 100..112 {
        let response = enrol(&border, &request([guess; 16], csr.clone())).await;
        let status = response.status();
        words.push(refused(response, status).await);
    }
    assert!(words.iter().take(10).all(|word| word == "unknown_secret"), "{words:?}");
    assert_eq!(words.last().map(String::as_str), Some("too_many"), "{words:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_renews_its_certificate_even_after_its_end() {
    let border = scene().await;
    let site: SiteId = "rennes01".parse().unwrap();
    for issued_ms in [now_ms(), now_ms() - 3 * YEAR_MS] {
        let old = border.sign_box(&site, issued_ms).await.unwrap();
        let (csr, key) = new_csr().unwrap();
        let renewal = RenewRequest { csr, facts: BoxFacts::default() };
        let post = client(&border, Some(&old)).post(url(&border, RENEW_PATH)).json(&renewal);
        let response = post.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let identity: Identity = response.json().await.unwrap();
        border.prove_alive(&keys_of(&identity, key)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_known_certificates_that_were_not_revoked_are_renewed() {
    let border = scene().await;
    let site: SiteId = "rennes01".parse().unwrap();
    let renewal = RenewRequest { csr: new_csr().unwrap().0, facts: BoxFacts::default() };
    let renew = async |keys: Option<&BoxKeys>| {
        client(&border, keys).post(url(&border, RENEW_PATH)).json(&renewal).send().await.unwrap()
    };
    assert_eq!(refused(renew(None).await, StatusCode::UNAUTHORIZED).await, "no_certificate");
    let unknown = BoxKeys::sign(&border.pki, &site, now_ms()).unwrap();
    assert_eq!(refused(renew(Some(&unknown)).await, StatusCode::FORBIDDEN).await, "revoked_certificate");
    let revoked = border.sign_box(&site, now_ms()).await.unwrap();
    border.sites.revoke_site(&site, now_ms()).await.unwrap();
    assert_eq!(refused(renew(Some(&revoked)).await, StatusCode::FORBIDDEN).await, "revoked_certificate");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_is_for_everybody_and_nothing_else_is_there() {
    let border = scene().await;
    let client = client(&border, None);
    let time: HubTime = client.get(url(&border, TIME_PATH)).send().await.unwrap().json().await.unwrap();
    assert!((time.hub_ms - now_ms()).abs() < 60_000);
    for path in ["/", "/api/v1/sites", "/metrics", "/healthz", "/boxes/v1/enrol/x", "/boxes/v1/../../api/v1/sites"] {
        let response = client.get(url(&border, path)).send().await.unwrap();
        assert_eq!(refused(response, StatusCode::NOT_FOUND).await, "not_found", "{path}");
    }
    let response = client.get(url(&border, ENROL_PATH)).send().await.unwrap();
    assert_eq!(refused(response, StatusCode::METHOD_NOT_ALLOWED).await, "wrong_method");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_callers_do_not_keep_a_box_from_enrolling() {
    let boxes = BoxesConfig { connections_max: 16, ..BoxesConfig::default() };
    let border = Border::start(BorderConfig { boxes, ..BorderConfig::default() }).await.unwrap();
    border.add_box("rennes01").await.unwrap();
    border.permit("rennes01", SECRET, now_ms() + 60_000).await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(border.https).await.unwrap());
    }
    let request = request(SECRET, new_csr().unwrap().0);
    let enrolled = tokio::time::timeout(Duration::from_secs(30), enrol(&border, &request));
    assert_eq!(enrolled.await.unwrap().status(), StatusCode::OK);
}
