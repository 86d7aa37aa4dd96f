//! Accepts connections and serves the router on them.
//!
//! TCP, with TLS or without, for people and programs; a unix socket for the machine's owner. Bounded in number and in the time a request's head may take.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use vigie_shared::file::make_private_folder;
use vigie_shared::lifecycle::Lifecycle;

use super::config::AdminConfig;
use super::guard::Peer;
use super::proxy;
use super::tls::FileCertificate;

/// Connections at once, live streams included; more wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 512;
/// How long a client may take for the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// Largest head of a request, bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Where the unix socket of a data folder lies.
#[must_use]
pub fn socket_path(data: &Path) -> PathBuf {
    data.join("run").join("admin.sock")
}

/// Opens the unix socket for the hub's own user only.
///
/// # Errors
///
/// If another hub answers there, or the socket cannot be made.
pub fn bind_socket(path: &Path) -> anyhow::Result<UnixListener> {
    let shown = path.display();
    if let Some(folder) = path.parent() {
        make_private_folder(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        anyhow::bail!("another hub answers on {shown}: stop it, or choose another data folder");
    }
    if path.symlink_metadata().is_ok() {
        std::fs::remove_file(path).with_context(|| format!("remove the old socket {shown}"))?;
    }
    let listener = UnixListener::bind(path)
        .with_context(|| format!("open the socket {shown} (its path may have at most 107 characters)"))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("protect the socket {shown}"))?;
    Ok(listener)
}

/// Serves people and their programs, by TLS if the owner has a certificate, as proxies say if the owner has some.
///
/// # Errors
///
/// Words for people on a certificate that cannot be used.
pub fn open_admin(
    listener: TcpListener,
    config: &AdminConfig,
    router: Router,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let router = proxy::behind(router, &config.behind_proxy);
    let Some(files) = config.files() else {
        lifecycle.spawn("admin HTTP", serve_tcp(listener, router, lifecycle.clone()));
        return Ok(());
    };
    let certificate = Arc::new(FileCertificate::open(files)?);
    let tls = Arc::clone(&certificate).config()?;
    lifecycle.spawn("admin certificate", certificate.keep_fresh(lifecycle.stopping()));
    lifecycle.spawn("admin HTTPS", serve_tls(listener, tls, router, lifecycle.clone()));
    Ok(())
}

/// Serves TCP connections until the hub stops.
///
/// # Errors
///
/// Never: whatever one connection does ends with it.
pub async fn serve_tcp(listener: TcpListener, router: Router, lifecycle: Lifecycle) -> anyhow::Result<()> {
    serve(listener, |address| Peer::Address(address.ip()), |stream| ready(Some(stream)), router, lifecycle).await;
    Ok(())
}

/// Serves TCP connections that speak TLS until the hub stops.
///
/// # Errors
///
/// Never: whatever one connection does ends with it.
pub async fn serve_tls(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    router: Router,
    lifecycle: Lifecycle,
) -> anyhow::Result<()> {
    let acceptor = TlsAcceptor::from(tls);
    let open = move |stream| {
        let accepted = timeout(HEAD_WITHIN, acceptor.accept(stream));
        async move {
            let accepted = accepted.await.ok()?;
            accepted.inspect_err(|error| tracing::debug!("a browser's TLS handshake failed: {error}")).ok()
        }
    };
    serve(listener, |address| Peer::Address(address.ip()), open, router, lifecycle).await;
    Ok(())
}

/// Serves the unix socket until the hub stops.
///
/// # Errors
///
/// Never: whatever one connection does ends with it.
pub async fn serve_socket(listener: UnixListener, router: Router, lifecycle: Lifecycle) -> anyhow::Result<()> {
    serve(listener, |_unnamed| Peer::Socket, |stream| ready(Some(stream)), router, lifecycle).await;
    Ok(())
}

async fn serve<L, S, F>(
    mut listener: L,
    peer_of: fn(L::Addr) -> Peer,
    open: impl Fn(L::Io) -> F,
    router: Router,
    lifecycle: Lifecycle,
) where
    L: Listener,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Option<S>> + Send + 'static,
{
    let (stopping, slots) = (lifecycle.stopping(), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
    let next = async |listener: &mut L| {
        let slot = Arc::clone(&slots).acquire_owned().await.ok()?;
        // If the system refuses a connection, as when no file is left, this says so and tries again.
        let (stream, address) = listener.accept().await;
        Some((slot, stream, peer_of(address)))
    };
    loop {
        let accepted = tokio::select! {
            accepted = next(&mut listener) => accepted,
            () = stopping.cancelled() => None,
        };
        let Some((slot, stream, peer)) = accepted else { return };
        let (router, stopping, opened) = (router.clone(), stopping.clone(), open(stream));
        lifecycle.spawn_detached(async move {
            if let Some(stream) = opened.await {
                serve_stream(stream, peer, router, stopping).await;
            }
            drop(slot);
        });
    }
}

/// Serves one connection to its end, or until the hub stops: then the request at work is finished first.
pub async fn serve_stream<S>(stream: S, peer: Peer, router: Router, stopping: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let router = router.clone();
        async move { router.oneshot(request).await.map_err(|never: Infallible| never) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection to the admin HTTP ended early: {error}");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpStream, UnixStream};

    use super::*;
    use crate::http::router;
    use crate::http::testing::Stage;

    const ASK: &[u8] = b"GET /api/v1/me HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn the_socket_proves_the_owner_and_the_network_proves_nothing() {
        let (stage, lifecycle) = (Stage::new().await, Lifecycle::new());
        let folder = tempfile::tempdir().unwrap();
        let path = socket_path(folder.path());
        let socket = bind_socket(&path).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        lifecycle.spawn("socket", serve_socket(socket, router(stage.admin.clone()), lifecycle.clone()));
        lifecycle.spawn("tcp", serve_tcp(tcp, router(stage.admin.clone()), lifecycle.clone()));

        let (mut near, mut far) =
            (UnixStream::connect(&path).await.unwrap(), TcpStream::connect(address).await.unwrap());
        near.write_all(ASK).await.unwrap();
        far.write_all(ASK).await.unwrap();
        let (mut known, mut unknown) = (String::new(), String::new());
        near.read_to_string(&mut known).await.unwrap();
        far.read_to_string(&mut unknown).await.unwrap();

        assert!(known.starts_with("HTTP/1.1 200") && known.contains("\"role\":\"owner\""), "{known}");
        assert!(unknown.starts_with("HTTP/1.1 401"), "{unknown}");
        lifecycle.stop();
        assert_eq!(lifecycle.wait().await, std::process::ExitCode::SUCCESS);
    }

    /// What comes back; a server that breaks off has said what it had to say.
    async fn heard(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
        stream.write_all(ASK).await.unwrap();
        let mut bytes = Vec::new();
        drop(stream.read_to_end(&mut bytes).await);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test]
    async fn with_a_certificate_nothing_is_said_in_clear() {
        let (stage, lifecycle, folder) = (Stage::new().await, Lifecycle::new(), tempfile::tempdir().unwrap());
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let config = AdminConfig { certificate: Some(certificate), key: Some(key), ..AdminConfig::default() };
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        open_admin(tcp, &config, router(stage.admin.clone()), &lifecycle).unwrap();

        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let client = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let secure = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        let plain = TcpStream::connect(address).await.unwrap();

        let (said, in_clear) = (heard(secure).await, heard(plain).await);
        assert!(said.starts_with("HTTP/1.1 401"), "{said}");
        assert!(!in_clear.contains("HTTP"), "{in_clear}");
    }

    #[tokio::test]
    async fn a_client_that_never_finishes_its_head_is_cut_off() {
        let stage = Stage::new().await;
        let (mut client, server) = tokio::io::duplex(1024);
        tokio::time::pause();
        let serving = serve_stream(server, Peer::Unknown, router(stage.admin.clone()), CancellationToken::new());
        client.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
        let ended = tokio::time::timeout(2 * HEAD_WITHIN, serving).await;
        assert!(ended.is_ok());
    }

    #[tokio::test]
    async fn only_the_owner_may_open_the_socket_and_only_one_hub_serves_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = socket_path(folder.path());
        let first = bind_socket(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let refusal = bind_socket(&path).unwrap_err().to_string();
        assert!(refusal.contains("another hub answers"), "{refusal}");
        drop(first);
        assert!(bind_socket(&path).is_ok(), "the socket of a dead hub is taken over");
    }
}
