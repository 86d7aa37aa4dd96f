//! A bad cable: a TCP proxy on loopback that cuts, stalls, slows and half-opens connections on command.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use vigie_shared::lifecycle::Lifecycle;

/// What the cable does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Everything passes.
    Fair,
    /// Connections are reset and new ones refused.
    Cut,
    /// Connections stay open and nothing passes.
    Stalled,
    /// What the client says passes; what the server says is swallowed.
    HalfOpen,
    /// A few kilobytes a second pass.
    Slow,
}

/// Bytes that pass at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// Pause after each slow chunk of 512 bytes.
const SLOW_PAUSE: Duration = Duration::from_millis(100);

/// A proxy; dropping it leaves its tasks to the lifecycle it was started with.
pub struct Chaos {
    address: SocketAddr,
    weather: Arc<watch::Sender<Weather>>,
}

impl Chaos {
    /// Listens on a free port and passes everything to `target`, in fair weather.
    ///
    /// # Errors
    ///
    /// If no port can be opened.
    pub async fn start(target: SocketAddr, lifecycle: &Lifecycle) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (weather, seen) = watch::channel(Weather::Fair);
        let owner = lifecycle.clone();
        lifecycle.spawn_detached(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *seen.borrow() != Weather::Cut {
                    owner.spawn_detached(join(client, target, seen.clone()));
                }
            }
        });
        Ok(Self { address, weather: Arc::new(weather) })
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the weather for all connections, open ones included.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn join(client: TcpStream, target: SocketAddr, mut seen: watch::Receiver<Weather>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    let (up_seen, down_seen) = (seen.clone(), seen.clone());
    let cut = async {
        // The sender lives as long as the proxy; its end is a cut, too.
        drop(seen.wait_for(|weather| *weather == Weather::Cut).await);
    };
    tokio::select! {
        () = cut => {}
        () = pass(client_read, server_write, up_seen, false) => {}
        () = pass(server_read, client_write, down_seen, true) => {}
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut seen: watch::Receiver<Weather>,
    is_down: bool,
) {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let weather = *seen.borrow_and_update();
        if weather == Weather::Stalled {
            if seen.changed().await.is_err() {
                return;
            }
            continue;
        }
        let size = if weather == Weather::Slow { 512 } else { CHUNK_BYTES };
        let read = match from.read(&mut chunk[..size]).await {
            Ok(0) | Err(_) => return,
            Ok(read) => read,
        };
        let weather = *seen.borrow();
        if weather == Weather::Stalled && seen.wait_for(|weather| *weather != Weather::Stalled).await.is_err() {
            return;
        }
        if weather == Weather::HalfOpen && is_down {
            continue;
        }
        if to.write_all(&chunk[..read]).await.is_err() {
            return;
        }
        if weather == Weather::Slow {
            tokio::time::sleep(SLOW_PAUSE).await;
        }
    }
}
