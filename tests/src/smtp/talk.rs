//! One connection to the mail server: commands in, answers out, each letter as well or as badly as was decided for it.

use std::future::pending;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::mime::Mail;
use super::{Act, Privacy, Shared};

/// How a session ended.
enum Ended {
    /// The client left, or was left.
    Gone,
    /// The client wants TLS.
    Upgrade,
}

/// One client's session.
struct Session<'a, S> {
    stream: BufStream<S>,
    shared: &'a Shared,
    offers_tls: bool,
    is_known: bool,
    from: Option<String>,
    to: Option<String>,
    act: Act,
}

/// Answers until the client leaves or a letter ends the connection.
pub(super) async fn serve(
    stream: TcpStream,
    (privacy, acceptor): (Privacy, Option<TlsAcceptor>),
    shared: &Shared,
) -> io::Result<()> {
    let (Some(acceptor), true) = (acceptor, privacy != Privacy::None) else {
        return Session::new(stream, shared, false).run(true).await.map(drop);
    };
    let stream = if privacy == Privacy::Starttls {
        let mut session = Session::new(stream, shared, true);
        match session.run(true).await? {
            Ended::Gone => return Ok(()),
            Ended::Upgrade => session.stream.into_inner(),
        }
    } else {
        stream
    };
    let is_greeting = privacy == Privacy::Tls;
    Session::new(acceptor.accept(stream).await?, shared, false).run(is_greeting).await.map(drop)
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Session<'a, S> {
    fn new(stream: S, shared: &'a Shared, offers_tls: bool) -> Self {
        let is_known = shared.login.is_none();
        Self { stream: BufStream::new(stream), shared, offers_tls, is_known, from: None, to: None, act: Act::Take }
    }

    async fn run(&mut self, is_greeting: bool) -> io::Result<Ended> {
        if is_greeting {
            self.say("220 localhost ESMTP").await?;
        }
        while let Some(line) = self.line().await? {
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" | "HELO" => self.hello().await?,
                "STARTTLS" if self.offers_tls => {
                    self.say("220 go on").await?;
                    return Ok(Ended::Upgrade);
                }
                "AUTH" => self.auth(rest).await?,
                "MAIL" if self.offers_tls => self.say("530 5.7.0 begin TLS first").await?,
                "MAIL" if !self.is_known => self.say("530 5.7.0 log in first").await?,
                "MAIL" => {
                    self.act = self.shared.next_act();
                    if self.act == Act::GoodBye {
                        self.say("421 good-bye").await?;
                        return Ok(Ended::Gone);
                    }
                    self.from = Some(address(rest));
                    self.say("250 fine").await?;
                }
                "RCPT" => self.recipient(rest).await?,
                "DATA" => {
                    if !self.letter().await? {
                        return Ok(Ended::Gone);
                    }
                }
                "RSET" => {
                    (self.from, self.to) = (None, None);
                    self.say("250 forgotten").await?;
                }
                "NOOP" => self.say("250 fine").await?,
                "QUIT" => {
                    self.say("221 bye").await?;
                    return Ok(Ended::Gone);
                }
                _ => self.say("502 what?").await?,
            }
        }
        Ok(Ended::Gone)
    }

    async fn hello(&mut self) -> io::Result<()> {
        self.say("250-localhost").await?;
        if self.offers_tls {
            self.say("250-STARTTLS").await?;
        } else if self.shared.login.is_some() {
            self.say("250-AUTH PLAIN LOGIN").await?;
        }
        self.say("250 8BITMIME").await
    }

    async fn auth(&mut self, rest: &str) -> io::Result<()> {
        let given = rest.split_once(' ').and_then(|(_, text)| STANDARD.decode(text).ok()).unwrap_or_default();
        let wanted = self.shared.login.map(|(user, password)| format!("\0{user}\0{password}"));
        self.is_known = wanted.is_some_and(|wanted| wanted.as_bytes() == given);
        self.say(if self.is_known { "235 welcome" } else { "535 5.7.8 wrong name or password" }).await
    }

    async fn recipient(&mut self, rest: &str) -> io::Result<()> {
        let to = address(rest);
        if self.shared.unknown.contains(&to) {
            return self.say("550 5.1.1 no such user").await;
        }
        if self.act == Act::Greylist {
            return self.say("451 4.7.1 greylisted, come back later").await;
        }
        self.to = Some(to);
        self.say("250 fine").await
    }

    /// Takes a letter, or does what was decided; false ends the connection.
    async fn letter(&mut self) -> io::Result<bool> {
        let (Some(from), Some(to)) = (self.from.take(), self.to.take()) else {
            self.say("503 to whom?").await?;
            return Ok(true);
        };
        if self.act == Act::StallBeforeLetter {
            self.shared.change(|state| state.stalled += 1);
            pending::<()>().await;
        }
        self.say("354 go on").await?;
        let mut text = String::new();
        loop {
            let Some(line) = self.line().await? else { return Ok(false) };
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
            if self.act == Act::DropInLetter && text.len() > 1000 {
                return Ok(false);
            }
        }
        let mail = Mail { from, to, text };
        let take = || self.shared.change(|state| state.taken.push(mail.clone()));
        match self.act {
            Act::Postpone => self.say("452 4.3.1 no room now").await?,
            Act::RefuseContent => self.say("554 5.7.1 this looks like spam").await?,
            Act::DropBeforeWord => {
                take();
                return Ok(false);
            }
            Act::StallBeforeWord => {
                take();
                self.shared.change(|state| state.stalled += 1);
                pending::<()>().await;
            }
            Act::DropInLetter => return Ok(false),
            Act::Take | Act::Greylist | Act::StallBeforeLetter | Act::GoodBye => {
                take();
                self.say("250 taken").await?;
            }
        }
        Ok(true)
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let length = self.stream.read_line(&mut line).await?;
        Ok((length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// The address in `FROM:<a@b>`.
fn address(text: &str) -> String {
    let inside = text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(address, _)| address.to_owned())
}
