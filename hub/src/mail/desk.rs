//! Writes letters: news becomes one for each who wants to know, all of them kept in one transaction.

mod reset;
mod trial;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use tokio::sync::Notify;
use vigie_shared::clock::Clock;
use vigie_shared::units::ms;

pub use self::trial::TestError;
use super::config::{MailConfig, Recipient};
use super::letter::{Content, Kind, LetterName, NewLetter, Way};
use super::letters::storage::{Limits, MachineNow};
use super::letters::{Page, Reader, incident, storage};
use super::overrides::Overrides;
use super::pick::{Told, is_among, is_only_of_machines, needs_summary, picked};
use crate::alerts::news::{News, Notifier, Phase};
use crate::store::outbox::LetterFilter;
use crate::store::{Store, StoreError};
use crate::webhook::{self, WebhooksConfig};

/// Letters about one incident that are looked at: readers, each with all repetitions of some months.
const LETTERS_MAX: usize = 100_000;

/// Port: every machine as it was seen last.
#[async_trait]
pub trait Machines: Send + Sync {
    /// All of them, in any order.
    ///
    /// # Errors
    ///
    /// If they cannot be read; the news is told without them then.
    async fn machines(&self) -> anyhow::Result<Vec<MachineNow>>;
}

/// What the desk needs.
pub struct Parts {
    /// Where letters are kept.
    pub store: Arc<dyn Store>,
    /// The hub's clock.
    pub clock: Arc<dyn Clock>,
    /// What the owner set for mail.
    pub mail: MailConfig,
    /// What the owner set for programs.
    pub webhooks: WebhooksConfig,
    /// All machines; without, no storage summary is written.
    pub machines: Option<Arc<dyn Machines>>,
    /// Which of them the summary lists.
    pub limits: Limits,
}

/// Writes letters. Clones share it.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    parts: Parts,
    overrides: Overrides,
    wakes: BTreeMap<Way, Notify>,
}

impl Desk {
    /// Checks what the owner set and reads the templates.
    ///
    /// # Errors
    ///
    /// Words for people on the first thing that is wrong.
    pub fn new(parts: Parts) -> anyhow::Result<Self> {
        parts.mail.check().map_err(anyhow::Error::msg)?;
        parts.webhooks.check().map_err(anyhow::Error::msg)?;
        let overrides = parts.mail.templates.as_deref().map(Overrides::read).transpose()?.unwrap_or_default();
        let wakes = Way::ALL.into_iter().map(|way| (way, Notify::new())).collect();
        Ok(Self(Arc::new(Inner { parts, overrides, wakes })))
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    /// The server that takes mail, if the owner named one.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.0.parts.mail.server.as_deref()
    }

    /// Where people reach the dashboard, if the owner said so.
    #[must_use]
    pub fn dashboard(&self) -> Option<&str> {
        self.0.parts.mail.dashboard.as_deref()
    }

    /// Called when letters of a way are to be looked at.
    pub(super) async fn called(&self, way: Way) {
        match self.0.wakes.get(&way) {
            Some(wake) => wake.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Letters are to be looked at soon: there are new ones, or a person changed one.
    pub fn wake(&self) {
        self.0.wakes.values().for_each(Notify::notify_one);
    }

    /// Keeps letters, all or none, and has them sent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`]; none was kept.
    pub async fn put(&self, letters: &[NewLetter]) -> Result<usize, StoreError> {
        let added = self.0.parts.store.put_letters(letters).await?;
        self.wake();
        Ok(added)
    }

    /// Has a letter tried again, at once and until a whole new time is over; false if it cannot be.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn retry(&self, no: i64) -> Result<bool, StoreError> {
        let now_ms = self.0.parts.clock.wall_ms();
        let is_moved = self.0.parts.store.retry_letter(no, (now_ms, self.expires_ms(now_ms))).await?;
        self.wake();
        Ok(is_moved)
    }

    /// Who reads at an address.
    #[must_use]
    pub fn reader(&self, recipient: &Recipient) -> Reader {
        let mail = &self.0.parts.mail;
        Reader {
            address: recipient.address.address(),
            lang: recipient.lang.unwrap_or(mail.lang),
            zone: mail.zone_of(recipient.zone.as_deref()),
            dashboard: mail.dashboard.clone(),
        }
    }

    /// A letter by mail that is not kept yet.
    ///
    /// # Errors
    ///
    /// If it cannot be laid out.
    pub fn letter(&self, page: Page, (about, number): (&str, u32), reader: &Reader) -> anyhow::Result<NewLetter> {
        let kind = page.kind;
        let content = page.content(reader, &self.0.overrides)?;
        Ok(self.new_letter(Way::Mail, kind, (about, number, &reader.address), content))
    }

    fn new_letter(
        &self,
        way: Way,
        kind: Kind,
        (about, number, reader): (&str, u32, &str),
        content: Content,
    ) -> NewLetter {
        let created_ms = self.0.parts.clock.wall_ms();
        let name = LetterName { way, kind, about: about.to_owned(), number, reader: reader.to_owned() };
        NewLetter { name, content, thread: None, created_ms, expires_ms: self.expires_ms(created_ms) }
    }

    fn expires_ms(&self, now_ms: i64) -> i64 {
        now_ms.saturating_add(ms(self.0.parts.mail.expire_after))
    }

    /// Letters to people on one piece of news.
    async fn mails(&self, news: &News, told: &Told) -> anyhow::Result<Vec<NewLetter>> {
        let mut letters = Vec::new();
        if self.0.parts.mail.server.is_none() {
            return Ok(letters);
        }
        for recipient in &self.0.parts.mail.recipients {
            let Some(news) = picked(news, &recipient.sites, recipient.severity_min) else { continue };
            let reader = self.reader(recipient);
            let first = told.first(Way::Mail, &reader.address);
            if news.phase == Phase::Closed && first.is_none() {
                continue;
            }
            let about = (news.incident.as_str(), news.number);
            let pages = self.pages(&news, (recipient, &reader), told).await;
            for page in pages {
                letters.push(NewLetter { thread: first.clone(), ..self.letter(page, about, &reader)? });
            }
        }
        Ok(letters)
    }

    /// What one reader is written of one piece of news.
    async fn pages(&self, news: &News, (recipient, reader): (&Recipient, &Reader), told: &Told) -> Vec<Page> {
        let machines = if needs_summary(news, told, &reader.address) { self.machines().await } else { None };
        let Some(mut machines) = machines else { return vec![incident::page(news, reader)] };
        machines.retain(|machine| is_among(machine.site.as_ref(), &recipient.sites));
        let mut pages = vec![storage::page(&machines, self.0.parts.limits, reader)];
        // Said once: the summary names the same machines, and more.
        if !is_only_of_machines(news) {
            pages.push(incident::page(news, reader));
        }
        pages
    }

    async fn machines(&self) -> Option<Vec<MachineNow>> {
        let machines = self.0.parts.machines.as_ref()?.machines().await;
        machines.inspect_err(|error| tracing::warn!("the storage summary is not written: {error:#}")).ok()
    }

    /// Letters to programs on one piece of news.
    fn calls(&self, news: &News, told: &Told) -> Vec<NewLetter> {
        let mut letters = Vec::new();
        for target in &self.0.parts.webhooks.targets {
            let Some(news) = picked(news, &target.sites, target.severity_min) else { continue };
            if news.phase == Phase::Closed && told.first(Way::Webhook, &target.name).is_none() {
                continue;
            }
            let body = webhook::payload(&news);
            let content = Content { subject: webhook::subject(&news), text: body.to_string(), html: String::new() };
            let about = (news.incident.as_str(), news.number, target.name.as_str());
            letters.push(self.new_letter(Way::Webhook, Kind::Incident, about, content));
        }
        letters
    }

    /// What was told of an incident before this news.
    async fn told(&self, news: &News) -> Result<Told, StoreError> {
        let filter = LetterFilter { about: Some(news.incident.clone()), ..LetterFilter::default() };
        let letters = self.0.parts.store.letters(&filter, None, LETTERS_MAX).await?;
        Ok(Told::before(news.number, letters.into_iter().rev().map(|letter| letter.name)))
    }
}

#[async_trait]
impl Notifier for Desk {
    async fn tell(&self, news: &News) -> anyhow::Result<()> {
        let told = self.told(news).await?;
        let mut letters = self.mails(news, &told).await?;
        letters.extend(self.calls(news, &told));
        let added = self.put(&letters).await.context("keep the letters on an incident")?;
        tracing::info!(
            incident = news.incident,
            number = news.number,
            letters = added,
            "people are told of an incident"
        );
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
