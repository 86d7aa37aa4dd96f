//! One try of a download: asks for what is missing, judges the answer, and adds what comes.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Method, Response};
use tokio::time::Instant;

use super::partial::Partial;
use super::reply::{Head, Verdict};
use super::source::SourceError;
use super::wanted::{Wanted, disk};
use super::{Ended, Fetcher};

/// Time between two words about the progress.
const WORD: Duration = Duration::from_secs(1);

/// Bytes after which the free space is looked at again.
const LOOK_BYTES: u64 = 32 << 20;

/// One try.
pub(super) struct Attempt<'a, 'p> {
    pub(super) fetcher: &'a Fetcher,
    pub(super) wanted: &'a Wanted,
    pub(super) disk: &'a Path,
    pub(super) progress: &'p mut (dyn FnMut(&str, u64, Option<u64>) + Send),
}

impl Attempt<'_, '_> {
    /// Asks for what is missing and adds it.
    pub(super) async fn make(&mut self, partial: &mut Partial) -> Result<(), Ended> {
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
                begun.map_err(|error| Ended::Never(disk(&error, self.disk)))?;
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
            partial.add(&bytes).await.map_err(|error| Ended::Never(disk(&error, self.disk)))?;
            if told.is_none_or(|told| told.elapsed() >= WORD) {
                told = Some(Instant::now());
                (self.progress)("downloading", partial.size_bytes(), total);
            }
        };
        partial.pause().await.map_err(|error| Ended::Never(disk(&error, self.disk)))?;
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
        self.wanted.has_room(self.disk, missing).map_err(Ended::Never)
    }
}

/// What of an answer is judged.
pub(super) fn head_of(response: &Response) -> Head {
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
pub(super) fn broken(error: &reqwest::Error) -> Ended {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    let mut last = error.to_string();
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<SourceError>() {
            return Ended::Never(refused.to_string());
        }
        last = error.to_string();
        cause = error.source();
    }
    Ended::Later(format!("the link broke ({last})"), None)
}
