//! The HTTP request by which a terminal opens a connection. The only file that knows the library of its head.
//!
//! Pure. No `Origin` is looked at, since terminals send none; no sub-protocol and no extension is ever agreed to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Longest head, bytes.
pub const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Header lines that are read.
const HEADERS_MAX: usize = 64;

/// What the standard adds to a key before it is hashed.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Where terminals call.
const PATHS: [&str; 2] = ["/pub/chat", "/"];

/// What a head asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is not whole yet.
    NotYet,
    /// A connection: the answer that opens it, and the length of the head.
    Opens {
        /// Bytes of the head; what follows are frames.
        length: usize,
        /// The answer.
        answer: String,
    },
    /// Anything else: the answer, after which the connection ends.
    Refused(&'static str),
}

const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const BAD_REQUEST: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const UPGRADE_REQUIRED: &str = "HTTP/1.1 426 Upgrade Required\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    content-length: 0\r\nconnection: close\r\n\r\n";

/// Reads the beginning of a connection; `extra` is a path that the owner opened.
#[must_use]
pub fn read(bytes: &[u8], extra: Option<&str>) -> Asked {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= HEAD_BYTES_MAX => length,
        Ok(httparse::Status::Partial) if bytes.len() < HEAD_BYTES_MAX => return Asked::NotYet,
        Ok(_) | Err(_) => return Asked::Refused(BAD_REQUEST),
    };
    let path = request.path.unwrap_or_default();
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    if !PATHS.contains(&path) && extra.is_none_or(|extra| extra != path) {
        return Asked::Refused(NOT_FOUND);
    }
    let header = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok()).map(str::trim).unwrap_or_default()
    };
    let says = |name: &str, word: &str| header(name).split(',').any(|part| part.trim().eq_ignore_ascii_case(word));
    let key = header("sec-websocket-key");
    let is_upgrade = request.method == Some("GET")
        && says("upgrade", "websocket")
        && says("connection", "upgrade")
        && header("sec-websocket-version") == "13"
        && !key.is_empty();
    if !is_upgrade {
        return Asked::Refused(UPGRADE_REQUIRED);
    }
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        accepted(key)
    );
    Asked::Opens { length, answer }
}

/// The proof that the key was read.
fn accepted(key: &str) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY);
    context.update(key.as_bytes());
    context.update(KEY_SUFFIX);
    STANDARD.encode(context.finish())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(path: &str, more: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nHost: box\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
        )
    }

    #[test]
    fn a_terminal_gets_in_on_its_paths_and_on_no_other() {
        for path in ["/pub/chat", "/", "/pub/chat?x=1", "/ws/tm20/"] {
            let head = head(path, "");
            let Asked::Opens { length, answer } = read(format!("{head}rest").as_bytes(), Some("/ws/tm20/")) else {
                panic!("{path}")
            };
            assert_eq!(length, head.len());
            assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
        }
        assert_eq!(read(head("/admin", "").as_bytes(), Some("/ws")), Asked::Refused(NOT_FOUND));
        assert_eq!(read(head("/ws/tm20/", "").as_bytes(), None), Asked::Refused(NOT_FOUND));
    }

    #[test]
    fn offers_are_passed_over() {
        let offers = "Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
        let Asked::Opens { answer, .. } = read(head("/", offers).as_bytes(), None) else { panic!("refused") };
        assert!(!answer.contains("Protocol:") && !answer.contains("Extensions"));
    }

    #[test]
    fn what_is_no_upgrade_is_told_so() {
        assert_eq!(read(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None), Asked::Refused(UPGRADE_REQUIRED));
        assert_eq!(read(b"\x16\x03\x01\x02", None), Asked::Refused(BAD_REQUEST));
        assert_eq!(read(b"GET / HTTP/1.1\r\nHost", None), Asked::NotYet);
        let endless = format!("GET / HTTP/1.1\r\nA: {}", "x".repeat(HEAD_BYTES_MAX));
        assert_eq!(read(endless.as_bytes(), None), Asked::Refused(BAD_REQUEST));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(read(&bytes, None));
        }
    }
}
