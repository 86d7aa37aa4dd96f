//! Writes the book from async code: one at a time, on a thread that may wait for the disk.
//!
//! Turns matter: a command's note and its end must not overtake each other.

use std::io;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Mutex as Turn;
use tokio::task::spawn_blocking;
use vigie_shared::id::CommandId;

use super::Notebook;
use super::book::{Book, Contents, Page};

/// The book's one writer. Clones share it.
#[derive(Clone)]
pub(super) struct Writer(Arc<Turn<Book>>);

impl Writer {
    pub(super) fn new(book: Book) -> Self {
        Self(Arc::new(Turn::new(book)))
    }

    /// Reads everything, at the start, when nobody else has the book yet.
    pub(super) fn read(&self) -> io::Result<Contents> {
        self.0.try_lock().map_err(io::Error::other)?.read()
    }

    pub(super) async fn page(&self, id: CommandId) -> Option<Page> {
        self.work(move |book| Ok(book.page(id))).await.ok().flatten()
    }

    pub(super) async fn write(&self, page: &Page) -> anyhow::Result<()> {
        let page = page.clone();
        self.work(move |book| book.write(&page)).await
    }

    pub(super) async fn forget(&self, id: CommandId) -> anyhow::Result<()> {
        self.work(move |book| book.forget(id)).await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Book) -> io::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let book = Arc::clone(&self.0).lock_owned().await;
        let done = spawn_blocking(move || work(&book)).await.context("work on the book of commands")?;
        done.context("write the book of commands")
    }
}

#[async_trait]
impl Notebook for Writer {
    async fn note(&self, command: CommandId, note: Value) -> anyhow::Result<()> {
        self.work(move |book| {
            let mut page = book.page(command).ok_or_else(|| io::Error::other("the command has no page"))?;
            page.note = Some(note);
            book.write(&page)
        })
        .await
    }
}
