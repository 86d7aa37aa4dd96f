//! Answers whoever asks a running agent how it is: the command line at the socket, and the local page.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::Value;
use vigie_shared::clock::Clock;
use vigie_shared::wire::Lane;

use crate::commands::book::{Book, Page};
use crate::config::AgentConfig;
use crate::control::{Answering, Ask};
use crate::identity::{Identity, UNREGISTERED};
use crate::journal::Journal;
use crate::journal::answers::{self, Pieces};
use crate::local_page::Source;
use crate::local_page::facts::{Facts, Found, Work};
use crate::privileged::{SOFTWARE_FOLDER, trial};
use crate::space;
use crate::status::{Board, Status};
use crate::terminals::{AskError, Terminals};

/// Everything that answers come from.
pub(crate) struct Reception {
    pub(crate) config: AgentConfig,
    pub(crate) journal: Journal,
    pub(crate) board: Board,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) collectors: Vec<String>,
    pub(crate) terminals: Terminals,
}

#[async_trait]
impl Answering for Reception {
    async fn answer(&self, ask: Ask, pieces: &mut dyn Pieces) -> anyhow::Result<Value> {
        let journal = &self.journal;
        match ask {
            Ask::Status => Ok(serde_json::to_value(self.status())?),
            Ask::QueueStatus => Ok(serde_json::to_value(answers::status(journal))?),
            Ask::QueueVerify => Ok(serde_json::to_value(answers::verify(journal, &mut |_, _| {}).await?)?),
            Ask::QueueExport => {
                let identity = Identity::load(&self.config.identity_folder())?.context(UNREGISTERED)?;
                let signing = identity.signing()?;
                Ok(serde_json::to_value(answers::export(journal, identity.author(&*signing)?, pieces).await?)?)
            }
            Ask::Terminals => {
                anyhow::ensure!(self.terminals.is_on(), AskError::Off);
                Ok(serde_json::to_value(self.terminals.list())?)
            }
            Ask::AdmitTerminal { serial, is_admitted } => {
                self.terminals.admit(&serial, is_admitted).await?;
                Ok(Value::Null)
            }
            Ask::QueueDrop { lane, through } => {
                Ok(serde_json::to_value(answers::discard(journal, lane, through).await?)?)
            }
        }
    }
}

impl Source for Reception {
    fn facts(&self) -> Facts {
        let found = Found { too_little_room: self.too_little_room(), damaged: self.damaged(), work: self.work() };
        Facts::new(self.status(), self.config.hub.enabled, found, self.clock.wall_ms())
    }
}

impl Reception {
    fn status(&self) -> Status {
        let identity = Identity::load(&self.config.identity_folder()).ok().flatten();
        Status {
            version: crate::VERSION.to_owned(),
            site: identity.as_ref().map(|identity| identity.site.clone()),
            hub: identity.map(|identity| identity.hub),
            link: self.board.link(),
            lanes: self.journal.depths(),
            is_clock_synced: self.clock.stamp().is_synced,
            collectors: self.collectors.clone(),
            terminals: self.terminals.count(),
        }
    }

    /// Free bytes under the queue, if the queue would leave them to others.
    fn too_little_room(&self) -> Option<u64> {
        space::free_bytes(&self.config.data).ok().filter(|free| *free < self.config.queue.free_bytes_min)
    }

    /// Lanes of which damaged remains lie aside.
    fn damaged(&self) -> Vec<Lane> {
        let has_remains = |lane: &Lane| {
            let entries = std::fs::read_dir(self.config.queue_folder().join(lane.as_str()));
            entries
                .into_iter()
                .flatten()
                .flatten()
                .any(|entry| entry.file_name().as_encoded_bytes().starts_with(b"corrupt-"))
        };
        Lane::ALL.into_iter().filter(has_remains).collect()
    }

    /// What a power cut would spoil: commands that were begun, a version that has not proved itself.
    fn work(&self) -> Vec<Work> {
        let book = Book::open(self.config.book_folder()).and_then(|book| book.read());
        let begun = |page: &Page| page.outcome.is_none();
        let name = |page: Page| {
            let name = page
                .command()
                .map_or_else(|_unreadable| page.header.id.to_string(), |command| command.kind.name().to_owned());
            Work::Command { name }
        };
        let commands = book.map(|contents| contents.pages).unwrap_or_default().into_iter().filter(begun).map(name);
        let trial = trial::trial(SOFTWARE_FOLDER.as_ref()).map(|trial| Work::Trial { version: trial.version });
        commands.chain(trial).collect()
    }
}
