//! Becoming a site's box: check the hub's fingerprint, then reveal the token's secret, then keep the answer.

use anyhow::Context as _;
use rcgen::{CertificateParams, KeyPair};
use reqwest::Client;
use vigie_shared::enrol::{
    BoxFacts, ENROL_PATH, EnrolRequest, Hex, HubTime, Identity as Answer, Problem, RENEW_PATH, RenewRequest, TIME_PATH,
};
use vigie_shared::id::to_hex;
use vigie_shared::token::EnrolToken;

use crate::identity::{Identity, trust};

/// Longest wait for the hub's answer, in all.
const ANSWER_MAX: std::time::Duration = std::time::Duration::from_secs(30);

/// Registers this box with a pasted token. Nothing is stored; the caller saves the identity.
///
/// # Errors
///
/// Words for the person who pasted the token: expired, hub not reachable, wrong hub, secret used….
pub async fn register(token: &EnrolToken, facts: BoxFacts, now_ms: i64) -> anyhow::Result<Identity> {
    if token.expires_ms <= now_ms {
        anyhow::bail!("the token has expired; make a new one on the hub: vigie-hub site replace {}", token.site);
    }
    let (csr, key_pem) = signing_request()?;
    let client = client(trust::pinned(token.ca_sha256, now_ms)?)?;
    let request = EnrolRequest { site: token.site.clone(), secret: Hex(token.secret), csr, facts };
    let answer: Answer = post(&client, &token.hub, ENROL_PATH, &request).await?;
    identity_from(answer, token.site.clone(), &token.hub, key_pem)
}

/// Asks for a new certificate with the identity that the box has, even if its certificate has ended.
///
/// # Errors
///
/// Words for people: hub not reachable, identity revoked….
pub async fn renew(current: &Identity, facts: BoxFacts, now_ms: i64) -> anyhow::Result<Identity> {
    let (csr, key_pem) = signing_request()?;
    let client = client(current.tls(now_ms)?)?;
    let answer: Answer = post(&client, &current.hub, RENEW_PATH, &RenewRequest { csr, facts }).await?;
    identity_from(answer, current.site.clone(), &current.hub, key_pem)
}

/// Asks the hub for its time, as this box: proves the way, TLS and the identity.
///
/// # Errors
///
/// Words for people on what stands in the way.
pub async fn hub_time(current: &Identity, now_ms: i64) -> anyhow::Result<i64> {
    let client = client(current.tls(now_ms)?)?;
    let response = client
        .get(format!("https://{}{TIME_PATH}", current.hub))
        .send()
        .await
        .map_err(|error| unreachable_hub(&current.hub, &error))?;
    let time: HubTime = response.json().await.context("understand the hub's time")?;
    Ok(time.hub_ms)
}

/// What this machine is, for the hub's list.
#[must_use]
pub fn box_facts() -> BoxFacts {
    let model = std::fs::read_to_string("/proc/device-tree/model")
        .or_else(|_no_device_tree| std::fs::read_to_string("/sys/class/dmi/id/product_name"))
        .unwrap_or_default();
    BoxFacts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        model: model.trim_matches(['\0', '\n', ' ']).chars().take(80).collect(),
    }
}

fn signing_request() -> anyhow::Result<(String, String)> {
    let key = KeyPair::generate().context("make a private key")?;
    let request = CertificateParams::default().serialize_request(&key).context("make a signing request")?;
    Ok((request.pem().context("write the signing request")?, key.serialize_pem()))
}

fn client(tls: rustls::ClientConfig) -> anyhow::Result<Client> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER_MAX)
        .build()
        .context("prepare HTTPS")
}

async fn post<Q: serde::Serialize>(client: &Client, hub: &str, path: &str, body: &Q) -> anyhow::Result<Answer> {
    let response = client
        .post(format!("https://{hub}{path}"))
        .json(body)
        .send()
        .await
        .map_err(|error| unreachable_hub(hub, &error))?;
    let status = response.status();
    let text = response.text().await.context("read the hub's answer")?;
    if status.is_success() {
        return serde_json::from_str(&text).context("understand the hub's answer; is the hub older than this agent?");
    }
    match serde_json::from_str::<Problem>(&text) {
        Ok(problem) => anyhow::bail!("the hub refused: {}", problem.detail),
        Err(_) => anyhow::bail!("the hub answered {status} without saying why"),
    }
}

/// Says what is wrong with the way to the hub in words; the fingerprint check has its own sentence.
fn unreachable_hub(hub: &str, error: &reqwest::Error) -> anyhow::Error {
    let mut source = std::error::Error::source(error);
    let mut deepest = error.to_string();
    while let Some(cause) = source {
        deepest = match cause.downcast_ref::<rustls::Error>() {
            // The library shows only the type of an error that is ours.
            Some(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(ours))) => ours.0.to_string(),
            _ => cause.to_string(),
        };
        source = cause.source();
    }
    if error.is_timeout() {
        return anyhow::anyhow!("the hub at {hub} does not answer; check the address and that the port is open");
    }
    anyhow::anyhow!(
        "cannot talk to the hub at {hub}: {deepest}; check the address, the port and `vigie-agent diagnose`"
    )
}

fn identity_from(
    answer: Answer,
    site: vigie_shared::id::SiteId,
    hub: &str,
    key_pem: String,
) -> anyhow::Result<Identity> {
    let hub_host = hub.rsplit_once(':').map_or(hub, |(host, _)| host);
    let identity = Identity {
        site,
        hub: hub.to_owned(),
        broker_host: answer.mqtt_host.unwrap_or_else(|| hub_host.trim_matches(['[', ']']).to_owned()),
        broker_port: answer.mqtt_port,
        zone: answer.zone,
        command_keys: answer.command_keys.iter().map(|key| to_hex(&key.0)).collect(),
        seal_key: answer.seal_key.map(|key| to_hex(&key.0)),
        pseudonym_secret: to_hex(&answer.pseudonym_secret.0),
        certificate_expires_ms: answer.expires_ms,
        certificate_pem: answer.certificate,
        key_pem,
        ca_pem: answer.ca,
    };
    identity.tls(0).context("use the certificate that the hub gave")?;
    Ok(identity)
}
