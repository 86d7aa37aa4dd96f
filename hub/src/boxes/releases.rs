//! Releases for boxes: a package from where an earlier download ended.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio_util::io::ReaderStream;

use super::problem::Refused;
use crate::releases::Releases;

/// Bytes that are read from the disk at once.
const READ_BYTES: usize = 64 * 1024;

/// Gives a package, or the rest of it that the request asks for.
pub(super) async fn give(releases: Releases, sha256: String, headers: &HeaderMap) -> Result<Response, Refused> {
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).and_then(offset);
    let offset = asked.unwrap_or(0);
    let opened = tokio::task::spawn_blocking(move || releases.open(&sha256, offset)).await;
    let (file, size) = match opened {
        Ok(Ok(Some(opened))) => opened,
        Ok(Ok(None)) => return Err(Refused::NotFound),
        Ok(Err(error)) => {
            tracing::error!("a release could not be read: {error}");
            return Err(Refused::HubFailed);
        }
        Err(_panicked) => return Err(Refused::HubFailed),
    };
    if asked.is_some() && offset >= size {
        return Ok(
            (StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, format!("bytes */{size}"))]).into_response()
        );
    }
    let body = Body::from_stream(ReaderStream::with_capacity(tokio::fs::File::from_std(file), READ_BYTES));
    let mut response = Response::new(body);
    let range = format!("bytes {offset}-{}/{size}", size.saturating_sub(1));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size - offset));
    if asked.is_some()
        && let Ok(range) = range.parse()
    {
        headers.insert(header::CONTENT_RANGE, range);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// Where an open range begins: `bytes=N-`. Other ranges are answered with the whole, as the standard allows.
fn offset(range: &str) -> Option<u64> {
    range.trim().strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rest_from_somewhere_on_is_a_part() {
        assert_eq!(offset("bytes=10-"), Some(10));
        for whole in ["bytes=10-20", "bytes=-5", "bytes=1-,5-", "lines=1-", ""] {
            assert_eq!(offset(whole), None, "{whole}");
        }
    }
}
