//! Fetches a file over HTTP, in as many attempts as the link takes.
//!
//! The hub is asked with the box's certificate, every other host without. Redirects are followed by hand, so that each
//! step is judged ([`super::source`]), and names are resolved by us, so that the address that was judged is the one that
//! is called. A link that breaks is tried again as long as it brings something; then what has arrived is kept, and the
//! next command for the same file goes on from there.

mod client;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Method, Response, StatusCode};
use tokio::time::{Instant, sleep};
use vigie_shared::backoff::Backoff;
use vigie_shared::units::bytes_text;

use super::digest::Sha256;
use super::library::Library;
use super::partial::Partial;
use super::reply::{Expected, Head, Verdict};
use super::source::{AllowedHosts, Source};
use crate::hub_https::HubHttps;
use client::Clients;

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;

/// Shortest and longest pause after a broken link.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A link that brings nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Times that a server may answer that it cannot now.
const REFUSALS_MAX: u32 = 10;

/// Time between two words about the progress.
const WORD: Duration = Duration::from_secs(1);

/// Bytes after which the free space is looked at again.
const LOOK_BYTES: u64 = 32 << 20;

/// What to fetch, and what must hold of it.
pub struct Wanted {
    /// Whence.
    pub source: Source,
    /// The owner's limit, bytes.
    pub size_bytes_max: u64,
    /// The size that the command names.
    pub size_bytes: Option<u64>,
    /// The hash that the command names.
    pub sha256: Option<Sha256>,
    /// Space that is left to others, bytes.
    pub free_bytes_min: u64,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its hash.
    pub sha256: Sha256,
    /// Its size.
    pub size_bytes: u64,
}

/// Why nothing was fetched; for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It will never work like this; what has arrived is worthless.
    #[error("{0}")]
    Never(String),
    /// The link was too bad; what has arrived is worth keeping.
    #[error("{0}")]
    Link(String),
}

/// Is told how far a download is: a stage, bytes here, bytes in all if known.
pub type Progress<'a> = &'a mut (dyn FnMut(&str, u64, Option<u64>) + Send);

/// Fetches files.
pub struct Fetcher {
    clients: Clients,
    hosts: AllowedHosts,
}

/// How one attempt ended that did not bring the whole.
enum Ended {
    Never(String),
    Later(String, Option<Duration>),
    Again,
}

impl Fetcher {
    /// For these hosts, and the hub.
    #[must_use]
    pub fn new(hub: Arc<HubHttps>, hosts: AllowedHosts) -> Self {
        Self { clients: Clients::new(hub, hosts.clone()), hosts }
    }

    /// Judges an address that a command names.
    ///
    /// # Errors
    ///
    /// A sentence, if it must not be called.
    pub fn judge(&self, url: &str) -> Result<Source, String> {
        self.hosts.judge(url, self.clients.hub_address().as_deref()).map_err(|error| error.to_string())
    }

    /// Asks how large a file is, without fetching it; none if the server does not say.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    pub async fn size(&self, wanted: &Wanted) -> Result<Option<u64>, FetchError> {
        let (response, _) = self.ask(Method::HEAD, &wanted.source, HeaderMap::new()).await.map_err(FetchError::from)?;
        match wanted.expected(0).judge(&head_of(&response)) {
            Verdict::Begin(size) => Ok(size),
            Verdict::Never(reason) => Err(FetchError::Never(reason)),
            other => Err(FetchError::Link(format!("the server did not say how large it is: {other:?}"))),
        }
    }

    /// Fetches the rest of a partial file, and checks the whole.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    pub async fn fetch(
        &self,
        wanted: &Wanted,
        partial: &mut Partial,
        library: &Library,
        progress: Progress<'_>,
    ) -> Result<Fetched, FetchError> {
        let mut backoff = Backoff::new(PAUSES.0, PAUSES.1, u64::from(std::process::id()));
        let (mut last_gain, mut refusals, mut size_before) = (Instant::now(), 0, partial.size_bytes());
        let mut is_taken_up = partial.size_bytes() > 0;
        loop {
            let mut attempt = Attempt { fetcher: self, wanted, library, progress: &mut *progress };
            let ended = attempt.make(partial).await;
            if partial.size_bytes() > size_before {
                (last_gain, refusals) = (Instant::now(), 0);
                backoff.reset();
            }
            size_before = partial.size_bytes();
            match ended {
                Ok(()) => match wanted.check(partial).await {
                    // The earlier part may be of other content: the whole gets its own chance.
                    Err(_) if is_taken_up => is_taken_up = self.forget(partial, library).await?,
                    checked => return checked,
                },
                Err(Ended::Never(reason)) => return Err(FetchError::Never(reason)),
                Err(Ended::Again) if refusals < REFUSALS_MAX => {
                    refusals += 1;
                    is_taken_up = self.forget(partial, library).await?;
                    size_before = 0;
                }
                Err(Ended::Again) => {
                    return Err(FetchError::Never("the server never sends what was asked for".to_owned()));
                }
                Err(Ended::Later(reason, wait)) => {
                    if last_gain.elapsed() > PATIENCE {
                        return Err(FetchError::Link(format!(
                            "{reason}; nothing came for {} minutes",
                            PATIENCE.as_secs() / 60
                        )));
                    }
                    progress(&format!("waiting: {reason}"), partial.size_bytes(), wanted.size_bytes);
                    sleep(wait.unwrap_or_default().min(PAUSES.1).max(backoff.next_wait())).await;
                }
            }
        }
    }

    /// Forgets what has arrived; false, for what is here is nobody's any more.
    async fn forget(&self, partial: &mut Partial, library: &Library) -> Result<bool, FetchError> {
        partial.begin(None).await.map_err(|error| FetchError::Never(disk(&error, library)))?;
        Ok(false)
    }

    /// Asks for the source, through its redirects; the answer, and whether it is the hub's.
    async fn ask(&self, method: Method, source: &Source, headers: HeaderMap) -> Result<(Response, bool), Ended> {
        let url = match source {
            Source::Hub(path) => {
                let (client, address) = self.clients.hub().map_err(|error| Ended::Later(format!("{error:#}"), None))?;
                let request = client.request(method, format!("{address}{path}")).headers(headers);
                return request.send().await.map(|response| (response, true)).map_err(|error| broken(&error));
            }
            Source::Web(url) => url,
        };
        let client = self.clients.web().map_err(|error| Ended::Never(format!("{error:#}")))?;
        let mut url = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let request = client.request(method.clone(), url.clone()).headers(headers.clone());
            let response = request.send().await.map_err(|error| broken(&error))?;
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            match location {
                Some(location)
                    if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED =>
                {
                    url = self.hosts.judge_redirect(&url, location).map_err(|error| {
                        Ended::Never(format!("the server sends us elsewhere, which is refused: {error}"))
                    })?;
                }
                _ => return Ok((response, false)),
            }
        }
        Err(Ended::Never(format!("the server sends us elsewhere more than {REDIRECTS_MAX} times")))
    }
}

/// One try.
struct Attempt<'a, 'p> {
    fetcher: &'a Fetcher,
    wanted: &'a Wanted,
    library: &'a Library,
    progress: &'p mut (dyn FnMut(&str, u64, Option<u64>) + Send),
}

impl Attempt<'_, '_> {
    /// Asks for what is missing and adds it.
    async fn make(&mut self, partial: &mut Partial) -> Result<(), Ended> {
        let offset = if partial.may_go_on() { partial.size_bytes() } else { 0 };
        if offset == 0 && partial.size_bytes() > 0 {
            return Err(Ended::Again);
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, header::HeaderValue::from_static("identity"));
        if offset > 0 {
            let range = header::HeaderValue::from_str(&format!("bytes={offset}-"));
            headers.extend(range.ok().map(|range| (header::RANGE, range)));
            let same = partial.validator().and_then(|validator| header::HeaderValue::from_str(validator).ok());
            headers.extend(same.map(|same| (header::IF_RANGE, same)));
        }
        let (response, _) = self.fetcher.ask(Method::GET, &self.wanted.source, headers).await?;
        let total = match self.wanted.expected(offset).judge(&head_of(&response)) {
            Verdict::Append(total) => total,
            Verdict::Begin(total) => {
                let begun = partial.begin(validator_of(response.headers())).await;
                begun.map_err(|error| Ended::Never(disk(&error, self.library)))?;
                total
            }
            Verdict::Whole => return Ok(()),
            Verdict::Again => return Err(Ended::Again),
            Verdict::Elsewhere(_) => {
                return Err(Ended::Never("the hub sends us elsewhere, which is refused".to_owned()));
            }
            Verdict::Later(reason, wait_s) => return Err(Ended::Later(reason, wait_s.map(Duration::from_secs))),
            Verdict::Never(reason) => return Err(Ended::Never(reason)),
        };
        self.has_room(partial.size_bytes(), total)?;
        self.take(response, partial, total).await
    }

    /// Adds what comes until it ends.
    async fn take(&mut self, mut response: Response, partial: &mut Partial, total: Option<u64>) -> Result<(), Ended> {
        let expected = self.wanted.expected(0);
        let (mut told, mut unlooked) = (None::<Instant>, 0);
        let ended = loop {
            let bytes = match response.chunk().await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => break Ok(()),
                Err(error) => break Err(broken(&error)),
            };
            let size_bytes = partial.size_bytes().saturating_add(bytes.len() as u64);
            expected.may_have(size_bytes).map_err(Ended::Never)?;
            unlooked += bytes.len() as u64;
            if unlooked >= LOOK_BYTES {
                unlooked = 0;
                self.has_room(size_bytes, total)?;
            }
            partial.add(&bytes).await.map_err(|error| Ended::Never(disk(&error, self.library)))?;
            if told.is_none_or(|told| told.elapsed() >= WORD) {
                told = Some(Instant::now());
                (self.progress)("downloading", partial.size_bytes(), total);
            }
        };
        partial.pause().await.map_err(|error| Ended::Never(disk(&error, self.library)))?;
        ended?;
        match total {
            Some(total) if partial.size_bytes() < total => {
                Err(Ended::Later("the connection ended early".to_owned(), None))
            }
            _ => Ok(()),
        }
    }

    /// Whether what is missing fits on the disk.
    fn has_room(&self, here: u64, total: Option<u64>) -> Result<(), Ended> {
        let missing = total.unwrap_or(here).saturating_sub(here);
        self.wanted.has_room(self.library, missing).map_err(Ended::Never)
    }
}

impl Wanted {
    /// Whether so many more bytes fit on the disk.
    ///
    /// # Errors
    ///
    /// A sentence with the numbers.
    pub fn has_room(&self, library: &Library, missing_bytes: u64) -> Result<(), String> {
        let free = library.free_bytes().map_err(|error| format!("the free space cannot be asked: {error}"))?;
        if missing_bytes.saturating_add(self.free_bytes_min) <= free {
            return Ok(());
        }
        let texts = [missing_bytes, free, self.free_bytes_min].map(human);
        Err(format!(
            "the disk has no room: {} more are needed, {} are free, {} of these stay free for others; delete something first",
            texts[0], texts[1], texts[2]
        ))
    }

    fn expected(&self, offset: u64) -> Expected {
        Expected { size_bytes_max: self.size_bytes_max, size_bytes: self.size_bytes, offset }
    }

    async fn check(&self, partial: &mut Partial) -> Result<Fetched, FetchError> {
        self.expected(0).is_size(partial.size_bytes()).map_err(FetchError::Never)?;
        let sha256 = partial.finish().await.map_err(|error| FetchError::Never(format!("the disk failed: {error}")))?;
        match self.sha256 {
            Some(wanted) if wanted != sha256 => Err(FetchError::Never(
                "what came has another SHA-256 than the command says: it is damaged or another file".to_owned(),
            )),
            _ => Ok(Fetched { sha256, size_bytes: partial.size_bytes() }),
        }
    }
}

impl From<Ended> for FetchError {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Never(reason) => Self::Never(reason),
            Ended::Later(reason, _) => Self::Link(reason),
            Ended::Again => Self::Link("the server did not answer what was asked".to_owned()),
        }
    }
}

fn head_of(response: &Response) -> Head {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Head {
        status: response.status().as_u16(),
        length: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        range: text(header::CONTENT_RANGE),
        encoding: text(header::CONTENT_ENCODING),
        location: text(header::LOCATION),
        retry_after_s: text(header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok()),
    }
}

/// What names the content: only a strong tag does byte for byte.
fn validator_of(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    text(header::ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| text(header::LAST_MODIFIED))
}

/// A refusal of ours is final; whatever else breaks a connection may pass.
fn broken(error: &reqwest::Error) -> Ended {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    let mut last = error.to_string();
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<super::source::SourceError>() {
            return Ended::Never(refused.to_string());
        }
        last = error.to_string();
        cause = error.source();
    }
    Ended::Later(format!("the link broke ({last})"), None)
}

fn disk(error: &std::io::Error, library: &Library) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            let free = library.free_bytes().map_or_else(|_| "unknown".to_owned(), human);
            format!("the disk is full ({free} free); what had come was removed, delete something first")
        }
        _ => format!("the disk failed: {error}"),
    }
}

/// A size for people: exact when it is round, else with one decimal.
#[must_use]
pub fn human(bytes: u64) -> String {
    let exact = bytes_text(bytes);
    if exact.len() <= 7 { exact } else { bytesize_text(bytes) }
}

fn bytesize_text(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut tenths, mut unit) = (u128::from(bytes) * 10, 0);
    while tenths >= 10_240 && unit + 1 < units.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units.get(unit).copied().unwrap_or("B"))
}

#[cfg(test)]
pub(crate) mod tests;
