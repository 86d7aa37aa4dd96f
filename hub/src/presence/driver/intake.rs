//! Takes logs of other programs in, piece by piece, and remembers which were read to their end.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jiff::tz::TimeZone;
use ring::digest::{SHA256, digest};
use vigie_shared::id::{SiteId, from_hex, to_hex};
use vigie_shared::pseudonym::{Pseudonym, PseudonymKey};

use super::{PresenceError, Presences};
use crate::imports::presence::{Finished, Format, LogFile, PIECE_BYTES_MAX, Reader, Report, Terms};
use crate::presence::Strip;
use crate::presence::span::Span;
use crate::store::StoreError;
use crate::store::presence::{OwnershipFilter, Sights, Trace};

/// How much of a log tells its format, bytes.
const HEAD_BYTES: usize = 4096;

/// Logs that are remembered: years of a day each at many sites.
const READ_MAX: usize = 100_000;

/// A log that somebody wants to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogAsked {
    /// Where it was written; the name of its folder if not given.
    pub site: Option<SiteId>,
    /// Its folder and name.
    pub name: String,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// When it was changed last, milliseconds since 1970 UTC.
    pub written_ms: i64,
    /// How long leases last, seconds.
    pub lease_s: Option<u32>,
}

/// A log that is being taken in.
pub struct Intake {
    presences: Presences,
    site: SiteId,
    key: String,
    /// What stands before the format is known.
    head: Vec<u8>,
    terms: Terms,
    reader: Option<Reader>,
    now_ms: i64,
}

/// Logs that were read to their end, by a hash of place, size and time. One line each, appended.
pub(super) struct ReadLogs {
    path: PathBuf,
    keys: Mutex<BTreeSet<String>>,
}

impl ReadLogs {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let keys = text.lines().take(READ_MAX).map(str::to_owned).collect();
        Ok(Self { path, keys: Mutex::new(keys) })
    }

    fn holds(&self, key: &str) -> bool {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    fn add(&self, key: &str) -> io::Result<()> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        // Beyond the bound logs are read again, which changes nothing.
        if keys.len() >= READ_MAX || !keys.insert(key.to_owned()) {
            return Ok(());
        }
        let mut file = fs::OpenOptions::new().append(true).create(true).open(&self.path)?;
        writeln!(file, "{key}")
    }
}

impl LogAsked {
    /// The name of its folder.
    fn folder(&self) -> Option<SiteId> {
        LogFile::of_path(&self.name)?.folder.parse().ok()
    }

    fn key(&self, site: &SiteId) -> String {
        let text = format!("{site}\n{}\n{}\n{}\n{:?}", self.name, self.size_bytes, self.written_ms, self.lease_s);
        let hash: String = to_hex(digest(&SHA256, text.as_bytes()).as_ref());
        hash.chars().take(32).collect()
    }
}

impl Presences {
    /// The site of a log: the one that was said, or the one that its folder is called by. None if there is no such site.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Store`].
    pub async fn site_of(&self, log: &LogAsked) -> Result<Option<SiteId>, PresenceError> {
        let Some(site) = log.site.clone().or_else(|| log.folder()) else { return Ok(None) };
        Ok(self.store().site(&site).await?.map(|site| site.id))
    }

    /// Whether a log was read to its end before.
    #[must_use]
    pub fn was_read(&self, site: &SiteId, log: &LogAsked) -> bool {
        self.0.read.holds(&log.key(site))
    }

    /// Begins to take a log in. Only registered devices are kept.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Store`].
    pub async fn begin_log(&self, site: &SiteId, log: &LogAsked) -> Result<Intake, PresenceError> {
        let zone = self.store().site(site).await?.map(|site| site.zone).unwrap_or_default();
        let terms = Terms {
            site: site.clone(),
            zone: TimeZone::get(&zone).unwrap_or(TimeZone::UTC),
            key: PseudonymKey::new(&self.store().pseudonym_secret(site).await?),
            known: Some(self.known_devices(site).await?),
            now_ms: self.now_ms(),
            date: LogFile::of_path(&log.name).map(|file| file.date),
            written_ms: Some(log.written_ms),
            lease_s: log.lease_s,
        };
        let (presences, site, key, now_ms) = (self.clone(), site.clone(), log.key(site), self.now_ms());
        Ok(Intake { presences, site, key, head: Vec::new(), terms, reader: None, now_ms })
    }

    async fn keep_strips(&self, strips: Vec<Strip>, received_ms: i64) -> Result<(), PresenceError> {
        let sights = strips.into_iter().map(|strip| Sights {
            trace: Trace::Device,
            site: strip.site,
            device: strip.device,
            spans: strip.spans,
            received_ms,
        });
        Ok(self.store().add_sights(&sights.collect::<Vec<_>>()).await?)
    }

    async fn known_devices(&self, site: &SiteId) -> Result<BTreeSet<Pseudonym>, StoreError> {
        let filter = OwnershipFilter { site: Some(site.clone()), ..OwnershipFilter::default() };
        let owned = self.store().ownerships(&filter).await?.into_iter().map(|one| one.device);
        let registered = self.store().registered(Some(site)).await?.into_iter().map(|one| one.device);
        let excluded: BTreeSet<String> =
            self.store().exclusions(Some(site)).await?.into_iter().map(|one| one.device).collect();
        let all = owned.chain(registered).filter(|device| !excluded.contains(device));
        // Owned equipment goes by its address: no log names it by a pseudonym.
        let name = |device: String| from_hex(&device).and_then(|bytes| bytes.try_into().ok()).map(Pseudonym);
        Ok(all.filter_map(name).collect())
    }
}

impl Intake {
    /// Takes the next piece.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Store`]; what was taken before stays.
    pub async fn feed(&mut self, piece: &[u8]) -> Result<(), PresenceError> {
        for part in piece.chunks(PIECE_BYTES_MAX) {
            if self.reader.is_none() {
                self.head.extend_from_slice(part);
                if self.head.len() < HEAD_BYTES {
                    continue;
                }
                self.begin();
            } else if let Some(reader) = &mut self.reader {
                reader.feed(part);
            }
            self.keep_if_full().await?;
        }
        Ok(())
    }

    /// Looks what the log is, and reads its beginning. A log of no known kind is read as one of a probe, so that each of
    /// its lines is named as wrong.
    fn begin(&mut self) {
        let format = Format::detect(&self.head).unwrap_or(Format::Probe);
        let mut reader = Reader::new(format, self.terms.clone());
        for part in std::mem::take(&mut self.head).chunks(PIECE_BYTES_MAX) {
            reader.feed(part);
        }
        self.reader = Some(reader);
    }

    async fn keep_if_full(&mut self) -> Result<(), PresenceError> {
        let full = self.reader.as_mut().filter(|reader| reader.is_full()).map(Reader::take);
        match full {
            Some(strips) => self.presences.keep_strips(strips, self.now_ms).await,
            None => Ok(()),
        }
    }

    /// Ends the log, and remembers that it was read.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Store`], [`PresenceError::Folder`].
    pub async fn finish(mut self) -> Result<Report, PresenceError> {
        if self.reader.is_none() {
            self.begin();
        }
        let Some(reader) = self.reader.take() else { return Ok(Report::default()) };
        let Finished { strips, coverage, report } = reader.finish();
        self.presences.keep_strips(strips, self.now_ms).await?;
        let clear = coverage.into_iter().map(|span| Sights {
            trace: if span.blind.is_none() { Trace::Clear } else { Trace::Blind },
            site: self.site.clone(),
            device: span.network,
            spans: vec![Span { from_ms: span.from_ms, to_ms: span.to_ms, sources: 0 }],
            received_ms: self.now_ms,
        });
        self.presences.store().add_sights(&clear.collect::<Vec<_>>()).await?;
        self.presences.0.read.add(&self.key)?;
        Ok(report)
    }
}
