//! Brings a package from the hub, and goes on where an interruption left off.
//!
//! A package comes from the box's own hub: its path, or its whole address. Redirects are not followed. What arrived stays
//! in a file until the package is whole, so that a cut link costs what was on the way and no more.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};
use tokio::io::AsyncWriteExt as _;
use tokio::time::sleep;

use crate::hub_https::HubHttps;

use super::space::ensure_room;

/// Attempts without a single new byte before it is given up.
const ATTEMPTS_MAX: u32 = 8;

/// First pause between attempts; it doubles.
const PAUSE: Duration = Duration::from_secs(2);

/// What is to be fetched.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The path on the hub, or its whole address there.
    pub url: &'a str,
    /// Its size, if that was said.
    pub size_bytes: Option<u64>,
    /// More than this is not taken.
    pub bytes_max: u64,
}

/// Fetches into the file, beginning after what it holds; tells how many bytes of how many are there.
///
/// # Errors
///
/// Words for people: a foreign address, too large, no room, the hub is gone for too long….
pub async fn fetch(
    hub: &HubHttps,
    wanted: Wanted<'_>,
    file: &Path,
    told: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> anyhow::Result<()> {
    let size = wanted.size_bytes.unwrap_or(0);
    ensure!(size <= wanted.bytes_max, "the package has {size} bytes, more than the {} allowed here", wanted.bytes_max);
    let (mut attempts, mut pause) = (0, PAUSE);
    loop {
        let before = length(file).await;
        ensure_room(file, size.saturating_sub(before))?;
        let error = match go_on(hub, wanted, file, told).await {
            Ok(()) => return Ok(()),
            Err(Trouble::Final(error)) => return Err(error),
            Err(Trouble::Passing(error)) => error,
        };
        if length(file).await > before {
            (attempts, pause) = (0, PAUSE);
        }
        attempts += 1;
        if attempts >= ATTEMPTS_MAX {
            return Err(error.context(format!("{attempts} attempts to fetch the package brought nothing new")));
        }
        tracing::debug!("fetching a package goes on later: {error:#}");
        sleep(pause).await;
        pause *= 2;
    }
}

/// Whether trying again can help.
enum Trouble {
    Passing(anyhow::Error),
    Final(anyhow::Error),
}

async fn go_on(
    hub: &HubHttps,
    wanted: Wanted<'_>,
    file: &Path,
    told: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<(), Trouble> {
    let (client, base) = hub.client().map_err(Trouble::Final)?;
    let url = on_hub(wanted.url, &base).map_err(Trouble::Final)?;
    let have = length(file).await;
    if have > 0 && Some(have) == wanted.size_bytes {
        return Ok(());
    }
    let response = ask(&client, &url, have).await.map_err(Trouble::Passing)?;
    let (start, total) = match response.status() {
        StatusCode::OK => (0, response.content_length()),
        StatusCode::PARTIAL_CONTENT => begins_at(&response).map_err(Trouble::Passing)?,
        // Everything is there, or it is not what it was: its hash will tell.
        StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => return Ok(()),
        status if status.is_server_error() => {
            return Err(Trouble::Passing(anyhow::anyhow!("the hub answers {status}")));
        }
        status => return Err(Trouble::Final(anyhow::anyhow!("the hub answers {status} for {}", wanted.url))),
    };
    if start > have {
        return Err(Trouble::Final(anyhow::anyhow!("the hub begins at {start} instead of {have}")));
    }
    save(response, Span { start, total, bytes_max: wanted.bytes_max }, file, told).await
}

async fn ask(client: &Client, url: &str, have: u64) -> anyhow::Result<Response> {
    let mut request = client.get(url);
    if have > 0 {
        request = request.header(RANGE, format!("bytes={have}-"));
    }
    request.send().await.context("ask the hub for the package")
}

/// What an answer brings.
struct Span {
    start: u64,
    total: Option<u64>,
    bytes_max: u64,
}

async fn save(
    mut response: Response,
    span: Span,
    path: &Path,
    told: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<(), Trouble> {
    let disk = |error: std::io::Error| Trouble::Final(anyhow::Error::new(error).context("write the package"));
    let mut file =
        tokio::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path).await.map_err(disk)?;
    file.set_len(span.start).await.map_err(disk)?;
    tokio::io::AsyncSeekExt::seek(&mut file, std::io::SeekFrom::Start(span.start)).await.map_err(disk)?;
    let (mut have, mut last_told) = (span.start, 0);
    loop {
        let chunk = response.chunk().await.context("receive the package");
        let chunk = match chunk {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error) => {
                file.sync_all().await.map_err(disk)?;
                return Err(Trouble::Passing(error));
            }
        };
        have += chunk.len() as u64;
        if have > span.bytes_max {
            let text = format!("the package is larger than the {} bytes allowed here", span.bytes_max);
            return Err(Trouble::Final(anyhow::anyhow!(text)));
        }
        file.write_all(&chunk).await.map_err(disk)?;
        if have - last_told >= 1 << 20 {
            last_told = have;
            told(have, span.total);
        }
    }
    file.sync_all().await.map_err(disk)?;
    match span.total {
        Some(total) if have < total => Err(Trouble::Passing(anyhow::anyhow!("the hub sent {have} of {total} bytes"))),
        _ => Ok(()),
    }
}

/// Where a partial answer begins, and the size of the whole.
fn begins_at(response: &Response) -> anyhow::Result<(u64, Option<u64>)> {
    let text = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    parse_range(text.context("the hub does not say which part it sends")?).context("the hub's range cannot be read")
}

fn parse_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

/// The address on the hub.
fn on_hub(url: &str, base: &str) -> anyhow::Result<String> {
    let path = url.strip_prefix(base).unwrap_or(url);
    if !path.starts_with('/') || path.starts_with("//") {
        bail!("a package comes from this box's hub only, as {base}/…; add it there with `vigie-hub release add`");
    }
    Ok(format!("{base}{path}"))
}

async fn length(file: &Path) -> u64 {
    tokio::fs::metadata(file).await.map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_comes_from_the_hub_and_from_nowhere_else() {
        let base = "https://hub.example:8443";
        assert_eq!(on_hub("/v1/releases/ab", base).unwrap(), "https://hub.example:8443/v1/releases/ab");
        assert_eq!(on_hub("https://hub.example:8443/x", base).unwrap(), "https://hub.example:8443/x");
        for foreign in [
            "https://elsewhere.example/x",
            "http://127.0.0.1/x",
            "//elsewhere/x",
            "file:///etc/passwd",
            "",
            "https://hub.example:8443@evil/x",
        ] {
            on_hub(foreign, base).unwrap_err();
        }
    }

    #[test]
    fn the_part_that_comes_is_read_from_its_range() {
        assert_eq!(parse_range("bytes 10-99/100"), Some((10, Some(100))));
        assert_eq!(parse_range("bytes 10-99/*"), Some((10, None)));
        assert_eq!(parse_range("lines 1-2/3"), None);
    }
}
