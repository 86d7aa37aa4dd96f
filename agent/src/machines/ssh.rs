//! One conversation by SSH: with [`key`], the only files that name `russh`.
//!
//! A conversation is one connection: keys, one login, one program with its input, its output. Everything is bounded in time
//! and size, and when it ends for whatever reason the line is cut, so that no half-dead server keeps anything here.
//! The key goes first. The password is said only to a machine whose host key was pinned before.

mod key;

use std::borrow::Cow;
use std::io::ErrorKind;
use std::net::{Shutdown, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::client::{self, AuthResult, Handle};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{ChannelMsg, Disconnect, Error, Preferred};
use socket2::{SockRef, Socket};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub use self::key::Key;

/// Bytes that a machine may send before it must wait for us; a multiple of the largest packet.
const WINDOW_BYTES: u32 = 256 * 1024;
const PACKET_BYTES_MAX: u32 = 32 * 1024;

/// Packets that may wait between the connection and whoever reads it.
const PACKETS_MAX: usize = 8;

/// Longest account of an error, characters; it may hold what a server said.
const ERROR_CHARS_MAX: usize = 200;

/// Whoever lingers after the last word is cut off.
const GOODBYE: Duration = Duration::from_millis(200);

/// Host keys that are understood: every Mac and every current Linux has one of them.
const KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
];

/// Who logs in, and by what.
#[derive(Clone)]
pub struct Login {
    /// The account.
    pub user: String,
    /// Its key.
    pub key: Option<Key>,
    /// Its password.
    pub password: Option<String>,
}

/// What may be said to the owner of a host key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Everything, the password too.
    All,
    /// Everything but the password.
    NoPassword,
    /// Nothing: the conversation ends.
    Nothing,
}

/// Decides by a host key's fingerprint, `SHA256:…`.
pub type Judge = Box<dyn Fn(&str) -> Leave + Send>;

/// What is run, and what it reads.
#[derive(Debug, Clone, Copy)]
pub struct Errand<'a> {
    /// A constant command; nothing that somebody said stands in it.
    pub command: &'static str,
    /// Its standard input.
    pub input: &'a [u8],
    /// Most bytes that it may say.
    pub output_bytes_max: usize,
}

/// Longest times: for the connection, for keys and login, for the errand.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Until the connection stands.
    pub connect: Duration,
    /// From then until the login.
    pub login: Duration,
    /// From then until the program ended.
    pub work: Duration,
}

/// Why a conversation did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing listens.
    NoSsh,
    /// It hung up before it showed its key.
    Shut,
    /// It does not answer.
    Silent,
    /// Its key was not let pass.
    Untrusted,
    /// It knows neither the key nor the password.
    Refused,
    /// There is no key to log in with, and the password may not be said yet.
    NothingToSay,
    /// Something else, for people.
    Failed(String),
}

/// How a conversation went.
#[derive(Debug)]
pub struct Met {
    /// The fingerprint of the host key that was shown, if it came so far.
    pub key: Option<String>,
    /// What the program said.
    pub outcome: Result<Vec<u8>, Trouble>,
}

/// Talks to a machine once.
pub async fn talk(at: SocketAddr, login: &Login, judge: Judge, errand: Errand<'_>, deadlines: Deadlines) -> Met {
    let shown = Arc::new(OnceLock::new());
    let visitor = Visitor { judge, shown: Arc::clone(&shown) };
    let outcome = converse(at, login, visitor, errand, deadlines).await;
    Met { key: shown.get().map(|shown: &Shown| shown.key.clone()), outcome }
}

async fn converse(
    at: SocketAddr,
    login: &Login,
    visitor: Visitor,
    errand: Errand<'_>,
    deadlines: Deadlines,
) -> Result<Vec<u8>, Trouble> {
    let shown = Arc::clone(&visitor.shown);
    let stream = match timeout(deadlines.connect, TcpStream::connect(at)).await {
        Ok(connected) => connected.map_err(|error| unreachable(&error))?,
        Err(_elapsed) => return Err(Trouble::Silent),
    };
    // Without it every small packet waits for the answer to the one before.
    stream.set_nodelay(true).map_err(|error| failed(&error))?;
    let _line = Line::of(&stream).map_err(|error| failed(&error))?;
    let handle = match timeout(deadlines.login, enter(stream, visitor, login)).await {
        Ok(entered) => entered?,
        Err(_elapsed) if shown.get().is_none() => return Err(Trouble::Silent),
        Err(_elapsed) => return Err(late("log us in", deadlines.login)),
    };
    let said = timeout(deadlines.work, ask(&handle, errand)).await;
    let goodbye = handle.disconnect(Disconnect::ByApplication, "", "");
    // The line is cut anyway.
    let _is_polite = timeout(GOODBYE, goodbye).await.is_ok();
    said.unwrap_or_else(|_elapsed| Err(late("answer", deadlines.work)))
}

async fn enter(stream: TcpStream, visitor: Visitor, login: &Login) -> Result<Handle<Visitor>, Trouble> {
    let shown = Arc::clone(&visitor.shown);
    let connected = client::connect_stream(Arc::new(config()), stream, visitor).await;
    let mut handle = connected.map_err(|error| match (shown.get(), &error) {
        (Some(shown), _) if shown.leave == Leave::Nothing => Trouble::Untrusted,
        (None, Error::Disconnect | Error::HUP | Error::IO(_)) => Trouble::Shut,
        _ => failed(&error),
    })?;
    let may_say_password = shown.get().is_some_and(|shown| shown.leave == Leave::All);
    if let Some(key) = &login.key {
        let key = PrivateKeyWithHashAlg::new(key.private(), None);
        if is_in(handle.authenticate_publickey(&login.user, key).await)? {
            return Ok(handle);
        }
    }
    match &login.password {
        Some(password) if may_say_password => {
            let answer = handle.authenticate_password(&login.user, password).await;
            if is_in(answer)? { Ok(handle) } else { Err(Trouble::Refused) }
        }
        Some(_) if login.key.is_none() => Err(Trouble::NothingToSay),
        _ => Err(Trouble::Refused),
    }
}

/// Runs the program, hands it its input, and takes what it says.
async fn ask(handle: &Handle<Visitor>, errand: Errand<'_>) -> Result<Vec<u8>, Trouble> {
    let mut channel = handle.channel_open_session().await.map_err(|error| failed(&error))?;
    channel.exec(true, errand.command).await.map_err(|error| failed(&error))?;
    channel.data(errand.input).await.map_err(|error| failed(&error))?;
    channel.eof().await.map_err(|error| failed(&error))?;
    let mut output = Vec::new();
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Data { data }) => {
                if output.len() + data.len() > errand.output_bytes_max {
                    let most = errand.output_bytes_max / 1024;
                    return Err(Trouble::Failed(format!("it says more than {most} KiB")));
                }
                output.extend_from_slice(&data);
            }
            Some(ChannelMsg::Failure) => return Err(Trouble::Failed("it runs no program for this account".to_owned())),
            Some(ChannelMsg::Eof | ChannelMsg::Close) | None => return Ok(output),
            Some(_) => {}
        }
    }
}

fn config() -> client::Config {
    client::Config {
        window_size: WINDOW_BYTES,
        maximum_packet_size: PACKET_BYTES_MAX,
        channel_buffer_size: PACKETS_MAX,
        preferred: Preferred { key: Cow::Borrowed(KEYS), ..Preferred::DEFAULT },
        ..client::Config::default()
    }
}

/// A server that has had enough of tries hangs up instead of answering.
fn is_in(answer: Result<AuthResult, Error>) -> Result<bool, Trouble> {
    match answer {
        Ok(AuthResult::Success) => Ok(true),
        Ok(AuthResult::Failure { .. }) => Ok(false),
        Err(Error::Disconnect | Error::HUP | Error::RecvError | Error::SendError | Error::IO(_)) => {
            Err(Trouble::Refused)
        }
        Err(error) => Err(failed(&error)),
    }
}

fn unreachable(error: &std::io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::ConnectionRefused => Trouble::NoSsh,
        ErrorKind::ConnectionReset => Trouble::Shut,
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Trouble::Silent,
        _ => failed(error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Trouble {
    let text: String = error.to_string().chars().filter(|c| !c.is_control()).take(ERROR_CHARS_MAX).collect();
    Trouble::Failed(text)
}

fn late(what: &str, limit: Duration) -> Trouble {
    Trouble::Failed(format!("it did not {what} within {} s", limit.as_secs()))
}

/// Looks at the host key, and remembers what was decided.
struct Visitor {
    judge: Judge,
    shown: Arc<OnceLock<Shown>>,
}

struct Shown {
    key: String,
    leave: Leave,
}

impl client::Handler for Visitor {
    type Error = Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else { return Ok(false) };
        let key = key.fingerprint(HashAlg::Sha256).to_string();
        let decided = self.shown.get_or_init(|| Shown { leave: (self.judge)(&key), key: key.clone() });
        // When keys are made anew in the same conversation, it must be the same host.
        Ok(decided.leave != Leave::Nothing && decided.key == key)
    }
}

/// Cuts the connection when the conversation is over, however it ends: what reads it lives in a task of the library.
struct Line(Socket);

impl Line {
    fn of(stream: &TcpStream) -> std::io::Result<Self> {
        SockRef::from(stream).try_clone().map(Self)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // The other side may have gone first.
        let _is_cut = self.0.shutdown(Shutdown::Both).is_ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_made_is_read_back_and_is_ed25519() {
        let (made, text) = Key::make().unwrap();
        let read = Key::read(&text).unwrap();
        assert_eq!(made.public().unwrap(), read.public().unwrap());
        assert!(made.public().unwrap().starts_with("ssh-ed25519 AAAA"));
        assert_ne!(made.public().unwrap(), Key::make().unwrap().0.public().unwrap());
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_in_words() {
        let error = format!("{:#}", Key::read("ssh-ed25519 AAAA").err().unwrap());
        assert!(error.contains("no private key in the form of OpenSSH"), "{error}");
    }
}
