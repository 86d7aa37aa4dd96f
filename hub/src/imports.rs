//! Imports: what a box wrote on a stick comes in by the same ingest as what it sends.
//!
//! The file is judged from its first piece, before anything of it is taken: sealed for this hub, signed by a box of it
//! that still counts. Then piece after piece opens and is handed in; a file that was cut off or damaged gives what is
//! whole, and the report says that the rest is missing. A lane that does not fit what is held is left out, the others
//! come in. Importing again is harmless.

pub mod presence;
pub mod smartelia;
pub mod tm20;

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::Semaphore;
use vigie_shared::export::{Cover, ExportError, Sheet, SignedCover, Splitter};
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::seal::Channel;
use vigie_shared::wire::Lane;

use crate::ingest::driver::{ImportError, Importer};
use crate::pki::{AuthorError, Pki};
use crate::store::{Sites, StoreError};

/// Imports at the same time: each holds a piece in memory, and they share one disk.
const IMPORTS_MAX: usize = 2;

/// A file's bytes as they come.
pub type Content = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// How to import.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms {
    /// Say what would come in; take nothing.
    pub is_dry: bool,
    /// Take it from a box that was revoked, too.
    pub is_forced: bool,
}

/// What came in, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whose records.
    pub site: SiteId,
    /// When the file was made by the box's clock, milliseconds since 1970 UTC.
    pub made_ms: i64,
    /// One entry per lane of the file.
    pub lanes: Vec<LaneReport>,
    /// Why the rest of the file was not read; none if it was read to its end.
    pub trouble: Option<String>,
}

/// What came in of one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneReport {
    /// Which lane.
    pub lane: Lane,
    /// Records that the hub did not hold.
    pub new: u64,
    /// Records that it held already.
    pub held: u64,
    /// Positions that the box no longer had either, newly known as a gap.
    pub lost: u64,
    /// Why the rest of the lane was not taken.
    pub refused: Option<String>,
    queue: QueueId,
    behind: u64,
}

impl LaneReport {
    /// Nothing came in yet.
    #[must_use]
    pub fn new(lane: Lane, queue: QueueId) -> Self {
        Self { lane, new: 0, held: 0, lost: 0, refused: None, queue, behind: 0 }
    }
}

/// Why nothing of a file is taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// It cannot be read.
    #[error("the file cannot be imported: {0}")]
    Unreadable(#[from] ExportError),
    /// It is not from a box of this hub.
    #[error("the file cannot be imported: {0}")]
    Foreign(#[from] AuthorError),
    /// Its box was revoked or replaced, or is not in this hub's list.
    #[error("{0}; nothing was taken. If the file is what you want to save, import it with --force")]
    Revoked(String),
    /// There is no such site any more.
    #[error("the site {0} is not on this hub; add it with `vigie-hub site add {0}`, then import with --force")]
    NoSite(SiteId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The hub is stopping, or its store cannot say what it holds.
    #[error(transparent)]
    Broken(ImportError),
}

/// Port: takes files in.
#[async_trait]
pub trait Imports: Send + Sync + 'static {
    /// Takes a file in.
    ///
    /// # Errors
    ///
    /// Every [`ImportFailure`]; after [`ImportFailure::Broken`] a part may be stored: import again.
    async fn import(&self, content: Content, terms: Terms) -> Result<Report, ImportFailure>;
}

/// Where files come in.
pub struct Door {
    pki: Arc<Pki>,
    sites: Arc<dyn Sites + Send + Sync>,
    importer: Importer,
    places: Semaphore,
}

impl Door {
    /// Opens exports with the hub's keys and hands them to its ingest.
    #[must_use]
    pub fn new(pki: Arc<Pki>, sites: Arc<dyn Sites + Send + Sync>, importer: Importer) -> Self {
        Self { pki, sites, importer, places: Semaphore::new(IMPORTS_MAX) }
    }

    /// Judges a file by its first piece.
    async fn open(&self, first: &[u8], is_forced: bool) -> Result<(Cover, Channel), ImportFailure> {
        let signed = SignedCover::decode(first)?;
        let cover = signed.cover()?;
        let (text, signature) = signed.signed();
        let channel = self.pki.join(&cover)?;
        let author = self.pki.author(signed.certificate(), &text, signature)?;
        if author.site != cover.site {
            return Err(AuthorError::Forged.into());
        }
        let site = self.sites.site(&cover.site).await?.ok_or_else(|| ImportFailure::NoSite(cover.site.clone()))?;
        let certificate = self.sites.certificate(&author.serial).await?.filter(|known| known.site == cover.site);
        let doubt = match certificate {
            _ if site.revoked_ms.is_some() => Some(format!("the site {} was revoked", cover.site)),
            None => Some(format!("this hub does not know the certificate of the box of {}", cover.site)),
            Some(known) if known.revoked_ms.is_some() => {
                Some(format!("the box of {} that wrote this was replaced or revoked", cover.site))
            }
            Some(_) => None,
        };
        match doubt.filter(|_| !is_forced) {
            Some(doubt) => Err(ImportFailure::Revoked(doubt)),
            None => Ok((cover, channel)),
        }
    }
}

#[async_trait]
impl Imports for Door {
    async fn import(&self, content: Content, terms: Terms) -> Result<Report, ImportFailure> {
        let _place = self.places.acquire().await.expect("the places are never closed");
        let mut pieces = Pieces { content, splitter: Splitter::default() };
        let first = match pieces.next().await {
            Ok(Some(first)) => first,
            Ok(None) | Err(Stop::CutOff) => return Err(pieces.splitter.early_end().into()),
            Err(Stop::Export(error)) => return Err(error.into()),
        };
        let (cover, mut channel) = self.open(&first, terms.is_forced).await?;
        let Cover { site, made_ms, .. } = cover;
        let mut report = Report { site, made_ms, lanes: Vec::new(), trouble: None };
        let mut records = 0;
        report.trouble = loop {
            let mut piece = match pieces.next().await {
                Ok(Some(piece)) => piece,
                Ok(None) | Err(Stop::CutOff) => break Some("the file is cut off: its end is missing".to_owned()),
                Err(Stop::Export(error)) => break Some(format!("the file cannot be read to its end: {error}")),
            };
            match Sheet::open(&mut channel, &mut piece) {
                Ok(Sheet::End { records: told }) => break trouble_at_end((told, records), &mut pieces).await,
                Ok(sheet) => records += self.take(&mut report, &sheet, terms.is_dry).await?,
                Err(error) => break Some(format!("the file cannot be read to its end: {error}")),
            }
        };
        if !terms.is_dry {
            self.importer.settle().await.map_err(ImportFailure::Broken)?;
        }
        Ok(report)
    }
}

impl Door {
    /// Hands one sheet in; returns how many records it held.
    async fn take(&self, report: &mut Report, sheet: &Sheet<'_>, is_dry: bool) -> Result<u64, ImportFailure> {
        match sheet {
            Sheet::Lanes(lanes) => {
                for hello in lanes.iter().take(Lane::ALL.len()) {
                    let refused = refusal(self.importer.lane(&report.site, hello.clone()).await)?.err();
                    report.lanes.push(LaneReport { refused, ..LaneReport::new(hello.lane, hello.queue) });
                }
                Ok(0)
            }
            Sheet::Records { lane, batch } => self.take_batch(report, *lane, batch, is_dry).await,
            Sheet::End { .. } => Ok(0),
        }
    }

    async fn take_batch(
        &self,
        report: &mut Report,
        lane: Lane,
        batch: &[u8],
        is_dry: bool,
    ) -> Result<u64, ImportFailure> {
        let Some(told) = report.lanes.iter_mut().find(|told| told.lane == lane) else { return Ok(0) };
        let Ok(read) = vigie_shared::wire::Batch::decode(batch) else {
            told.refused.get_or_insert_with(|| format!("a batch of the {lane} cannot be read"));
            return Ok(0);
        };
        let records = read.records.len() as u64;
        if told.refused.is_some() || read.queue != told.queue {
            return Ok(records);
        }
        let payload = Bytes::copy_from_slice(batch);
        match refusal(self.importer.batch(&report.site, lane, payload, (told.behind, is_dry)).await)? {
            Ok(taken) => {
                told.behind = taken.end;
                told.new += taken.new;
                told.held += taken.held;
                told.lost += taken.lost;
            }
            Err(why) => told.refused = Some(why),
        }
        Ok(records)
    }
}

/// What is refused concerns one lane; everything else ends the import.
fn refusal<T>(result: Result<T, ImportError>) -> Result<Result<T, String>, ImportFailure> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(ImportError::Refused(refused)) => Ok(Err(refused.to_string())),
        Err(error @ (ImportError::Store | ImportError::Stopping)) => Err(ImportFailure::Broken(error)),
    }
}

/// A file ends with a count that is right, and with nothing behind it.
async fn trouble_at_end((told, records): (u64, u64), pieces: &mut Pieces) -> Option<String> {
    if told != records {
        return Some(format!("the file says that it holds {told} records and holds {records}"));
    }
    match pieces.next().await {
        Ok(None) => None,
        Ok(Some(_)) | Err(_) => Some("something follows behind the file's end; it was not read".to_owned()),
    }
}

/// The file's pieces as its bytes come.
struct Pieces {
    content: Content,
    splitter: Splitter,
}

/// Why no piece comes.
enum Stop {
    /// The bytes ended within one.
    CutOff,
    Export(ExportError),
}

impl Pieces {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        loop {
            if let Some(piece) = self.splitter.next_piece().map_err(Stop::Export)? {
                return Ok(Some(piece));
            }
            match self.content.next().await {
                Some(Ok(bytes)) => self.splitter.push(&bytes),
                None if self.splitter.is_even() => return Ok(None),
                None | Some(Err(_)) => return Err(Stop::CutOff),
            }
        }
    }
}
