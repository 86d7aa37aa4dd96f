//! What a running command may say: how far it is, and what it must remember through a restart.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use vigie_shared::id::CommandId;
use vigie_shared::wire::Live;

use crate::collectors::Outlet;

/// Where a command's notes survive a restart.
#[async_trait]
pub trait Notebook: Send + Sync {
    /// Keeps the note in place of an earlier one; it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    async fn note(&self, command: CommandId, note: Value) -> anyhow::Result<()>;
}

/// A command that runs.
#[derive(Clone)]
pub struct Underway {
    id: CommandId,
    outlet: Arc<dyn Outlet>,
    notebook: Arc<dyn Notebook>,
}

impl Underway {
    /// A command that begins.
    #[must_use]
    pub fn new(id: CommandId, outlet: Arc<dyn Outlet>, notebook: Arc<dyn Notebook>) -> Self {
        Self { id, outlet, notebook }
    }

    /// Which command.
    #[must_use]
    pub fn id(&self) -> CommandId {
        self.id
    }

    /// Says what the command is doing.
    pub fn stage(&self, stage: impl Into<String>) {
        self.tell(stage.into(), None, None);
    }

    /// Says how many bytes of how many are moved. Call it a few times a second at most.
    pub fn bytes(&self, stage: impl Into<String>, done: u64, total: Option<u64>) {
        let permille = total.filter(|total| *total > 0).map(|total| {
            let permille = u128::from(done.min(total)) * 1_000 / u128::from(total);
            u16::try_from(permille).unwrap_or(1_000)
        });
        self.tell(stage.into(), permille, Some(done));
    }

    /// Keeps a note through a restart, in place of an earlier one: [`super::Act::settle`] gets it back. Note what
    /// comes next *before* doing it.
    ///
    /// # Errors
    ///
    /// Those of the disk; then do not go on.
    pub async fn note(&self, note: Value) -> anyhow::Result<()> {
        self.notebook.note(self.id, note).await
    }

    fn tell(&self, stage: String, permille: Option<u16>, done_bytes: Option<u64>) {
        self.outlet.live(Live::Progress { command: self.id, stage, permille, done_bytes });
    }
}
