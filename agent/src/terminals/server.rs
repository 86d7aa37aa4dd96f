//! Listens for terminals, and keeps what is known of them told and written.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::reading::Standing;

use super::connection;
use super::hall::Hall;
use super::limits::millis;

/// Connections that wait to be taken: a whole site may come back at once.
const BACKLOG: u32 = 1_024;

/// After an error of the listener: out of files, most likely.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// Before a port that is in use is tried again.
const PORT_PAUSE: Duration = Duration::from_secs(30);

/// How often states are looked at.
const LOOK: Duration = Duration::from_secs(60);

/// Changes that come together are written together.
const SAVE_PAUSE: Duration = Duration::from_secs(1);

/// Opens the port.
///
/// # Errors
///
/// If it is in use or may not be used.
pub(super) fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = if listen.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let listener = socket.and_then(|socket| {
        socket.set_reuseaddr(true)?;
        socket.bind(listen)?;
        socket.listen(BACKLOG)
    });
    listener.with_context(|| format!("listen for terminals at {listen}; choose another `terminals.listen`"))
}

/// Takes connections until the process stops. A port that is in use is tried again and again.
pub(super) async fn serve(hall: Arc<Hall>, first: Option<TcpListener>, lifecycle: Lifecycle) -> anyhow::Result<()> {
    let stop = lifecycle.stopping();
    let listener = match first {
        Some(listener) => listener,
        None => match bind_later(hall.config.listen, &stop).await {
            Some(listener) => listener,
            None => return Ok(()),
        },
    };
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!("a connection of a terminal may be slow: {error}");
                }
                lifecycle.spawn_detached(connection::run(
                    Arc::clone(&hall),
                    stream,
                    peer.ip().to_canonical(),
                    stop.clone(),
                ));
            }
            Err(error) => {
                tracing::debug!("the terminals' port: {error}");
                sleep(ERROR_PAUSE).await;
            }
        }
    }
}

async fn bind_later(listen: SocketAddr, stop: &CancellationToken) -> Option<TcpListener> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return None,
            () = sleep(PORT_PAUSE) => {}
        }
        match bind(listen) {
            Ok(listener) => return Some(listener),
            Err(error) => tracing::warn!("{error:#}"),
        }
    }
}

/// Tells now and then how every terminal is.
pub(super) async fn tell_states(hall: Arc<Hall>, stop: CancellationToken) -> anyhow::Result<()> {
    let every_ms = millis(hall.parts.limits.state_every);
    let mut look = interval(LOOK);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = look.tick() => {}
        }
        let now_ms = hall.now_ms();
        let states: Vec<_> = {
            let mut state = hall.lock();
            let state = &mut *state;
            let (registry, terminals) = (&state.registry, &mut state.terminals);
            let tell = |terminal: &mut super::terminal::Terminal| {
                let standing = registry.standing(&terminal.serial).unwrap_or(Standing::Pending);
                terminal.state(standing, now_ms, every_ms)
            };
            terminals.values_mut().filter_map(tell).collect()
        };
        hall.tell(states).await;
    }
}

/// Writes what changed, a little later.
pub(super) async fn save_changes(hall: Arc<Hall>, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        let is_over = tokio::select! {
            () = stop.cancelled() => true,
            () = hall.is_dirty.notified() => {
                tokio::select! {
                    () = stop.cancelled() => true,
                    () = sleep(SAVE_PAUSE) => false,
                }
            }
        };
        if let Err(error) = hall.save().await {
            tracing::warn!("what is known of terminals is kept in memory only: {error:#}");
        }
        if is_over {
            return Ok(());
        }
    }
}
