//! A stand-in of the old ticket backend: it lists devices, keeps what days are worth, and refuses what the real one does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use vigie_shared::lifecycle::Lifecycle;

/// The key that calls must bring.
pub const SECRET: &str = "s3cret";

/// What days are worth, by date and e-mail address.
pub type Book = BTreeMap<(String, String), String>;

/// The backend, and what it heard.
pub struct Backend {
    /// Where it listens on loopback.
    pub port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    book: Arc<Mutex<Book>>,
    lifecycle: Lifecycle,
}

impl Backend {
    /// Starts one that lists these devices: address, e-mail address, first and last name, with tabs between.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub async fn start(devices: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (heard, book) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Book>>::default());
        let lifecycle = Lifecycle::new();
        let (remember, keep, stopping) = (Arc::clone(&heard), Arc::clone(&book), lifecycle.stopping());
        let devices = devices.to_owned();
        lifecycle.spawn("backend", async move {
            loop {
                let mut stream = tokio::select! {
                    () = stopping.cancelled() => return Ok(()),
                    accepted = listener.accept() => accepted?.0,
                };
                let request = request(&mut stream).await?;
                let (status, text) = answer(&request, &devices, &mut locked(&keep));
                locked(&remember).push(request);
                let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nConnection: close\r\n");
                let whole = format!("{head}Content-Length: {}\r\n\r\n{text}", text.len());
                stream.write_all(whole.as_bytes()).await?;
            }
        });
        Ok(Self { port, heard, book, lifecycle })
    }

    /// The bodies of all calls of that path.
    #[must_use]
    pub fn bodies(&self, path: &str) -> Vec<String> {
        let begin = format!("POST {path} ");
        let heard = locked(&self.heard);
        let bodies = heard.iter().filter(|request| request.starts_with(&begin));
        bodies.filter_map(|request| request.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())).collect()
    }

    /// What every day is worth there.
    #[must_use]
    pub fn book(&self) -> Book {
        locked(&self.book).clone()
    }

    /// Closes its port.
    pub fn stop(self) {
        self.lifecycle.stop();
    }
}

fn locked<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads one request to its end.
async fn request(stream: &mut TcpStream) -> anyhow::Result<String> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Ok(text);
            }
        }
        let read = stream.read(&mut piece).await?;
        anyhow::ensure!(read > 0, "the request broke off");
        bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
    }
}

/// What the backend says: the key must be right, an amount 0, 0.5 or 1; 0 removes the day.
fn answer(request: &str, devices: &str, book: &mut Book) -> (&'static str, String) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let fields: BTreeMap<&str, String> = body
        .split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (name, value.replace("%40", "@").replace("%3A", ":").replace("%2C", ",")))
        .collect();
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let path = head.split(' ').nth(1).unwrap_or_default();
    if field("key") != SECRET {
        return ("403 Forbidden", "the key is wrong".to_owned());
    }
    match (path, field("amount").as_str()) {
        ("/api/mac", _) => return ("200 OK", devices.to_owned()),
        ("/api/presence", "0") => drop(book.remove(&(field("date"), field("email")))),
        ("/api/presence", "0.5" | "1") => drop(book.insert((field("date"), field("email")), field("amount"))),
        ("/api/presence", _) => return ("400 Bad Request", "amount must be 0, 0.5 or 1".to_owned()),
        _ => {}
    }
    ("200 OK", "OK".to_owned())
}
