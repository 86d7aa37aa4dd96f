//! The door for what comes by a stick: batch after batch, then a wait until all of it is on disk.

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use vigie_shared::id::SiteId;
use vigie_shared::wire::{Lane, LaneHello};

use super::Driver;
use crate::ingest::import::{ImportRefused, ImportTerms, Judged, Taken};

/// Questions that wait. Each import asks one after the other.
const REQUESTS_MAX: usize = 16;

/// Why an import cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// What came does not fit.
    #[error(transparent)]
    Refused(#[from] ImportRefused),
    /// The store could not say what it holds; try again.
    #[error("the store could not say what it holds; what was taken before is safe, import the file again")]
    Store,
    /// The hub ends.
    #[error("the hub is stopping; what was not stored yet is still in the file, import it again")]
    Stopping,
}

/// Hands in what came by a stick. Clones share the door.
#[derive(Clone)]
pub struct Importer(mpsc::Sender<Request>);

type Reply<T> = oneshot::Sender<Result<T, ImportError>>;

pub(super) enum Request {
    Lane { site: SiteId, lane: LaneHello, reply: Reply<()> },
    Batch { site: SiteId, lane: Lane, payload: Bytes, terms: (u64, bool), reply: Reply<Taken> },
    Settle(oneshot::Sender<()>),
}

impl Importer {
    /// Compares what a stick says of a lane with what is held.
    ///
    /// # Errors
    ///
    /// Every [`ImportError`].
    pub async fn lane(&self, site: &SiteId, lane: LaneHello) -> Result<(), ImportError> {
        let site = site.clone();
        self.ask(|reply| Request::Lane { site, lane, reply }).await?
    }

    /// Hands in a batch that stands behind `behind` on its stick; `is_dry` only says what would become of it.
    ///
    /// # Errors
    ///
    /// Every [`ImportError`].
    pub async fn batch(
        &self,
        site: &SiteId,
        lane: Lane,
        payload: Bytes,
        (behind, is_dry): (u64, bool),
    ) -> Result<Taken, ImportError> {
        let (site, terms) = (site.clone(), (behind, is_dry));
        self.ask(|reply| Request::Batch { site, lane, payload, terms, reply }).await?
    }

    /// Waits until everything handed in before is on disk.
    ///
    /// # Errors
    ///
    /// [`ImportError::Stopping`].
    pub async fn settle(&self) -> Result<(), ImportError> {
        self.ask(Request::Settle).await
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, ImportError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(request(reply)).await.map_err(|_ended| ImportError::Stopping)?;
        answer.await.map_err(|_ended| ImportError::Stopping)
    }
}

/// The driver's side of the door.
#[derive(Default)]
pub(super) struct Imports {
    requests: Option<mpsc::Receiver<Request>>,
    /// Whoever waits for what the next commit holds.
    collecting: Vec<oneshot::Sender<()>>,
    /// Whoever waits for what is being committed.
    committing: Vec<oneshot::Sender<()>>,
}

impl Imports {
    pub(super) fn door(&mut self) -> Importer {
        let (send, receive) = mpsc::channel(REQUESTS_MAX);
        self.requests = Some(receive);
        Importer(send)
    }

    /// The next request; for ever if nobody can ask.
    pub(super) async fn next(&mut self) -> Option<Request> {
        match &mut self.requests {
            Some(requests) => requests.recv().await,
            None => std::future::pending().await,
        }
    }

    pub(super) fn begin_commit(&mut self, has_group: bool) {
        let waiting = std::mem::take(&mut self.collecting);
        if has_group {
            self.committing = waiting;
        } else {
            tell(waiting);
        }
    }

    /// After a commit; if it failed for good, whoever waits hears that by its end.
    pub(super) fn end_commit(&mut self, is_done: bool) {
        let waiting = std::mem::take(&mut self.committing);
        if is_done {
            tell(waiting);
        }
    }
}

fn tell(waiting: Vec<oneshot::Sender<()>>) {
    for reply in waiting {
        // Whoever asked may be gone.
        reply.send(()).unwrap_or_default();
    }
}

impl Driver {
    pub(super) async fn take_import(&mut self, request: Request) {
        match request {
            Request::Lane { site, lane, reply } => drop(reply.send(self.import_lane(&site, &lane).await)),
            Request::Batch { site, lane, payload, terms: (behind, is_dry), reply } => {
                let terms = ImportTerms { behind, is_dry, now_ms: self.parts.clock.wall_ms() };
                drop(reply.send(self.import_batch(&site, lane, &payload, terms).await));
                self.report();
            }
            Request::Settle(reply) => self.imports.collecting.push(reply),
        }
    }

    async fn import_lane(&mut self, site: &SiteId, lane: &LaneHello) -> Result<(), ImportError> {
        loop {
            match self.ingest.on_import_lane(site, lane) {
                Judged::Ask(check) if !self.ask(check.clone()).await => return Err(ImportError::Store),
                Judged::Ask(_) => {}
                Judged::Done(()) => return Ok(()),
                Judged::Refused(refused) => return Err(refused.into()),
            }
        }
    }

    async fn import_batch(
        &mut self,
        site: &SiteId,
        lane: Lane,
        payload: &Bytes,
        terms: ImportTerms,
    ) -> Result<Taken, ImportError> {
        loop {
            match self.ingest.on_import(site, lane, payload, terms) {
                Judged::Ask(check) if !self.ask(check.clone()).await => return Err(ImportError::Store),
                Judged::Ask(_) => {}
                Judged::Done(taken) => return Ok(taken),
                Judged::Refused(refused) => return Err(refused.into()),
            }
        }
    }
}
