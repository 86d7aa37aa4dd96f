//! Letters with invented facts, for those who want to see that mail works.

use anyhow::Context as _;
use vigie_shared::id::{random_bytes, to_hex};

use super::{Desk, LETTERS_MAX};
use crate::mail::address::Mailbox;
use crate::mail::config::Recipient;
use crate::mail::letter::{Kind, Letter, NewLetter};
use crate::mail::letters::{Reader, samples};
use crate::store::StoreError;
use crate::store::outbox::LetterFilter;

/// Why somebody gets nothing from a test.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// The owner has to set something, or the request is wrong.
    #[error("{0}")]
    Refused(String),
    /// A letter cannot be written.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
    /// It cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk {
    /// Writes samples to somebody, or to all recipients if to nobody in particular; those of that name, or all of them.
    /// Returns them, newest first.
    ///
    /// # Errors
    ///
    /// [`TestError`].
    pub async fn test(&self, to: Option<&str>, template: Option<&str>) -> Result<Vec<Letter>, TestError> {
        let mail = &self.0.parts.mail;
        if mail.server.is_none() {
            let text = "no mail is sent: set `server`, `from` and `recipients` under [mail] in hub.toml";
            return Err(TestError::Refused(text.to_owned()));
        }
        let recipients = match to {
            Some(to) => {
                let address: Mailbox = to.parse().map_err(TestError::Refused)?;
                let is_known = |known: &&Recipient| known.address.address() == address.address();
                vec![mail.recipients.iter().find(is_known).cloned().unwrap_or_else(|| Recipient::new(address))]
            }
            None => mail.recipients.clone(),
        };
        if recipients.is_empty() {
            return Err(TestError::Refused("nobody to write to: name an address, or set mail.recipients".to_owned()));
        }
        let about = format!("test-{}", to_hex(&random_bytes::<8>()));
        let mut letters = Vec::new();
        for recipient in &recipients {
            let reader = self.reader(recipient);
            for (name, number) in samples::NAMES.into_iter().zip(1..) {
                if template.is_none_or(|wanted| wanted == name) {
                    letters.push(self.sample(name, (&about, number), &reader)?);
                }
            }
        }
        if letters.is_empty() {
            return Err(TestError::Refused(format!(
                "there is no such template; there are {}",
                samples::NAMES.join(", ")
            )));
        }
        self.put(&letters).await?;
        let filter = LetterFilter { about: Some(about), ..LetterFilter::default() };
        Ok(self.0.parts.store.letters(&filter, None, LETTERS_MAX).await?)
    }

    /// A sample; marked in its subject, so that nobody takes it for news.
    ///
    /// # Errors
    ///
    /// If there is none of that name, or it cannot be laid out.
    pub fn sample(&self, name: &str, about: (&str, u32), reader: &Reader) -> anyhow::Result<NewLetter> {
        let at_ms = self.0.parts.clock.wall_ms();
        let mut page = samples::page(name, reader, at_ms).with_context(|| format!("there is no template `{name}`"))?;
        page.subject = format!("[{}] {}", reader.say("Essai", "Test"), page.subject);
        let mut letter = self.letter(page, about, reader)?;
        letter.name.kind = Kind::Test;
        Ok(letter)
    }
}
