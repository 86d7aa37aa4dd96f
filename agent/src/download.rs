//! Fetches a file over HTTP, in as many attempts as the link takes.
//!
//! The hub is asked with the box's certificate, every other host without. Redirects are followed by hand, so that each
//! step is judged ([`source`]), and names are resolved by us, so that the address that was judged is the one that
//! is called. A link that breaks is tried again as long as it brings something; then what has arrived is kept, and the
//! next command for the same file goes on from there.

mod attempt;
mod client;
pub mod partial;
pub mod reply;
pub mod source;
mod wanted;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Method, Response, StatusCode};
use tokio::time::{Instant, sleep};
use vigie_shared::backoff::Backoff;

use crate::hub_https::HubHttps;
use attempt::{Attempt, broken, head_of};
use client::Clients;
use partial::Partial;
use reply::Verdict;
use source::{AllowedHosts, Source};
use wanted::disk;

pub use wanted::{FetchError, Fetched, Wanted, human};

/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;

/// Shortest and longest pause after a broken link.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A link that brings nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Times that a server may answer that it cannot now.
const REFUSALS_MAX: u32 = 10;

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

    /// Fetches the rest of a partial file in that folder, and checks the whole.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    pub async fn fetch(
        &self,
        wanted: &Wanted,
        partial: &mut Partial,
        folder: &Path,
        progress: Progress<'_>,
    ) -> Result<Fetched, FetchError> {
        let mut backoff = Backoff::new(PAUSES.0, PAUSES.1, u64::from(std::process::id()));
        let (mut last_gain, mut refusals, mut size_before) = (Instant::now(), 0, partial.size_bytes());
        let mut is_taken_up = partial.size_bytes() > 0;
        loop {
            let mut attempt = Attempt { fetcher: self, wanted, disk: folder, progress: &mut *progress };
            let ended = attempt.make(partial).await;
            if partial.size_bytes() > size_before {
                (last_gain, refusals) = (Instant::now(), 0);
                backoff.reset();
            }
            size_before = partial.size_bytes();
            match ended {
                Ok(()) => match wanted.check(partial).await {
                    // The earlier part may be of other content: the whole gets its own chance.
                    Err(_) if is_taken_up => is_taken_up = self.forget(partial, folder).await?,
                    checked => return checked,
                },
                Err(Ended::Never(reason)) => return Err(FetchError::Never(reason)),
                Err(Ended::Again) if refusals < REFUSALS_MAX => {
                    refusals += 1;
                    is_taken_up = self.forget(partial, folder).await?;
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
    async fn forget(&self, partial: &mut Partial, folder: &Path) -> Result<bool, FetchError> {
        partial.begin(None).await.map_err(|error| FetchError::Never(disk(&error, folder)))?;
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

impl From<Ended> for FetchError {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Never(reason) => Self::Never(reason),
            Ended::Later(reason, _) => Self::Link(reason),
            Ended::Again => Self::Link("the server did not answer what was asked".to_owned()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
