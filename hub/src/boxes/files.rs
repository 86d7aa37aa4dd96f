//! Media and packages for boxes: whole or in parts, by hash.
//!
//! Any box with a good certificate may have any content of which it knows the hash: it learns a hash by a signed command
//! only, nobody guesses one, and a box that is replaced or restored may fetch what it already had. The hash is the `ETag`,
//! so that a download goes on where it broke, however often.

use std::io::SeekFrom;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::io::ReaderStream;
use vigie_shared::id::{from_hex, to_hex};

use super::problem::Refused;
use crate::shelf::{Sha256, Shelf};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 64 * 1024;

/// What a request asks of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Whole,
    /// From the first to the last byte.
    Part(u64, u64),
    /// Nothing that exists.
    Past,
}

/// Answers a request for a content of that shelf; the place is taken until the answer is sent.
pub(super) async fn give(
    shelf: &Shelf,
    hash: &str,
    (method, headers): (&Method, &HeaderMap),
    place: OwnedSemaphorePermit,
) -> Result<Response, Refused> {
    let sha256: Sha256 = from_hex(hash).and_then(|bytes| bytes.try_into().ok()).ok_or(Refused::NoSuchFile)?;
    let opened = shelf.clone();
    let opened = tokio::task::spawn_blocking(move || opened.content(&sha256)).await;
    let (file, size_bytes) = match opened {
        Ok(Ok(Some(found))) => found,
        Ok(Ok(None)) => return Err(Refused::NoSuchFile),
        Ok(Err(error)) => return Err(failed(&error)),
        Err(error) => return Err(failed(&error)),
    };
    let tag = format!("\"{}\"", to_hex(&sha256));
    let (status, first, length) = match asked(headers, &tag, size_bytes) {
        Asked::Whole => (StatusCode::OK, 0, size_bytes),
        Asked::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Asked::Past => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
    };
    let range = match status {
        StatusCode::PARTIAL_CONTENT => Some(format!("bytes {first}-{}/{size_bytes}", first + length - 1)),
        StatusCode::RANGE_NOT_SATISFIABLE => Some(format!("bytes */{size_bytes}")),
        _ => None,
    };
    let body = if *method == Method::HEAD || length == 0 {
        Body::empty()
    } else {
        let mut file = tokio::fs::File::from_std(file);
        file.seek(SeekFrom::Start(first)).await.map_err(|error| failed(&error))?;
        let content = ReaderStream::with_capacity(file.take(length), BLOCK_BYTES);
        // The place is free again when the last byte is gone, or the box.
        Body::from_stream(content.map(move |part| {
            let _held = &place;
            part
        }))
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    headers
        .extend(range.and_then(|range| HeaderValue::from_str(&range).ok()).map(|range| (header::CONTENT_RANGE, range)));
    Ok(response)
}

fn failed(error: &dyn std::error::Error) -> Refused {
    tracing::error!("a file could not be read for a box: {error}");
    Refused::HubFailed
}

/// One range is understood; whatever else is asked gets the whole, as the standard allows.
fn asked(headers: &HeaderMap, tag: &str, size_bytes: u64) -> Asked {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if text(header::IF_RANGE).is_some_and(|known| known.trim() != tag) {
        return Asked::Whole;
    }
    let Some((first, last)) = text(header::RANGE).and_then(|range| range.strip_prefix("bytes=")?.split_once('-'))
    else {
        return Asked::Whole;
    };
    let number =
        |text: &str| text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let end = size_bytes.saturating_sub(1);
    match (first, last, number(first), number(last)) {
        ("", _, _, Some(0)) => Asked::Past,
        ("", _, _, Some(count)) => Asked::Part(size_bytes.saturating_sub(count), end),
        (_, _, Some(first), _) if first >= size_bytes => Asked::Past,
        (_, "", Some(first), _) => Asked::Part(first, end),
        (_, _, Some(first), Some(last)) if first <= last => Asked::Part(first, last.min(end)),
        _ => Asked::Whole,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked_for(range: &str, known: Option<&str>) -> Asked {
        let mut headers = HeaderMap::new();
        headers.extend(HeaderValue::from_str(range).ok().map(|range| (header::RANGE, range)));
        headers
            .extend(known.and_then(|known| HeaderValue::from_str(known).ok()).map(|known| (header::IF_RANGE, known)));
        asked(&headers, "\"x\"", 100)
    }

    #[test]
    fn a_part_is_given_only_of_the_content_that_the_box_began_with() {
        assert_eq!(asked_for("bytes=40-", Some("\"x\"")), Asked::Part(40, 99));
        assert_eq!(asked_for("bytes=40-", Some("\"y\"")), Asked::Whole);
        assert_eq!(asked_for("bytes=40-49", None), Asked::Part(40, 49));
        assert_eq!(asked_for("bytes=40-400", None), Asked::Part(40, 99));
        assert_eq!(asked_for("bytes=-10", None), Asked::Part(90, 99));
        assert_eq!(asked_for("bytes=-1000", None), Asked::Part(0, 99));
        for past in ["bytes=100-", "bytes=18446744073709551615-", "bytes=-0"] {
            assert_eq!(asked_for(past, None), Asked::Past, "{past}");
        }
        for odd in ["bytes=9-3", "bytes=1-2,4-5", "bytes=-", "bytes=x-", "lines=1-2", "", "bytes=+1-"] {
            assert_eq!(asked_for(odd, None), Asked::Whole, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_range_leads_outside(range in "(bytes=)?[0-9,+-]{0,24}") {
            if let Asked::Part(first, last) = asked_for(&range, None) {
                prop_assert!(first <= last && last < 100);
            }
        }
    }
}
