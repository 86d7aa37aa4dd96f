//! A server that does what it is told, for the tests of downloads.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use vigie_shared::lifecycle::Lifecycle;

use super::*;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Asked {
    /// Where the asked part begins.
    pub(crate) fn offset(&self) -> Option<usize> {
        self.headers.get("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// What it gets: an HTTP head without its end, and bytes after which the connection is cut.
pub(crate) struct Given {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Given {
    pub(crate) fn new(head: &str, body: &[u8]) -> Self {
        Self { head: head.to_owned(), body: body.to_vec() }
    }

    /// The whole, or the part that was asked for.
    pub(crate) fn content(asked: &Asked, content: &[u8], tag: &str) -> Self {
        let total = content.len();
        let is_same = asked.headers.get("if-range").is_none_or(|known| known == tag);
        match asked.offset().filter(|_| is_same) {
            Some(offset) if offset < total => {
                let range = format!("bytes {offset}-{}/{total}", total - 1);
                let length = total - offset;
                let head = format!("206 Partial\r\nContent-Range: {range}\r\nContent-Length: {length}\r\nETag: {tag}");
                Self::new(&head, &content[offset..])
            }
            Some(_) => Self::new(&format!("416 Past\r\nContent-Range: bytes */{total}\r\nContent-Length: 0"), b""),
            None => Self::new(&format!("200 OK\r\nContent-Length: {total}\r\nETag: {tag}"), content),
        }
    }

    /// The same, but the connection ends after so many bytes of the body.
    pub(crate) fn cut(mut self, after: usize) -> Self {
        self.body.truncate(after);
        self
    }
}

/// The server, and everything it was asked.
pub(crate) struct Server {
    pub(crate) address: std::net::SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    _lifecycle: Lifecycle,
}

impl Server {
    /// Answers the n-th request, counted from 0, with what the function gives.
    pub(crate) async fn start(answer: impl Fn(usize, &Asked) -> Given + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, lifecycle) = (listener.local_addr().unwrap(), Lifecycle::new());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = Arc::clone(&asked);
        lifecycle.spawn_detached(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, &seen, &answer).await;
            }
        });
        Self { address, asked, _lifecycle: lifecycle }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Asked>>, answer: &impl Fn(usize, &Asked) -> Given) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read_exact(&mut byte).await.is_err() {
            return;
        }
        head.extend_from_slice(&byte);
    }
    let text = String::from_utf8(head).unwrap();
    let mut words = text.split_whitespace();
    let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let pairs = text.lines().filter_map(|line| line.split_once(": "));
    let headers = pairs.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    let asked = Asked { method, path, headers };
    let number = {
        let mut all = seen.lock().unwrap();
        all.push(asked.clone());
        all.len() - 1
    };
    let given = answer(number, &asked);
    let head = format!("HTTP/1.1 {}\r\nConnection: close\r\n\r\n", given.head);
    let is_head = asked.method == "HEAD";
    if stream.write_all(head.as_bytes()).await.is_ok() && !is_head {
        // A client that has seen enough closes: that is its right.
        drop(stream.write_all(&given.body).await);
    }
    drop(stream.shutdown().await);
}

#[test]
fn sizes_are_short_for_people() {
    for (bytes, text) in
        [(0, "0B"), (1 << 30, "1GiB"), (256 << 20, "256MiB"), (1_234_567, "1.1 MiB"), (999_999_999_999, "931.3 GiB")]
    {
        assert_eq!(human(bytes), text);
    }
}
