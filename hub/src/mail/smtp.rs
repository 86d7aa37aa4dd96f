//! Adapter: mail by SMTP. The only place that names its library.
//!
//! Each letter is said command by command, so that it is known how far it came: before its last byte a failure means that
//! nobody has it, behind it only the server knows.

use std::fmt::Display;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{MultiPart, SinglePart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters, TlsVersion};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};

use super::address::Mailbox;
use super::carrier::{Carrier, Round, Unreachable};
use super::config::{MailConfig, Security};
use super::letter::Letter;
use super::queue::Posted;
use crate::store::Store;

/// The name of the sealed password.
pub const SECRET: &str = "smtp";

/// Longest wait for the server's word that it took a letter: it may look for viruses first (RFC 5321, 4.5.3.2.6).
const TAKEN_WITHIN: Duration = Duration::from_secs(10 * 60);

/// Brings mail to the owner's server.
pub struct Smtp {
    config: MailConfig,
    store: Arc<dyn Store>,
}

impl Smtp {
    /// Will bring mail to the server of a configuration that was checked.
    #[must_use]
    pub fn new(config: MailConfig, store: Arc<dyn Store>) -> Self {
        Self { config, store }
    }

    async fn connect(&self, server: &str, from: &Mailbox) -> Result<AsyncSmtpConnection, Unreachable> {
        let (config, limit) = (&self.config, self.config.timeout);
        let place = format!("{server}:{}", config.port());
        let failed = |what: &str, error: &Error| Unreachable(format!("{place}: {what}: {}", said(error)));
        let late = |what: &str| Unreachable(format!("{place}: {what}: no answer within {} s", limit.as_secs()));
        let tls = match config.security {
            Security::None => None,
            Security::Starttls | Security::Tls => {
                let tls = tls(server, config.ca_file.as_deref()).await;
                Some(tls.map_err(|error| Unreachable(format!("{place}: prepare TLS: {error:#}")))?)
            }
        };
        let hello = ClientId::Domain(from.domain().to_owned());
        let at_once = tls.clone().filter(|_| config.security == Security::Tls);
        let greeted = AsyncSmtpConnection::connect_tokio1((server, config.port()), Some(limit), &hello, at_once, None);
        let greeted = within(limit, greeted).await.ok_or_else(|| late("connect"))?;
        let mut connection = greeted.map_err(|error| failed("connect", &error))?;
        if config.security == Security::Starttls {
            let tls = tls.ok_or_else(|| late("prepare TLS"))?;
            let secured = within(limit, connection.starttls(tls, &hello)).await.ok_or_else(|| late("begin TLS"))?;
            secured.map_err(|error| failed("begin TLS", &error))?;
        }
        if let Some(user) = &config.user {
            let password = self.password().await.map_err(|error| Unreachable(format!("{place}: {error:#}")))?;
            let credentials = Credentials::new(user.clone(), password);
            let login = within(limit, connection.auth(DEFAULT_MECHANISMS, &credentials)).await;
            let login = login.ok_or_else(|| late("log in"))?;
            login.map_err(|error| failed(&format!("log in as {user}"), &error))?;
        }
        Ok(connection)
    }

    async fn password(&self) -> anyhow::Result<String> {
        let text = match &self.config.password_file {
            Some(file) => tokio::fs::read_to_string(file)
                .await
                .with_context(|| format!("read mail.password_file {}", file.display()))?,
            None => {
                let sealed = self.store.letter_secret(SECRET).await?;
                sealed.context("there is no password: set mail.password_file, or run `vigie-hub mail secret smtp`")?
            }
        };
        Ok(password(&text))
    }
}

/// A password as it was written down. Those that Google makes for programs are shown in four blocks, and meant as one.
fn password(text: &str) -> String {
    let text = text.trim_matches(['\r', '\n']);
    let blocks: Vec<&str> = text.split_whitespace().collect();
    let is_of_google = blocks.len() == 4
        && blocks.iter().all(|block| block.len() == 4 && block.chars().all(|c| c.is_ascii_lowercase()));
    if is_of_google { blocks.concat() } else { text.to_owned() }
}

async fn tls(server: &str, ca_file: Option<&Path>) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(server.to_owned()).set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(file) = ca_file {
        let what = || format!("read mail.ca_file {}", file.display());
        let pem = tokio::fs::read(file).await.with_context(what)?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).with_context(what)?);
    }
    builder.build_rustls().context("are the system's root certificates installed (ca-certificates)?")
}

#[async_trait]
impl Carrier for Smtp {
    async fn set_out(&self) -> Result<Box<dyn Round>, Unreachable> {
        let (Some(server), Some(from)) = (&self.config.server, &self.config.from) else {
            return Err(Unreachable("mail.server or mail.from is missing in hub.toml".to_owned()));
        };
        let connection = self.connect(server, from).await?;
        let (from, limit) = (from.clone(), self.config.timeout);
        Ok(Box::new(Talk { connection, from, limit, is_fresh: true, is_broken: false }))
    }
}

/// One connection, which brings several letters.
struct Talk {
    connection: AsyncSmtpConnection,
    from: Mailbox,
    limit: Duration,
    /// Nothing was said that would have to be taken back.
    is_fresh: bool,
    /// Nothing more can be said.
    is_broken: bool,
}

#[async_trait]
impl Round for Talk {
    async fn post(&mut self, letter: &Letter) -> Posted {
        let message = match message(letter, &self.from) {
            Ok(message) => message,
            Err(error) => return Posted::Refused(format!("{error:#}")),
        };
        match self.say(&message).await {
            Ok(posted) | Err(posted) => posted,
        }
    }

    fn is_broken(&self) -> bool {
        self.is_broken
    }

    async fn end(mut self: Box<Self>) {
        if !self.is_broken {
            // Everything that mattered was answered.
            drop(within(self.limit, self.connection.quit()).await);
        }
    }
}

impl Talk {
    /// Says one letter; how far it came if that is not to its end.
    async fn say(&mut self, message: &Message) -> Result<Posted, Posted> {
        let envelope = message.envelope().clone();
        let (from, to) = (envelope.from().cloned(), envelope.to().first().cloned());
        let to = to.ok_or_else(|| Posted::Refused("it has no recipient".to_owned()))?;
        if !std::mem::replace(&mut self.is_fresh, false) {
            self.step(Rset, "take the last letter back").await.map_err(Failure::of_all)?;
        }
        self.step(Mail::new(from, Vec::new()), "say who writes").await.map_err(Failure::of_all)?;
        self.step(Rcpt::new(to, Vec::new()), "say to whom").await.map_err(Failure::of_one)?;
        self.step(Data, "begin the letter").await.map_err(Failure::of_all)?;
        let Some(taken) = within(TAKEN_WITHIN, self.connection.message(&message.formatted())).await else {
            self.is_broken = true;
            return Err(Posted::Unclear("the server did not say within ten minutes whether it took it".to_owned()));
        };
        match taken {
            Ok(_) => Ok(Posted::Taken),
            Err(error) if error.is_permanent() => Err(Posted::Refused(said(&error))),
            Err(error) if error.is_transient() => Err(Posted::NotYet(said(&error))),
            Err(error) => {
                self.is_broken = true;
                Err(Posted::Unclear(format!("the connection broke before the server's word: {}", said(&error))))
            }
        }
    }

    /// One command before the letter itself: whatever happens, nobody has the letter.
    async fn step(&mut self, command: impl Display, what: &str) -> Result<(), Failure> {
        let Some(answer) = within(self.limit, self.connection.command(command)).await else {
            self.is_broken = true;
            let text = format!("{what}: no answer within {} s", self.limit.as_secs());
            return Err(Failure { text, is_permanent: false });
        };
        answer.map(drop).map_err(|error| {
            // 421 is a server's good-bye.
            self.is_broken = error.status().is_none_or(|code| code.to_string() == "421");
            Failure { text: format!("{what}: {}", said(&error)), is_permanent: error.is_permanent() }
        })
    }
}

/// Why a command did not do what it should.
struct Failure {
    text: String,
    is_permanent: bool,
}

impl Failure {
    /// It says nothing of this letter: whoever mends it has all of them sent.
    fn of_all(self) -> Posted {
        Posted::NotYet(self.text)
    }

    /// It is about this letter's reader.
    fn of_one(self) -> Posted {
        if self.is_permanent { Posted::Refused(self.text) } else { Posted::NotYet(self.text) }
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// What the server, or the network, said.
fn said(error: &Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    match (error.status(), source) {
        (Some(code), Some(text)) => format!("the server said {code} {text}"),
        (Some(code), None) => format!("the server said {code}"),
        (None, Some(text)) if error.is_tls() => format!("TLS: {text}"),
        (None, Some(text)) => text,
        (None, None) => error.to_string(),
    }
}

/// The letter as it travels; the same bytes each time, so that a repetition is one.
///
/// # Errors
///
/// If an address is none.
pub fn eml(letter: &Letter, from: &Mailbox) -> anyhow::Result<Vec<u8>> {
    Ok(message(letter, from)?.formatted())
}

fn message(letter: &Letter, from: &Mailbox) -> anyhow::Result<Message> {
    let to: Mailbox = letter.name.reader.parse().map_err(anyhow::Error::msg).context("read the recipient's address")?;
    let id = |mark: &str| format!("<{mark}@{}>", from.domain());
    let mark = letter.name.mark();
    let written = Duration::from_millis(u64::try_from(letter.created_ms).unwrap_or(0));
    let mut builder = Message::builder()
        .from(mailbox(from)?)
        .to(mailbox(&to)?)
        .subject(letter.content.subject.clone())
        .date(UNIX_EPOCH + written)
        .message_id(Some(id(&mark)))
        // Absence notes must not answer to a program (RFC 3834).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    if let Some(thread) = &letter.thread {
        builder = builder.in_reply_to(id(thread)).references(id(thread));
    }
    let parts = MultiPart::alternative()
        .boundary(format!("vigie-{mark}"))
        .singlepart(SinglePart::plain(letter.content.text.clone()))
        .singlepart(SinglePart::html(letter.content.html.clone()));
    builder.multipart(parts).context("put the letter together")
}

fn mailbox(one: &Mailbox) -> anyhow::Result<lettre::message::Mailbox> {
    let Ok(address) = Address::new(one.local(), one.domain()) else { bail!("`{one}` is no address") };
    Ok(lettre::message::Mailbox::new(one.name().map(str::to_owned), address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::queue::tests::new;

    fn letter() -> Letter {
        new("i", 2, "anna@example.org").into_letter(1)
    }

    fn text(letter: &Letter) -> String {
        let from = "Vigie <vigie@example.org>".parse().unwrap();
        String::from_utf8(eml(letter, &from).unwrap()).unwrap()
    }

    #[test]
    fn a_letter_says_who_it_is_the_same_each_time() {
        let mut first = letter();
        first.thread = Some("abc".to_owned());
        first.content.subject = "Clos : Rennes".to_owned();

        let text = text(&first);

        assert_eq!(text, self::text(&first), "a repetition has the same bytes");
        let mark = first.name.mark();
        for header in [
            "From: Vigie <vigie@example.org>",
            "To: anna@example.org",
            "Subject: Clos : Rennes",
            "Auto-Submitted: auto-generated",
            "In-Reply-To: <abc@example.org>",
            "References: <abc@example.org>",
            &format!("Message-ID: <{mark}@example.org>"),
            "multipart/alternative",
        ] {
            assert!(text.contains(header), "{header} in\n{text}");
        }
    }

    #[test]
    fn no_subject_makes_a_header_of_its_own() {
        let mut one = letter();
        one.content.subject = "a\r\nBcc: all@example.org\r\n\r\nb".to_owned();
        let text = text(&one);
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().all(|line| !line.to_ascii_lowercase().starts_with("bcc")), "{head}");
    }

    #[test]
    fn a_password_of_google_loses_its_blanks_and_others_keep_them() {
        assert_eq!(password("abcd efgh ijkl mnop\n"), "abcdefghijklmnop");
        assert_eq!(password("correct horse battery staple\n"), "correct horse battery staple");
        assert_eq!(password("s3 cret\r\n"), "s3 cret");
    }
}
