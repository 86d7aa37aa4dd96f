//! Adapter: third parties by HTTP. Nothing is redirected by itself, every address is judged after its name was
//! resolved, and whatever comes back is cut to a bound.

use std::error::Error as _;
use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use flate2::read::GzDecoder;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, Url};

use super::{Ask, BODY_BYTES_MAX, Broken, Web};
use crate::connectors::guard::{Allowed, Forbidden};
use crate::connectors::outcome::Answer;
use crate::connectors::request::{Call, Verb};

/// Longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Redirects that are followed, where a mapping wants that.
const REDIRECTS_MAX: usize = 3;

/// The HTTP client of all connectors.
pub struct Client {
    http: reqwest::Client,
    allowed: Allowed,
}

impl Client {
    /// Prepares a client for everybody who may be called.
    ///
    /// # Errors
    ///
    /// If the system's root certificates cannot be read.
    pub fn new(allowed: Allowed) -> anyhow::Result<Self> {
        // The library has no cryptography of its own; a second installation keeps the first.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .user_agent(concat!("vigie-hub/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_MAX)
            .dns_resolver(Arc::new(Judging { allowed: allowed.clone() }))
            .build()
            .context("prepare HTTP; are the system's root certificates installed (ca-certificates)?")?;
        Ok(Self { http, allowed })
    }

    /// Judges an address before it is called.
    fn judge(&self, url: &Url) -> Result<(), Broken> {
        let refused = |text: String| Err(Broken::Refused(text));
        let Some(host) = url.host_str() else { return refused(format!("`{url}` names no host")) };
        match url.scheme() {
            "https" => {}
            "http" if self.allowed.may_be_plain(host) => {}
            "http" => {
                let text = format!(
                    "without TLS anybody on the way reads the credentials for {host}: write https://, or list it in hub.toml: connectors.allow = [\"{host}\"]"
                );
                return refused(text);
            }
            scheme => return refused(format!("`{scheme}` is not spoken here; write https://")),
        }
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => self.allowed.judge(host, address).or_else(|forbidden| refused(forbidden.to_string())),
            // Names are judged when they are resolved.
            Err(_) => Ok(()),
        }
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Response, Broken> {
        request.send().await.map_err(|error| broken(&error))
    }
}

#[async_trait]
impl Web for Client {
    async fn ask(&self, ask: Ask) -> Result<Answer, Broken> {
        let base = address(&ask.base, "")?;
        let mut url = address(&ask.base, &ask.call.path)?;
        for (key, value) in &ask.call.query {
            url.query_pairs_mut().append_pair(key, value);
        }
        self.judge(&url)?;
        let is_at_home = url.origin() == base.origin();
        let credentials = if is_at_home { headers(&ask.credentials)? } else { HeaderMap::new() };
        let request = self.http.request(method(ask.call.method), url.clone()).timeout(ask.timeout);
        let request = with_body(request, &ask.call)?.headers(headers(&ask.call.headers)?).headers(credentials);
        let mut response = self.exchange(request).await?;
        for _ in 0..REDIRECTS_MAX {
            let Some(next) = redirect(&url, &response).filter(|_| ask.follows) else { break };
            self.judge(&next)?;
            response = self.exchange(self.http.get(next.clone()).timeout(ask.timeout)).await?;
            url = next;
        }
        answer(response).await
    }
}

fn address(base: &str, path: &str) -> Result<Url, Broken> {
    let text = if path.starts_with("https://") || path.starts_with("http://") {
        path.to_owned()
    } else {
        format!("{base}{path}")
    };
    Url::parse(&text).map_err(|error| Broken::Refused(format!("`{text}` is no address: {error}")))
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    }
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, Broken> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let wrong = |what: &str| {
            Broken::Refused(format!(
                "the header `{name}` cannot be sent: its {what} has characters that headers cannot have"
            ))
        };
        let key = HeaderName::try_from(name).map_err(|_invalid| wrong("name"))?;
        headers.insert(key, HeaderValue::try_from(value).map_err(|_invalid| wrong("value"))?);
    }
    Ok(headers)
}

fn with_body(request: RequestBuilder, call: &Call) -> Result<RequestBuilder, Broken> {
    let request = request.header("Accept", "application/json");
    let Some(body) = &call.body else { return Ok(request) };
    if !call.is_form {
        return Ok(request.json(body));
    }
    let mut form = Url::parse("form:").map_err(|error| Broken::Refused(error.to_string()))?;
    for (key, value) in body.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        form.query_pairs_mut().append_pair(key, &value);
    }
    let text = form.query().unwrap_or_default().to_owned();
    Ok(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(text))
}

fn redirect(from: &Url, response: &Response) -> Option<Url> {
    let is_redirect = response.status().is_redirection() && response.status() != 304;
    let location = response.headers().get(LOCATION).filter(|_| is_redirect)?;
    from.join(location.to_str().ok()?).ok()
}

/// Reads an answer: as much of it as is read, unpacked, without the mark that some put before JSON.
async fn answer(mut response: Response) -> Result<Answer, Broken> {
    let status = response.status().as_u16();
    let header =
        |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (content_type, retry_after) = (header(CONTENT_TYPE).unwrap_or_default(), header(RETRY_AFTER));
    let (mut body, mut is_too_long) = (Vec::new(), false);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_BYTES_MAX => {
                is_too_long = true;
                break;
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            // Of a refusal the status is enough; a success that breaks off says nothing for sure.
            Err(_) if status >= 300 => break,
            Err(error) => return Err(Broken::Lost(format!("its answer {status} broke off: {}", chain(&error)))),
        }
    }
    if body.starts_with(&[0x1f, 0x8b]) {
        (body, is_too_long) = unpacked(&body, status)?;
    }
    let text = String::from_utf8_lossy(&body);
    let text = text.trim_start_matches('\u{feff}').to_owned();
    let json = serde_json::from_str(&text).ok().filter(|_| !is_too_long);
    Ok(Answer { status, content_type, retry_after, text, json, is_too_long })
}

fn unpacked(body: &[u8], status: u16) -> Result<(Vec<u8>, bool), Broken> {
    let mut unpacked = Vec::new();
    let most = BODY_BYTES_MAX as u64 + 1;
    match GzDecoder::new(body).take(most).read_to_end(&mut unpacked) {
        Err(error) if status < 300 => {
            return Err(Broken::Lost(format!("its answer {status} cannot be unpacked: {error}")));
        }
        Ok(_) | Err(_) => {}
    }
    let is_too_long = unpacked.len() > BODY_BYTES_MAX;
    unpacked.truncate(BODY_BYTES_MAX);
    Ok((unpacked, is_too_long))
}

fn broken(error: &reqwest::Error) -> Broken {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(current) = cause {
        if let Some(forbidden) = current.downcast_ref::<Forbidden>() {
            return Broken::Refused(forbidden.to_string());
        }
        cause = current.source();
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, _) => Broken::Unsent(format!("no connection: {}", chain(error))),
        (false, _) if error.is_builder() => Broken::Refused(format!("the request cannot be made: {}", chain(error))),
        (false, true) => Broken::Lost("no answer came in time".to_owned()),
        (false, false) => Broken::Lost(format!("the connection broke: {}", chain(error))),
    }
}

/// What went wrong, without the address: it may hold secrets.
fn chain(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(current) = cause {
        parts.push(current.to_string());
        cause = current.source();
    }
    parts.last().cloned().unwrap_or_else(|| "it ended early".to_owned())
}

/// Resolves names and lets no address through that must not be called.
struct Judging {
    allowed: Allowed,
}

impl Resolve for Judging {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            for address in &found {
                allowed.judge(&host, address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
