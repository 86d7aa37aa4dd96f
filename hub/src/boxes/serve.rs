//! Connections of the boxes' HTTPS: one task each, limited in number and time.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::serve::Listener;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use vigie_shared::lifecycle::Lifecycle;

use super::BoxesConfig;
use super::routes::Caller;
use crate::pki::PeerIdentity;
use crate::strangers::Strangers;

/// What every connection needs.
pub(super) struct Door {
    pub(super) tls: Arc<ServerConfig>,
    pub(super) router: Router,
    pub(super) limits: BoxesConfig,
}

/// Starts one task for each connection and waits for nothing else.
pub(super) async fn accept(mut listener: TcpListener, door: Door, lifecycle: Lifecycle) -> anyhow::Result<()> {
    let strangers = Arc::new(Strangers::new(door.limits.connections_max));
    let (door, stopping) = (Arc::new(door), lifecycle.stopping());
    loop {
        let (stream, address) = tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            // If the system refuses a connection, as when no file is left, this says so and tries again.
            accepted = Listener::accept(&mut listener) => accepted,
        };
        let (place, evicted) = strangers.enter();
        let (door, stopping) = (Arc::clone(&door), stopping.clone());
        lifecycle.spawn_detached(async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                _ = evicted => {}
                () = door.serve(stream, address) => {}
            }
            drop(place);
        });
    }
}

impl Door {
    async fn serve(&self, stream: TcpStream, address: SocketAddr) {
        let handshake = TlsAcceptor::from(Arc::clone(&self.tls)).accept(stream);
        let Ok(Ok(tls)) = timeout(self.limits.handshake_limit, handshake).await else { return };
        let caller = Caller { address, certificate: certificate(&tls) };
        let limit = match caller.certificate {
            Some(_) => self.limits.download_limit,
            None => self.limits.connection_limit,
        };
        let body_bytes_max = usize::try_from(self.limits.body_size_max).unwrap_or(usize::MAX);
        let router = self.router.clone().layer(Extension(caller)).layer(DefaultBodyLimit::max(body_bytes_max));
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.handshake_limit)
            .serve_connection(TokioIo::new(tls), TowerToHyperService::new(router));
        if let Ok(Err(error)) = timeout(limit, served).await {
            tracing::debug!("a box's HTTPS connection ended early: {error}");
        }
    }
}

fn certificate(tls: &TlsStream<TcpStream>) -> Option<PeerIdentity> {
    let certificate = tls.get_ref().1.peer_certificates()?.first()?;
    PeerIdentity::from_certificate(certificate).ok()
}
