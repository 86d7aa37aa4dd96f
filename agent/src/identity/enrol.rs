//! Becoming a site's box: check the hub's fingerprint, then reveal the token's secret, then keep the answer.

use anyhow::Context as _;
use rcgen::{CertificateParams, KeyPair};
use reqwest::Client;
use vigie_shared::enrol::{
    BoxFacts, ENROL_PATH, EnrolRequest, Enrolled, FACTS_PATH, Hex, HubTime, Identity as Answer, Problem, REGISTER_PATH,
    RENEW_PATH, RegisterRequest, RenewRequest, Said, TIME_PATH,
};
use vigie_shared::id::{SiteId, to_hex};
use vigie_shared::token::EnrolToken;

pub use crate::identity::facts::box_facts;
use crate::identity::{Identity, trust};

/// Longest wait for the hub's answer, in all.
const ANSWER_MAX: std::time::Duration = std::time::Duration::from_secs(30);

/// A box that became a site's box.
#[derive(Debug)]
pub struct Registered {
    /// Its papers.
    pub identity: Identity,
    /// Which of the things said of the site the hub did not know and took, by their fields.
    pub taken: Vec<String>,
}

/// An account that may add sites, and the hub that knows it.
pub struct Account {
    /// Where the hub's HTTPS for boxes is reached: `host:port`.
    pub hub: String,
    /// The SHA-256 of the hub's CA certificate; none trusts whom the whole internet trusts for the host's name.
    pub ca_sha256: Option<[u8; 32]>,
    /// The account's name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// The site; none: one that is named after what is said of it.
    pub site: Option<SiteId>,
    /// The time zone of a site that is made.
    pub zone: Option<String>,
}

/// Registers this box with a pasted token. Nothing is stored; the caller saves the identity.
///
/// # Errors
///
/// Words for the person who pasted the token: expired, hub not reachable, wrong hub, secret used….
pub async fn register(token: &EnrolToken, said: Said, facts: BoxFacts, now_ms: i64) -> anyhow::Result<Registered> {
    if token.expires_ms <= now_ms {
        anyhow::bail!("the token has expired; make a new one on the hub: vigie-hub site replace {}", token.site);
    }
    let (csr, key_pem) = signing_request()?;
    let client = client(trust::pinned(token.ca_sha256, now_ms)?)?;
    let request = EnrolRequest { site: token.site.clone(), secret: Hex(token.secret), csr, facts, said };
    let answer: Enrolled = post(&client, &token.hub, ENROL_PATH, &request).await?;
    let identity = identity_from(answer.identity, answer.site, &token.hub, key_pem)?;
    Ok(Registered { identity, taken: answer.taken })
}

/// Registers this box in the name of an account. The hub proves who it is before it hears of the account.
///
/// # Errors
///
/// Words for the person who typed the password: wrong, no right, hub not reachable, not trusted….
pub async fn register_as(account: Account, said: Said, facts: BoxFacts, now_ms: i64) -> anyhow::Result<Registered> {
    let (csr, key_pem) = signing_request()?;
    let Account { hub, ca_sha256, name, password, site, zone } = account;
    let client = match ca_sha256 {
        Some(ca_sha256) => client(trust::pinned(ca_sha256, now_ms)?)?,
        None => public_client()?,
    };
    let request = RegisterRequest { account: name, password, site, zone, csr, facts, said };
    let answer: Enrolled = post(&client, &hub, REGISTER_PATH, &request).await?;
    // Whoever shows a public certificate stands before the hub: what the box says later goes to the hub itself.
    let hub = if ca_sha256.is_some() { hub } else { answer.hub };
    let identity = identity_from(answer.identity, answer.site, &hub, key_pem)?;
    Ok(Registered { identity, taken: answer.taken })
}

/// Tells the hub what this machine is, as this box.
///
/// # Errors
///
/// Words on what stood in the way.
pub async fn tell_facts(current: &Identity, facts: &BoxFacts, now_ms: i64) -> anyhow::Result<()> {
    let client = client(current.tls(now_ms)?)?;
    let url = format!("https://{}{FACTS_PATH}", current.hub);
    let response = client.post(url).json(facts).send().await.map_err(|error| unreachable_hub(&current.hub, &error))?;
    let status = response.status();
    anyhow::ensure!(status.is_success(), "the hub answered {status}");
    Ok(())
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

fn signing_request() -> anyhow::Result<(String, String)> {
    let key = KeyPair::generate().context("make a private key")?;
    let request = CertificateParams::default().serialize_request(&key).context("make a signing request")?;
    Ok((request.pem().context("write the signing request")?, key.serialize_pem()))
}

fn client(tls: rustls::ClientConfig) -> anyhow::Result<Client> {
    built(Client::builder().tls_backend_preconfigured(tls)).context("prepare HTTPS")
}

/// For a hub behind a certificate that the system's roots vouch for.
fn public_client() -> anyhow::Result<Client> {
    // The library has no cryptography of its own; a second installation keeps the first.
    drop(rustls::crypto::ring::default_provider().install_default());
    built(Client::builder())
        .context("prepare HTTPS; are the system's root certificates installed (ca-certificates)? Or give --fingerprint")
}

fn built(builder: reqwest::ClientBuilder) -> reqwest::Result<Client> {
    builder.https_only(true).no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(ANSWER_MAX).build()
}

async fn post<Q, A>(client: &Client, hub: &str, path: &str, body: &Q) -> anyhow::Result<A>
where
    Q: serde::Serialize,
    A: serde::de::DeserializeOwned,
{
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
        deepest = match tls_error(cause) {
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

/// What an I/O error wraps is not among its sources, and one may wrap another.
fn tls_error<'a>(mut error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    while let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        error = inner;
    }
    error.downcast_ref()
}

fn identity_from(answer: Answer, site: SiteId, hub: &str, key_pem: String) -> anyhow::Result<Identity> {
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
