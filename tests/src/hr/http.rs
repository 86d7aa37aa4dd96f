//! HTTP/1.1 by hand: enough to be understood, and nothing in the way of breaking it on purpose.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// Longest line of a request's head, bytes.
const LINE_BYTES_MAX: usize = 16 * 1024;
/// Lines of a request's head.
const LINES_MAX: usize = 100;
/// Longest body of a request, bytes: a batch of 500 rows is far below.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a client asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, ….
    pub method: String,
    /// The path, decoded.
    pub path: String,
    /// The query's fields, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// The headers in their order; names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of that name, in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The first field of the query with that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The fields of a form in the body.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        fields(&self.text())
    }
}

/// Reads the next request of a connection; `None` if the client left instead.
///
/// # Errors
///
/// If the connection breaks, or what comes is no HTTP.
pub async fn read<S: AsyncBufRead + Unpin>(stream: &mut S) -> io::Result<Option<Request>> {
    // A handshake, for one, has no line that would ever end.
    if stream.fill_buf().await?.first().is_some_and(|byte| !byte.is_ascii_uppercase()) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let Some(first) = line(stream).await? else { return Ok(None) };
    let mut words = first.split(' ');
    let (Some(method), Some(target), Some(_)) = (words.next(), words.next(), words.next()) else {
        return Err(io::Error::other(format!("no request line: {first:?}")));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request =
        Request { method: method.to_owned(), path: decoded(path, false), query: fields(query), ..Request::default() };
    for _ in 0..LINES_MAX {
        let line = line(stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let Some((name, value)) = line.split_once(':') else { break };
        request.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    request.body = body(stream, &request).await?;
    Ok(Some(request))
}

async fn body<S: AsyncBufRead + Unpin>(stream: &mut S, request: &Request) -> io::Result<Vec<u8>> {
    if request.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return chunks(stream).await;
    }
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    take(stream, length, &mut body).await?;
    Ok(body)
}

async fn chunks<S: AsyncBufRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let size = size.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        take(stream, size, &mut body).await?;
        // The end of the line behind a chunk; behind the last one, the end of the trailers, of which we expect none.
        line(stream).await?;
        if size == 0 {
            return Ok(body);
        }
    }
}

async fn take<S: AsyncBufRead + Unpin>(stream: &mut S, bytes: usize, body: &mut Vec<u8>) -> io::Result<()> {
    if bytes > BODY_BYTES_MAX - body.len() {
        return Err(io::Error::other("the body is too long"));
    }
    let start = body.len();
    body.resize(start + bytes, 0);
    stream.read_exact(&mut body[start..]).await?;
    Ok(())
}

/// A line without its end; `None` at the end of the stream.
async fn line<S: AsyncBufRead + Unpin>(stream: &mut S) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = (&mut *stream).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut bytes).await?;
    if read == 0 {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The fields of a query or a form.
fn fields(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decoded(name, true), decoded(value, true))).collect()
}

fn decoded(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &behind[2..];
                continue;
            }
            (b'+', _) if plus_is_space => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(text: &str) -> io::Result<Option<Request>> {
        read(&mut tokio::io::BufReader::new(text.as_bytes())).await
    }

    #[tokio::test]
    async fn a_request_is_understood_whole() {
        let text = "POST /api/resource/Employee%20Checkin?fields=%5B%22a+b%22%5D&x HTTP/1.1\r\nAUTHORIZATION: token a:b\r\n\
                    Content-Length: 7\r\n\r\n{\"a\":1}rest";

        let request = asked(text).await.unwrap().unwrap();

        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/resource/Employee Checkin"));
        assert_eq!(request.field("fields"), Some("[\"a b\"]"));
        assert_eq!(request.header("authorization"), Some("token a:b"));
        assert_eq!(request.json()["a"], 1);
    }

    #[tokio::test]
    async fn a_body_in_chunks_is_put_together() {
        let text = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
        assert_eq!(asked(text).await.unwrap().unwrap().text(), "abcde");
    }

    #[tokio::test]
    async fn a_client_that_left_is_no_request_and_half_a_request_is_an_error() {
        assert_eq!(asked("").await.unwrap(), None);
        assert!(asked("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc").await.is_err());
        assert!(asked("NONSENSE\r\n\r\n").await.is_err());
        assert!(asked("\u{16}\u{3}\u{1} GET /").await.is_err());
    }
}
