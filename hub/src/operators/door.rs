//! The door: TLS, and who is it?

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::Hall;
use super::counters::Ending;
use super::packets::{self, Refusal};
use super::policy::{self, Knock, Opening};
use super::session::Session;
use crate::gateway::pump::{Inbox, send};
use crate::http::guard::Peer;
use crate::http::trail;
use crate::login::{Caller, LoginError};

/// How long a peer that is being refused may take to read why.
const REFUSAL_LIMIT: Duration = Duration::from_secs(2);

type Tls = TlsStream<TcpStream>;

/// A caller who has not proved anything yet.
pub(super) struct Guest<R, W> {
    inbox: Inbox<R>,
    outbox: W,
}

/// Serves one connection and counts how it ended.
pub(super) async fn serve(hall: &Hall, stream: TcpStream, peer: SocketAddr) {
    // Boxed, so that the long life of an idle connection does not carry the size of its beginning.
    let ending = match Box::pin(admit(hall, stream, peer)).await {
        Ok(session) => session.run(hall).await,
        Err(ending) => ending,
    };
    tracing::debug!(%peer, reason = ending.as_str(), "an operator's connection ended");
    hall.room.counters.end(ending);
}

async fn admit(
    hall: &Hall,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<Session<ReadHalf<Tls>, WriteHalf<Tls>>, Ending> {
    let (_place, evicted) = hall.room.strangers.enter();
    tokio::select! {
        welcomed = welcome(hall, stream, peer) => welcomed,
        _ = evicted => Err(Ending::CrowdedOut),
        () = hall.stopping.cancelled() => Err(Ending::Stopping),
    }
}

async fn welcome(
    hall: &Hall,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<Session<ReadHalf<Tls>, WriteHalf<Tls>>, Ending> {
    // Only delays packets that could go out at once; failing changes nothing else.
    drop(stream.set_nodelay(true));
    let accepted = timeout(hall.room.config.handshake_limit, hall.acceptor.accept(stream)).await;
    let tls = accepted.map_err(|_late| Ending::HandshakeSlow)?.map_err(|error| {
        tracing::debug!("a TLS handshake failed: {error}");
        Ending::HandshakeFailed
    })?;
    let (reader, outbox) = tokio::io::split(tls);
    Guest::new(reader, outbox).enter(hall, peer.ip()).await
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Guest<R, W> {
    pub(super) fn new(reader: R, outbox: W) -> Self {
        Self { inbox: Inbox::new(reader), outbox }
    }

    /// Reads the CONNECT, looks who it is, and answers.
    pub(super) async fn enter(mut self, hall: &Hall, address: IpAddr) -> Result<Session<R, W>, Ending> {
        let limit = hall.room.config.connect_limit;
        let (caller, keep_alive_s) =
            timeout(limit, self.log_in(hall, address)).await.unwrap_or(Err(Ending::ConnectSlow))?;
        send(&mut self.outbox, &packets::WELCOME, hall.room.config.write_limit).await?;
        tracing::info!(account = caller.account, %address, "an operator's program logged in");
        Ok(Session::new(hall, (self.inbox, self.outbox), caller, keep_alive_s))
    }

    async fn log_in(&mut self, hall: &Hall, address: IpAddr) -> Result<(Caller, u16), Ending> {
        let Knock { bytes, keep_alive_s, name, token } = self.knock(hall).await?;
        self.inbox.consume(bytes);
        let (why, ending) = match hall.admin.logins.sign_in_with_token(&name, &token, Some(address)).await {
            Ok(caller) => return Ok((caller, keep_alive_s)),
            Err(LoginError::Wrong | LoginError::NeedsCode { .. } | LoginError::WrongCode | LoginError::LinkEnded) => {
                (Refusal::NotAuthorised, Ending::LoginWrong)
            }
            Err(LoginError::Wait(_) | LoginError::Busy) => (Refusal::Unavailable, Ending::LoginTooOften),
            Err(LoginError::Store(_) | LoginError::Hashing(_)) => (Refusal::Unavailable, Ending::StoreFailed),
        };
        if ending == Ending::LoginWrong {
            trail::note_login(&hall.admin, &name, ("mqtt", Peer::Address(address)), 401).await;
        }
        // Not the name: people paste secrets into the wrong field.
        tracing::info!(%address, reason = ending.as_str(), "an operator's program was refused");
        self.refuse(why).await;
        Err(ending)
    }

    async fn knock(&mut self, hall: &Hall) -> Result<Knock, Ending> {
        loop {
            match policy::open(self.inbox.bytes(), hall.home_topics()) {
                Opening::Incomplete => self.inbox.fill().await?,
                Opening::Knock(knock) => return Ok(knock),
                Opening::Refused(why) => {
                    tracing::info!(?why, "an operator's program asked for a connection that nobody gets");
                    self.refuse(why).await;
                    return Err(Ending::ConnectRefused);
                }
                Opening::Broken(end) => return Err(end.into()),
            }
        }
    }

    /// Says no in MQTT's words. If that fails, closing says it as well.
    async fn refuse(&mut self, why: Refusal) {
        let _is_told = send(&mut self.outbox, &packets::refusal(why), REFUSAL_LIMIT).await.is_ok();
    }
}
